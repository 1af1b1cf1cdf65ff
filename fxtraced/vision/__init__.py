"""Vision: model families, operations of detection networks, transforms and data sets of images (paddle.vision)."""

from fxtraced.vision import datasets, image, models, ops, transforms
from fxtraced.vision.image import get_image_backend, image_load, set_image_backend

__all__ = ["datasets", "get_image_backend", "image", "image_load", "models", "ops", "set_image_backend", "transforms"]
