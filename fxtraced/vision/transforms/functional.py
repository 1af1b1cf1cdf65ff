"""Functions on images: NumPy arrays [H, W, C] or [H, W], Pillow images, and tensors [C, H, W].

OpenCV is not needed: arrays are resized with its samples and weights in NumPy. Pillow images go to Pillow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.nn import functional as F
from fxtraced.tensor import creation
from fxtraced.tensor.common import to_dtype
from fxtraced.vision.transforms._color import adjust_brightness as adjust_brightness
from fxtraced.vision.transforms._color import adjust_contrast as adjust_contrast
from fxtraced.vision.transforms._color import adjust_saturation as adjust_saturation
from fxtraced.vision.transforms._color import to_grayscale as to_grayscale
from fxtraced.vision.transforms._hue import adjust_hue as adjust_hue
from fxtraced.vision.transforms._images import PILLOW_FILTERS, array_of, check_image, is_pillow, pillow, size_of
from fxtraced.vision.transforms._resize import resize_array
from fxtraced.vision.transforms._rotate import rotate as rotate

PAD_MODES = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def to_tensor(pic: Any, data_format: str = "CHW") -> Any:
    """An image as a tensor [C, H, W], or [H, W, C]: bytes become float32 in [0, 1], other dtypes are kept."""
    check_image(pic, "to_tensor", "pic")
    if data_format not in ("CHW", "HWC"):
        raise ValueError(f"data_format should be CHW or HWC. Got {data_format}")
    if isinstance(pic, torch.Tensor):
        return pic if data_format == "CHW" else torch.permute(pic, [1, 2, 0])
    array = array_of(pic)
    array = array[:, :, None] if array.ndim == 2 else array
    tensor = creation.to_tensor(np.ascontiguousarray(array.transpose(2, 0, 1) if data_format == "CHW" else array))
    return to_dtype(tensor, torch.float32) / 255.0 if tensor.dtype == torch.uint8 else tensor


def resize(img: Any, size: Any, interpolation: str = "bilinear") -> Any:
    """The image at size (height, width); one number is the shorter side, and the other one keeps the proportion.

    interpolation: "nearest", "bilinear", "bicubic" or "area" for arrays, Pillow's for its images.
    """
    check_image(img, "resize", "img")
    if not isinstance(size, int) and not (isinstance(size, list | tuple) and len(size) == 2):
        raise TypeError(f"Got inappropriate size arg: {size}")
    height, width = size_of(img)
    wanted = _resized(height, width, size) if isinstance(size, int) else (size[0], size[1])
    if isinstance(size, int) and wanted == (height, width):
        return img
    if is_pillow(img):
        return img.resize(wanted[::-1], getattr(pillow().Resampling, PILLOW_FILTERS.get(interpolation, interpolation)))
    if isinstance(img, torch.Tensor):
        images = torch.unsqueeze(img, 0)
        return torch.squeeze(F.interpolate(images, size=list(wanted), mode=interpolation.lower()), 0)
    return resize_array(img, wanted[0], wanted[1], interpolation)


def normalize(img: Any, mean: Any, std: Any, data_format: str = "CHW", to_rgb: bool = False) -> Any:
    """(img - mean) / std by channel; to_rgb first turns the order of the last axis of an array around."""
    check_image(img, "normalize", "img")
    if isinstance(img, torch.Tensor):
        shape = [-1, 1, 1] if data_format == "CHW" else [1, 1, -1]
        shift, scale = (torch.tensor(v, dtype=img.dtype, device=img.device).reshape(shape) for v in (mean, std))
        return (img - shift) / scale
    array = array_of(img).astype(np.float32) if is_pillow(img) else img
    kept = (-1, 1, 1) if data_format == "CHW" else (1, 1, -1)
    if to_rgb:
        array = array[..., ::-1]
    return (array - np.float32(np.array(mean).reshape(kept))) / np.float32(np.array(std).reshape(kept))


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The image with a border: padding is a number, (sides, top and bottom) or (left, top, right, bottom).

    padding_mode: "constant", "edge", "reflect" or "symmetric". fill: one number a channel; channels without one get 0,
    so that one number alone fills the first channel of a colour image, as OpenCV and Pillow read it.
    """
    check_image(img, "pad", "img")
    if padding_mode not in PAD_MODES:
        raise AssertionError("Padding mode should be either constant, edge, reflect or symmetric")
    left, top, right, bottom = _borders(padding)
    if isinstance(img, torch.Tensor):
        modes = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}
        if padding_mode not in modes:
            raise ValueError(f"pad: a tensor takes the padding modes {', '.join(modes)}, but received {padding_mode!r}")
        images = torch.unsqueeze(img, 0)
        return torch.squeeze(F.pad(images, [left, right, top, bottom], modes[padding_mode], float(fill)), 0)
    array = array_of(img)
    widths = [(top, bottom), (left, right)] + [(0, 0)] * (array.ndim - 2)
    if padding_mode != "constant":
        padded = np.pad(array, widths, PAD_MODES[padding_mode])  # type: ignore[call-overload]
    else:
        padded = np.pad(array, widths)
        border = np.pad(np.zeros(array.shape[:2], bool), widths[:2], constant_values=True)
        colour = (*_sequence(fill), 0, 0, 0)
        padded[border] = colour[0] if array.ndim == 2 else colour[: array.shape[2]]
    return pillow().fromarray(padded) if is_pillow(img) else padded


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of the image [top : top + height, left : left + width]."""
    check_image(img, "crop", "img")
    if is_pillow(img):
        return img.crop((left, top, left + width, top + height))
    if isinstance(img, torch.Tensor):
        return img[:, top : top + height, left : left + width]
    return img[top : top + height, left : left + width]


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of the image, output_size (height, width) or one number for both."""
    check_image(img, "center_crop", "img")
    wanted = (output_size, output_size) if isinstance(output_size, int | float) else output_size
    high, wide = int(wanted[0]), int(wanted[1])
    height, width = size_of(img)
    return crop(img, round((height - high) / 2.0), round((width - wide) / 2.0), high, wide)


def hflip(img: Any) -> Any:
    """The image with left and right exchanged."""
    return _flipped(img, 1, "hflip")


def vflip(img: Any) -> Any:
    """The image upside down."""
    return _flipped(img, 0, "vflip")


def erase(img: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """The image with v, a value or an image of this size, in [i : i + h, j : j + w].

    inplace writes into an array or a tensor itself; a Pillow image is always a new one.
    """
    check_image(img, "erase", "img")
    if isinstance(img, torch.Tensor):
        erased = img if inplace else torch.clone(img)
        erased[..., i : i + h, j : j + w] = v
        return erased
    array = img if inplace and not is_pillow(img) else array_of(img).copy()
    array[i : i + h, j : j + w] = v
    return pillow().fromarray(array) if is_pillow(img) else array


def is_tensor_image(img: Any) -> bool:
    return isinstance(img, torch.Tensor)


def is_numpy_image(img: Any) -> bool:
    return isinstance(img, np.ndarray) and img.ndim in (2, 3)


# Data pipelines ask by Paddle's private names.
_is_pil_image, _is_tensor_image, _is_numpy_image = is_pillow, is_tensor_image, is_numpy_image


def array_image(img: Any) -> np.ndarray:
    """A NumPy or Pillow image as an array [H, W, C]."""
    array = array_of(img)
    return array[..., None] if array.ndim == 2 else array


def _flipped(img: Any, axis: int, function: str) -> Any:
    check_image(img, function, "img")
    if isinstance(img, torch.Tensor):
        return torch.flip(img, [axis - 2])
    if is_pillow(img):
        transpose = pillow().Transpose
        return img.transpose(transpose.FLIP_LEFT_RIGHT if axis else transpose.FLIP_TOP_BOTTOM)
    return np.flip(img, axis)


def _resized(height: int, width: int, shorter: int) -> tuple[int, int]:
    if min(height, width) == shorter:
        return height, width
    if width < height:
        return int(shorter * height / width), shorter
    return shorter, int(shorter * width / height)


def _sequence(fill: Any) -> tuple[Any, ...]:
    return tuple(fill) if isinstance(fill, list | tuple) else (fill,)


def _borders(padding: Any) -> tuple[int, int, int, int]:
    """(left, top, right, bottom)."""
    if isinstance(padding, int):
        return padding, padding, padding, padding
    if not isinstance(padding, list | tuple):
        raise TypeError(f"Got inappropriate padding arg: {padding!r}")
    if len(padding) == 2:
        return padding[0], padding[1], padding[0], padding[1]
    if len(padding) == 4:
        return padding[0], padding[1], padding[2], padding[3]
    raise ValueError(f"Padding must be an int or a 2, or 4 element tuple, not a {len(padding)} element tuple")
