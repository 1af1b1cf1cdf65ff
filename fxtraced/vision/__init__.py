"""Vision: the model families (paddle.vision)."""

from fxtraced.vision import models

__all__ = ["models"]
