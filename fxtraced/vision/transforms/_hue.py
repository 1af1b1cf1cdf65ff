"""Turning the colours of an image: bytes with OpenCV's whole numbers, tensors and Pillow images as Paddle does."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.tensor.common import to_dtype
from fxtraced.vision.transforms._images import check_channels, check_image, is_pillow, pillow

# OpenCV divides bytes by tables with this many bits after the point.
_BITS = 12
# The modes of Pillow that have no colours.
_COLOURLESS = ("L", "1", "I", "F")
# Which of (v, p, q, t) red, green and blue are in each sixth of the circle of hues.
_SECTORS = ((0, 3, 1), (2, 0, 1), (1, 0, 3), (1, 2, 0), (3, 1, 0), (0, 1, 2))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The image with all hues turned by hue_factor of the circle, which is within [-0.5, 0.5].

    The first channel of an array is blue, as OpenCV has it, and red in a tensor and a Pillow image. An array is
    calculated in bytes, whatever its dtype.
    """
    check_image(img, "adjust_hue", "img")
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor must be in [-0.5, 0.5], but received {hue_factor}")
    if is_pillow(img):
        return _turned_image(img, _steps(hue_factor))
    if isinstance(img, torch.Tensor):
        return img if check_channels(img, "adjust_hue") == 1 else _turned_tensor(img, hue_factor)
    check_channels(img, "adjust_hue", allowed=(3,))
    hue, saturation, value = _hsv_of_bytes(img.astype(np.uint8))
    return _bytes_of_hsv((hue + _steps(hue_factor)) % 256, saturation, value).astype(img.dtype)


def _steps(hue_factor: float) -> int:
    return int(hue_factor * 255)


def _turned_image(img: Any, steps: int) -> Any:
    if img.mode in _COLOURLESS:
        return img
    hue, saturation, value = img.convert("HSV").split()
    turned = ((np.asarray(hue, np.int16) + steps) % 256).astype(np.uint8)
    return pillow().merge("HSV", (pillow().fromarray(turned), saturation, value)).convert(img.mode)


def _hsv_of_bytes(img: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue in 256 parts, saturation and value, of an image [H, W, 3] whose channels are blue, green and red."""
    blue, green, red = np.moveaxis(img.astype(np.int32), -1, 0)
    value = np.maximum(np.maximum(blue, green), red)
    spread = value - np.minimum(np.minimum(blue, green), red)
    saturation = _divided(spread * _parts_of(255)[value])
    sixths = np.where(
        value == red, green - blue, np.where(value == green, blue - red + 2 * spread, red - green + 4 * spread)
    )
    hue = _divided(sixths * _parts_of(256 / 6)[spread])
    return np.minimum(np.where(hue < 0, hue + 256, hue), 255), saturation, value


def _parts_of(whole: float) -> np.ndarray:
    """whole / n in 2**12 parts for each byte n; 0 for n = 0."""
    return np.array([0, *np.rint(whole * 2**_BITS / np.arange(1, 256))], np.int32)


def _divided(product: np.ndarray) -> np.ndarray:
    return (product + (1 << (_BITS - 1))) >> _BITS


def _bytes_of_hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """An image [H, W, 3] of blue, green and red; hue is in 255 parts here, as OpenCV has it on its way back."""
    at = hue.astype(np.float32) * np.float32(6 / 255)
    s, v = saturation.astype(np.float32) * np.float32(1 / 255), value.astype(np.float32) * np.float32(1 / 255)
    sector = np.floor(at)
    part = at - sector
    shades = np.stack([v, v * (1 - s), v * (1 - s * part), v * (1 - s * (1 - part))])
    chosen = np.array(_SECTORS)[sector.astype(np.int64) % 6]
    colours = np.take_along_axis(shades, np.moveaxis(chosen[..., ::-1], -1, 0), 0)
    return np.rint(np.moveaxis(colours, 0, -1) * 255).clip(0, 255).astype(np.uint8)


def _turned_tensor(img: Any, hue_factor: float) -> Any:
    bytes_given = img.dtype == torch.uint8
    colours = to_dtype(img, torch.float32) * (1 / 255) if bytes_given else img
    value, least = torch.amax(colours, -3), torch.amin(colours, -3)
    spread = value - least
    gray = torch.eq(spread, 0)
    # The divisor of a gray pixel is 1: its hue and saturation are 0.
    saturation = spread / torch.where(gray, torch.ones_like(value), value)
    red, green, blue = torch.unbind((torch.unsqueeze(value, -3) - colours) / torch.unsqueeze(
        torch.where(gray, torch.ones_like(value), spread), -3
    ), -3)  # fmt: skip
    sixths = torch.where(
        torch.eq(red, 0), blue - green, torch.where(torch.eq(green, 0), red - blue + 2.0, green - red + 4.0)
    )
    # In Paddle's order, and with its factors for divisions by numbers: the last bit counts where bytes are cut off.
    hue = sixths * (1 / 6) + 1.0
    hue = hue - torch.trunc(hue) + hue_factor
    turned = _colours_of_hsv(hue - torch.floor(hue), saturation, value)
    return to_dtype(turned * 255.0, torch.uint8) if bytes_given else turned


def _colours_of_hsv(hue: Any, saturation: Any, value: Any) -> Any:
    """A tensor [..., 3, H, W] of red, green and blue, from hues in [0, 1)."""
    sector = torch.floor(hue * 6.0)
    part = hue * 6.0 - sector
    least, falling, rising = (
        torch.clamp(value * (1.0 - saturation * x), 0.0, 1.0) for x in (torch.ones_like(part), part, 1.0 - part)
    )
    shades = torch.stack([value, least, falling, rising], -3)
    table = torch.tensor(_SECTORS, device=hue.device)
    chosen = table[to_dtype(sector, torch.int64) % 6]
    return torch.gather(shades, -3, torch.movedim(chosen, -1, -3))
