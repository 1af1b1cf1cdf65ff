"""Transforms of images before inference (paddle.vision.transforms)."""

from fxtraced.vision.transforms.functional import (
    center_crop,
    crop,
    hflip,
    normalize,
    pad,
    resize,
    to_tensor,
    vflip,
)
from fxtraced.vision.transforms.transforms import (
    BaseTransform,
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    Resize,
    ToTensor,
    Transpose,
)

__all__ = [
    "BaseTransform",
    "CenterCrop",
    "Compose",
    "Normalize",
    "Pad",
    "Resize",
    "ToTensor",
    "Transpose",
    "center_crop",
    "crop",
    "hflip",
    "normalize",
    "pad",
    "resize",
    "to_tensor",
    "vflip",
]
