"""Resizing of NumPy images [H, W] or [H, W, C], with the samples, weights and rounding of OpenCV's resize."""

from __future__ import annotations

from typing import Any

import numpy as np

# OpenCV weighs bytes with integers of this scale.
_SCALE = 2048


def resize_array(image: np.ndarray, height: int, width: int, interpolation: str) -> np.ndarray:
    """The image at another size: "nearest", "bilinear", "bicubic" or "area".

    Raises ValueError for another interpolation.
    """
    if interpolation not in _TAPS:
        raise ValueError(f"resize: interpolation must be one of {', '.join(_TAPS)}, but received {interpolation!r}")
    if image.shape[:2] == (height, width):
        return image.copy()
    taps = _TAPS[interpolation]
    if interpolation == "area" and (height > image.shape[0] or width > image.shape[1]):
        # Where an image grows there is no area to average: OpenCV then blends at the borders of pixels.
        interpolation, taps = "bilinear", _blended
    rows, down = taps(image.shape[0], height)
    columns, across = taps(image.shape[1], width)
    if interpolation == "nearest":
        return image[rows[:, 0]][:, columns[:, 0]]
    if image.dtype == np.uint8 and interpolation != "area":
        down, across = (np.rint(weights * _SCALE).astype(np.int32) for weights in (down, across))
        lines = _weighted(image.astype(np.int32), columns, across, axis=1)
        if interpolation == "bilinear":
            return _bilinear_bytes(lines, rows, down)
        sums = _weighted(lines, rows, down, axis=0)
        return np.clip((sums + _SCALE * _SCALE // 2) // (_SCALE * _SCALE), 0, 255).astype(np.uint8)
    work = image.astype(np.float64 if image.dtype == np.float64 else np.float32)
    result = _weighted(_weighted(work, columns, across, axis=1), rows, down, axis=0)
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        halved = (2 * height, 2 * width) == image.shape[:2]
        # OpenCV adds four whole numbers and a half; otherwise halves go to even numbers.
        whole = np.floor(result + 0.5) if halved and interpolation == "area" else np.rint(result)
        return np.clip(whole, limits.min, limits.max).astype(image.dtype)
    return result.astype(image.dtype)


def _weighted(image: np.ndarray, index: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    """Along one axis the weighted sums of the samples [out, taps]."""
    shape = [1] * image.ndim
    shape[axis] = -1
    total: Any = 0
    for tap in range(index.shape[1]):
        total = total + np.take(image, index[:, tap], axis) * weights[:, tap].astype(image.dtype).reshape(shape)
    return total


def _bilinear_bytes(lines: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The vertical half for bytes: OpenCV drops low bits before it adds."""
    shape = (-1,) + (1,) * (lines.ndim - 1)
    upper, lower = ((weights[:, tap].reshape(shape) * (np.take(lines, rows[:, tap], 0) >> 4)) >> 16 for tap in (0, 1))
    return ((upper + lower + 2) >> 2).astype(np.uint8)


def _places(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the centre of each new pixel lies: the pixel before it, and the part of a pixel after that."""
    at = ((np.arange(out) + 0.5) * (size / out) - 0.5).astype(np.float32)
    before = np.floor(at)
    return before.astype(np.int64), at - before


def _nearest(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    index = np.minimum(np.floor(np.arange(out) * (size / out)).astype(np.int64), size - 1)
    return index[:, None], np.ones([out, 1])


def _bilinear(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    before, part = _places(size, out)
    index = np.clip(np.stack([before, before + 1], 1), 0, size - 1)
    return index, np.stack([1 - part, part], 1)


def _bicubic(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    before, part = _places(size, out)
    a = np.float32(-0.75)
    first = ((a * (part + 1) - 5 * a) * (part + 1) + 8 * a) * (part + 1) - 4 * a
    second = ((a + 2) * part - (a + 3)) * part * part + 1
    rest = 1 - part
    third = ((a + 2) * rest - (a + 3)) * rest * rest + 1
    weights = np.stack([first, second, third, 1 - first - second - third], 1)
    return np.clip(before[:, None] + np.arange(-1, 3), 0, size - 1), weights


def _area(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of what a new pixel covers, parts of pixels included."""
    step = size / out
    start = np.arange(out) * step
    taps = np.floor(start).astype(np.int64)[:, None] + np.arange(int(np.ceil(step)) + 1)
    covered = np.minimum(taps + 1, start[:, None] + step) - np.maximum(taps, start[:, None])
    return np.clip(taps, 0, size - 1), np.clip(covered, 0, None) / step


def _blended(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    number = np.arange(out)
    before = np.floor(number * (size / out)).astype(np.int64)
    part = ((number + 1) - (before + 1) * (out / size)).astype(np.float32)
    part = np.where(part <= 0, 0, part - np.floor(part))
    return np.clip(np.stack([before, before + 1], 1), 0, size - 1), np.stack([1 - part, part], 1)


_TAPS = {"nearest": _nearest, "bilinear": _bilinear, "bicubic": _bicubic, "area": _area}
