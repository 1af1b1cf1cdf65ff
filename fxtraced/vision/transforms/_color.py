"""Brightness, contrast and gray: arrays as OpenCV has them, Pillow images as Pillow has them, tensors as Paddle."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import torch

from fxtraced.tensor.common import to_dtype
from fxtraced.vision.transforms._images import check_channels, check_image, is_pillow, pillow

# Paddle's contrast of an array turns about this gray, whatever the image.
_MIDDLE = 74
_GRAY = (0.2989, 0.587, 0.114)
_OPENCV_GRAY = (0.299, 0.587, 0.114)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The image times a factor: 0 is black, 1 the image itself. An array must be of uint8."""
    check_image(img, "adjust_brightness", "img")
    if is_pillow(img):
        return _enhanced(img, "Brightness", brightness_factor)
    if isinstance(img, torch.Tensor):
        _check_factor("brightness", brightness_factor)
        _channels(img)
        return _blend(img, torch.zeros_like(img), brightness_factor)
    return _looked_up(img, np.arange(256) * brightness_factor, "adjust_brightness")


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The distances to a gray times a factor: 0 is all gray, 1 the image itself. An array must be of uint8.

    The gray is the mean of a tensor or of a Pillow image, and 74 for an array.
    """
    check_image(img, "adjust_contrast", "img")
    if is_pillow(img):
        return _enhanced(img, "Contrast", contrast_factor)
    if isinstance(img, torch.Tensor):
        _check_factor("contrast", contrast_factor)
        gray = img if _channels(img) == 1 else to_grayscale(img)
        mean = torch.mean(gray if gray.is_floating_point() else to_dtype(gray, torch.float32), [-3, -2, -1], True)
        return _blend(img, mean, contrast_factor)
    return _looked_up(img, (np.arange(256) - _MIDDLE) * contrast_factor + _MIDDLE, "adjust_contrast")


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The distances to the image in gray times a factor: 0 is gray, 1 the image itself.

    For an array Paddle draws the factor with numpy.random, between 1 - saturation_factor (at least 0) and
    1 + saturation_factor, and reads the first channel as blue; so does this.
    """
    check_image(img, "adjust_saturation", "img")
    if is_pillow(img):
        return _enhanced(img, "Color", saturation_factor)
    if isinstance(img, torch.Tensor):
        _check_factor("saturation", saturation_factor)
        if check_channels(img, "adjust_saturation") == 1:
            return img
        return _blend(img, to_grayscale(img, 3), saturation_factor)
    check_channels(img, "adjust_saturation", allowed=(3,))
    drawn = np.random.uniform(max(0, 1 - saturation_factor), 1 + saturation_factor)
    colours = img.astype(np.float32)
    gray = colours @ np.array(_OPENCV_GRAY[::-1], np.float32)
    return (colours * drawn + gray[..., None] * (1 - drawn)).clip(0, 255).astype(img.dtype)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The image in gray, in one channel or three equal ones."""
    check_image(img, "to_grayscale", "img")
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"to_grayscale: num_output_channels should be either 1 or 3, but received {num_output_channels!r}"
        )
    if is_pillow(img):
        gray = img.convert("L")
        return gray if num_output_channels == 1 else pillow().merge("RGB", (gray, gray, gray))
    if isinstance(img, torch.Tensor):
        dtype = img.dtype if img.is_floating_point() else torch.float32
        weights = torch.tensor(_GRAY, dtype=dtype, device=img.device)
        gray = to_dtype(torch.sum(img * weights.reshape([-1, 1, 1]), -3, True), img.dtype)
        return gray.expand([*img.shape[:-3], num_output_channels, *img.shape[-2:]])
    gray = _gray_array(img)[:, :, None]
    return gray if num_output_channels == 1 else np.broadcast_to(gray, img.shape)


def _enhanced(img: Any, what: str, factor: float) -> Any:
    # Only here, as Pillow is no requirement: whoever has an image of Pillow has this module, too.
    return getattr(importlib.import_module("PIL.ImageEnhance"), what)(img).enhance(factor)


def _looked_up(img: np.ndarray, table: np.ndarray, function: str) -> np.ndarray:
    if img.dtype != np.uint8:
        raise TypeError(f"{function}: an array must have dtype uint8, but img has {img.dtype}. Use img.astype('uint8')")
    return table.clip(0, 255).astype(np.uint8)[img]


def _gray_array(img: np.ndarray) -> np.ndarray:
    if img.ndim != 3 or img.shape[2] != 3:
        raise ValueError(f"to_grayscale: an array must have shape [H, W, 3], but img has {list(img.shape)}")
    if img.dtype == np.uint8:
        # OpenCV's weights of bytes: 0.299, 0.587 and 0.114 in 2**15 parts.
        sums = img.astype(np.int32) @ np.array([9798, 19235, 3735], np.int32)
        return ((sums + (1 << 14)) >> 15).astype(np.uint8)
    return img @ np.array(_OPENCV_GRAY, img.dtype)


def _check_factor(what: str, factor: float) -> None:
    if factor < 0:
        raise AssertionError(f"{what}_factor should be non-negative, but received {factor}")


def _channels(img: Any) -> int:
    channels = img.shape[-3]
    if channels not in (1, 3):
        raise AssertionError(f"channels of input should be either 1 or 3, but received {channels}")
    return channels


def _blend(img: Any, other: Any, ratio: float) -> Any:
    limit = 1.0 if img.is_floating_point() else 255.0
    return to_dtype(torch.clamp(img * ratio + other * (1 - ratio), 0, limit), img.dtype)
