"""Rotating images: arrays with OpenCV's places and weights, tensors by sampling a grid, Pillow images in Pillow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fxtraced.nn import functional as F
from fxtraced.vision.transforms._images import PILLOW_FILTERS, check_image, is_pillow, pillow, size_of

# OpenCV counts places in 1024 parts of a pixel, and weighs with 32 of them.
_PLACES, _WEIGHTS = 1024, 32


def rotate(
    img: Any, angle: float, interpolation: str = "nearest", expand: bool = False, center: Any = None, fill: Any = 0
) -> Any:
    """The image turned by `angle` degrees, counter-clockwise, about `center` (x, y), which is the middle if None.

    interpolation: "nearest" or "bilinear", and "bicubic" for Pillow images. expand: the result is as large as the
    whole turned image. fill: what is outside, a number a channel. A single number fills all channels of a Pillow
    image or a tensor, and the first one of an array. A place exactly between two pixels of a tensor may be filled
    from the other one than in Paddle.
    """
    check_image(img, "rotate", "img")
    if is_pillow(img):
        colour = (fill,) * 3 if isinstance(fill, int) else tuple(fill)
        kind = getattr(pillow().Resampling, PILLOW_FILTERS[interpolation])
        return img.rotate(angle, kind, expand, center and tuple(center), fillcolor=colour)
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            f"rotate: interpolation must be 'nearest' or 'bilinear' for a {type(img).__name__}, "
            f"but received {interpolation!r}"
        )
    if isinstance(img, torch.Tensor):
        return _rotated_tensor(img, angle, interpolation, expand, center, fill)
    return _rotated_array(img, angle, interpolation, expand, center, fill)


def _rotated_array(
    img: np.ndarray, angle: float, interpolation: str, expand: bool, center: Any, fill: Any
) -> np.ndarray:
    height, width = img.shape[:2]
    x, y = np.array((width / 2, height / 2) if center is None else center, np.float32).astype(float)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    high, wide, right, down = height, width, 0.0, 0.0
    if expand:
        wide, high = _extent([(0, 0), (width, 0), (width, height), (0, height)], -math.radians(angle), (x, y))
        right, down = (wide - width) * 0.5, (high - height) * 0.5
    # Where a pixel of the result is in the image: turned back about the centre.
    rows = [cos, -sin, x - cos * (x + right) + sin * (y + down)], [sin, cos, y - sin * (x + right) - cos * (y + down)]
    parts = _PLACES // (_WEIGHTS if interpolation == "bilinear" else 1)
    at_x, at_y = (_places(row, high, wide, parts) for row in rows)
    colour = (*(fill if isinstance(fill, list | tuple) else (fill,)), 0, 0, 0)[: img.shape[2] if img.ndim == 3 else 1]
    edge = np.array(colour if img.ndim == 3 else colour[0], img.dtype)
    if interpolation == "nearest":
        return _taken(img, at_y, at_x, edge)
    return _blended(img, at_y, at_x, edge)


def _places(row: list[float], high: int, wide: int, parts: int) -> np.ndarray:
    """A coordinate [high, wide] in the image, in 1024 / parts to the pixel, as OpenCV rounds it."""
    across = np.rint(row[0] * np.arange(wide) * _PLACES).astype(np.int64)
    down = np.rint((row[1] * np.arange(high) + row[2]) * _PLACES).astype(np.int64)[:, None]
    return (across + down + parts // 2) // parts


def _taken(img: np.ndarray, at_y: np.ndarray, at_x: np.ndarray, edge: np.ndarray) -> np.ndarray:
    height, width = img.shape[:2]
    inside = (at_y >= 0) & (at_y < height) & (at_x >= 0) & (at_x < width)
    found = img[at_y.clip(0, height - 1), at_x.clip(0, width - 1)]
    return np.where(inside[..., None] if img.ndim == 3 else inside, found, edge)


def _blended(img: np.ndarray, at_y: np.ndarray, at_x: np.ndarray, edge: np.ndarray) -> np.ndarray:
    whole = img.dtype == np.uint8
    work = img.astype(np.int64 if whole else np.float64 if img.dtype == np.float64 else np.float32)
    total: Any = 0
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - at_y % _WEIGHTS / _WEIGHTS) * np.abs(1 - right - at_x % _WEIGHTS / _WEIGHTS)
            weight = (weight * _WEIGHTS**2).astype(work.dtype) if whole else weight.astype(work.dtype)
            pixels = _taken(work, at_y // _WEIGHTS + down, at_x // _WEIGHTS + right, edge.astype(work.dtype))
            total = total + pixels * (weight[..., None] if img.ndim == 3 else weight)
    if whole:
        return ((total + _WEIGHTS**2 // 2) // _WEIGHTS**2).astype(np.uint8)
    if img.dtype.kind in "iu":
        limits = np.iinfo(img.dtype)
        return np.rint(total).clip(limits.min, limits.max).astype(img.dtype)
    return total.astype(img.dtype)


def _rotated_tensor(img: Any, angle: float, interpolation: str, expand: bool, center: Any, fill: Any) -> Any:
    height, width = size_of(img)
    turned = math.radians(-angle % 360)
    cos, sin = math.cos(turned), math.sin(turned)
    x, y = (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)
    # From here on as Paddle calculates it, in float32: sizes are rounded up, and the nearest pixel may be two.
    like = {"dtype": torch.float32, "device": img.device}
    matrix = torch.tensor([[cos, sin, 0.0], [-sin, cos, 0.0]], **like)
    matrix[:, 2] = matrix[:, 0] * -x + matrix[:, 1] * -y + torch.tensor([x, y], **like)
    high, wide = height, width
    if expand:
        corners = [[sign * width / 2, other * height / 2, 1.0] for sign in (-1, 1) for other in (-1, 1)]
        moved = torch.matmul(torch.tensor(corners, **like), matrix.T)
        wide, high = map(int, torch.ceil(torch.amax(moved, 0)) - torch.floor(torch.amin(moved, 0)))
    across, down = (torch.arange(n, **like) - (n - 1) / 2 for n in (wide, high))
    places = torch.stack([across.expand(high, wide), down[:, None].expand(high, wide), torch.ones(high, wide, **like)])
    scaled = matrix.T / torch.tensor([0.5 * width, 0.5 * height], **like)
    grid = torch.matmul(places.reshape(3, -1).T, scaled).reshape(1, high, wide, 2)
    # The last channel becomes 1 inside of the image, so that the outside can be filled.
    images = torch.cat([img, torch.ones_like(img[:1])])[None]
    sampled = F.grid_sample(images, grid, mode=interpolation, padding_mode="zeros", align_corners=False)[0]
    colours, inside = sampled[:-1], sampled[-1:]
    outside = torch.tensor(fill, dtype=img.dtype, device=img.device).reshape([-1, 1, 1])
    if interpolation == "nearest":
        return torch.where(inside < 0.5, outside, colours)
    return colours * inside + (1 - inside) * outside


def _extent(corners: list[tuple[float, float]], turned: float, center: tuple[float, float]) -> tuple[int, int]:
    """(width, height) of the whole pixels that the turned corners lie in."""
    cos, sin = round(math.cos(turned), 15), round(math.sin(turned), 15)
    x = [cos * (a - center[0]) + sin * (b - center[1]) + center[0] for a, b in corners]
    y = [cos * (b - center[1]) - sin * (a - center[0]) + center[1] for a, b in corners]
    return math.ceil(max(x)) - math.floor(min(x)), math.ceil(max(y)) - math.floor(min(y))
