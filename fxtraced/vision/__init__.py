"""Vision: model families, operations of detection networks, transforms of images (paddle.vision)."""

from fxtraced.vision import models, ops, transforms

__all__ = ["models", "ops", "transforms"]
