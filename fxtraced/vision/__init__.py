"""Vision: model families, operations of detection networks, transforms of images (paddle.vision)."""

from fxtraced.vision import models, ops

__all__ = ["models", "ops"]
