"""The three kinds of images: NumPy arrays [H, W, C] or [H, W], Pillow images, and tensors [C, H, W]."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

# Interpolations by the names of Pillow.
PILLOW_FILTERS = {
    "nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "box": "BOX", "lanczos": "LANCZOS",
    "hamming": "HAMMING",
}  # fmt: skip


def pillow() -> Any:
    return sys.modules["PIL.Image"]


def is_pillow(img: Any) -> bool:
    """True for an image of Pillow, which is not imported for the question."""
    return "PIL.Image" in sys.modules and isinstance(img, pillow().Image)


def array_of(img: Any) -> np.ndarray:
    if not is_pillow(img):
        return img
    if img.mode in ("I", "I;16"):
        return np.asarray(img, np.int32)
    return np.asarray(img, np.uint8) * 255 if img.mode == "1" else np.asarray(img)


def check_image(img: Any, function: str, argument: str) -> None:
    if isinstance(img, np.ndarray) and img.ndim in (2, 3):
        return
    if not isinstance(img, torch.Tensor) and not is_pillow(img):
        raise TypeError(
            f"{function}: {argument} should be PIL Image or Tensor Image or ndarray with dim=[2 or 3]. Got {type(img)}"
        )


def size_of(img: Any) -> tuple[Any, Any]:
    """(height, width)."""
    if is_pillow(img):
        return img.size[1], img.size[0]
    if isinstance(img, torch.Tensor):
        return img.shape[-2], img.shape[-1]
    return img.shape[0], img.shape[1]


def check_channels(img: Any, function: str, allowed: tuple[int, ...] = (1, 3)) -> int:
    """The number of channels of an array [H, W, C] or a tensor. Raises ValueError unless it is an allowed one."""
    channels = img.shape[-3] if isinstance(img, torch.Tensor) else img.shape[2] if img.ndim == 3 else 1
    if channels not in allowed:
        wanted = " or ".join(map(str, allowed))
        raise ValueError(f"{function}: img must have {wanted} channels, but has {channels}")
    return channels
