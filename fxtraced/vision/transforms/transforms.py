"""Transforms of images as objects, for pipelines (paddle.vision.transforms)."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fxtraced.vision.transforms import functional as F
from fxtraced.vision.transforms._base import BaseTransform as BaseTransform
from fxtraced.vision.transforms._base import Compose as Compose
from fxtraced.vision.transforms._images import size_of
from fxtraced.vision.transforms._jitter import BrightnessTransform as BrightnessTransform
from fxtraced.vision.transforms._jitter import ColorJitter as ColorJitter
from fxtraced.vision.transforms._jitter import ContrastTransform as ContrastTransform
from fxtraced.vision.transforms._jitter import HueTransform as HueTransform
from fxtraced.vision.transforms._jitter import SaturationTransform as SaturationTransform


class ToTensor(BaseTransform):
    """See transforms.to_tensor."""

    def __init__(self, data_format: str = "CHW", keys: Any = None):
        super().__init__(keys)
        self.data_format = data_format

    def _apply_image(self, img: Any) -> Any:
        return F.to_tensor(img, self.data_format)


class Resize(BaseTransform):
    """See transforms.resize."""

    def __init__(self, size: Any, interpolation: str = "bilinear", keys: Any = None):
        super().__init__(keys)
        self.size, self.interpolation = size, interpolation

    def _apply_image(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation)


class CenterCrop(BaseTransform):
    """See transforms.center_crop."""

    def __init__(self, size: Any, keys: Any = None):
        super().__init__(keys)
        self.size = (int(size), int(size)) if isinstance(size, int | float) else size

    def _apply_image(self, img: Any) -> Any:
        return F.center_crop(img, self.size)


class Normalize(BaseTransform):
    """See transforms.normalize; one number stands for three channels."""

    def __init__(
        self, mean: Any = 0.0, std: Any = 1.0, data_format: str = "CHW", to_rgb: bool = False, keys: Any = None
    ):
        super().__init__(keys)
        self.mean = [mean] * 3 if isinstance(mean, int | float) else mean
        self.std = [std] * 3 if isinstance(std, int | float) else std
        self.data_format, self.to_rgb = data_format, to_rgb

    def _apply_image(self, img: Any) -> Any:
        return F.normalize(img, self.mean, self.std, self.data_format, self.to_rgb)


class Transpose(BaseTransform):
    """The axes of the image in another order: [H, W, C] -> [C, H, W]."""

    def __init__(self, order: Any = (2, 0, 1), keys: Any = None):
        super().__init__(keys)
        self.order = order

    def _apply_image(self, img: Any) -> Any:
        if F.is_tensor_image(img):
            return torch.permute(img, list(self.order))
        return np.transpose(F.array_image(img), self.order)


class Pad(BaseTransform):
    """See transforms.pad."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant", keys: Any = None):
        super().__init__(keys)
        if isinstance(padding, Sequence) and len(padding) not in (2, 4):
            raise ValueError(
                f"Padding must be an int or a 2, or 4 element tuple, not a {len(padding)} element tuple"
            )  # fmt: skip
        if padding_mode not in F.PAD_MODES:
            raise AssertionError(f"Padding mode should be one of {', '.join(F.PAD_MODES)}, but is {padding_mode!r}")
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def _apply_image(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class Grayscale(BaseTransform):
    """See transforms.to_grayscale."""

    def __init__(self, num_output_channels: int = 1, keys: Any = None):
        super().__init__(keys)
        self.num_output_channels = num_output_channels

    def _apply_image(self, img: Any) -> Any:
        return F.to_grayscale(img, self.num_output_channels)


# The transforms below draw from `random` and `numpy.random` in Paddle's order: the same seeds give the same images.


class RandomHorizontalFlip(BaseTransform):
    """transforms.hflip with probability prob."""

    def __init__(self, prob: float = 0.5, keys: Any = None):
        super().__init__(keys)
        self.prob = _probability(prob)

    def _apply_image(self, img: Any) -> Any:
        return F.hflip(img) if random.random() < self.prob else img


class RandomVerticalFlip(BaseTransform):
    """transforms.vflip with probability prob."""

    def __init__(self, prob: float = 0.5, keys: Any = None):
        super().__init__(keys)
        self.prob = _probability(prob)

    def _apply_image(self, img: Any) -> Any:
        return F.vflip(img) if random.random() < self.prob else img


class RandomCrop(BaseTransform):
    """A part of the given size (height, width) at a random place, after padding; pad_if_needed: up to that size."""

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
        keys: Any = None,
    ):
        super().__init__(keys)
        self.size = (int(size), int(size)) if isinstance(size, int | float) else size
        self.padding, self.pad_if_needed = padding, pad_if_needed
        self.fill, self.padding_mode = fill, padding_mode

    def _apply_image(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        for axis in (1, 0):
            lacking = self.size[axis] - size_of(img)[axis]
            if self.pad_if_needed and lacking > 0:
                img = F.pad(img, (lacking, 0) if axis else (0, lacking), self.fill, self.padding_mode)
        height, width = size_of(img)
        if (height, width) == tuple(self.size):
            return img
        top = random.randint(0, height - self.size[0])
        left = random.randint(0, width - self.size[1])
        return F.crop(img, top, left, *self.size)


class RandomResizedCrop(BaseTransform):
    """A part with a random area and shape, resized: `scale` bounds the part of the area, `ratio` width / height."""

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4, 4.0 / 3),
        interpolation: str = "bilinear",
        keys: Any = None,
    ):
        super().__init__(keys)
        for name, (least, most) in (("scale", scale), ("ratio", ratio)):
            if least > most:
                raise AssertionError(f"{name} should be of kind (min, max), but received {(least, most)}")
        self.size = (size, size) if isinstance(size, int) else size
        self.scale, self.ratio, self.interpolation = scale, ratio, interpolation

    def _apply_image(self, img: Any) -> Any:
        return F.resize(F.crop(img, *self._part(*size_of(img))), self.size, self.interpolation)

    def _part(self, height: int, width: int) -> tuple[int, int, int, int]:
        """(top, left, height, width): the first of ten draws that fits, else the middle at the nearest ratio."""
        for _ in range(10):
            area = np.random.uniform(*self.scale) * height * width
            ratio = math.exp(np.random.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < wide <= width and 0 < high <= height:
                top = random.randint(0, height - high)
                return top, random.randint(0, width - wide), high, wide
        wide, high = width, height
        if width / height < min(self.ratio):
            high = round(width / min(self.ratio))
        elif width / height > max(self.ratio):
            wide = round(height * max(self.ratio))
        return (height - high) // 2, (width - wide) // 2, high, wide


class RandomRotation(BaseTransform):
    """transforms.rotate by an angle from degrees = (least, most), or from -degrees to degrees."""

    def __init__(
        self,
        degrees: Any,
        interpolation: str = "nearest",
        expand: bool = False,
        center: Any = None,
        fill: Any = 0,
        keys: Any = None,
    ):
        super().__init__(keys)
        if isinstance(degrees, int | float):
            if degrees < 0:
                raise ValueError(f"If degrees is a single number, it must be positive, but received {degrees}")
            degrees = (-degrees, degrees)
        elif len(degrees) != 2:
            raise ValueError(f"If degrees is a sequence, it must be of len 2, but received {degrees}")
        self.degrees, self.interpolation, self.expand = degrees, interpolation, expand
        self.center, self.fill = center, fill

    def _get_param(self, degrees: Any) -> float:
        """The angle of one call, which subclasses of Paddle's users ask for by this name."""
        return random.uniform(*degrees)

    def _apply_image(self, img: Any) -> Any:
        angle = self._get_param(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)


class RandomErasing(BaseTransform):
    """transforms.erase with probability prob, in a place and a shape that are drawn.

    scale: of the erased part of the area; ratio: of its height to its width. value: a number, one for each channel, or
    "random" for numbers from a normal distribution.
    """

    def __init__(
        self,
        prob: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
        keys: Any = None,
    ):
        super().__init__(keys)
        if not 0 <= scale[0] <= scale[1] <= 1:
            raise AssertionError(f"scale should be of kind (min, max) and in range [0, 1], but received {scale}")
        if not 0 <= ratio[0] <= ratio[1]:
            raise AssertionError(f"ratio should be of kind (min, max), but received {ratio}")
        if isinstance(value, str) and value != "random":
            raise ValueError(f"value must be 'random' when type is str, but received {value!r}")
        self.prob, self.scale, self.ratio = _probability(prob), scale, ratio
        self.value, self.inplace = value, inplace

    def _apply_image(self, img: Any) -> Any:
        if random.random() >= self.prob:
            return img
        values = [self.value] if isinstance(self.value, int | float) else self.value
        if not isinstance(values, str) and len(values) not in (1, 3):
            raise ValueError(
                f"Value should be a single number or a sequence with one for each of 3, but it is {values}"
            )
        height, width = size_of(img)
        for _ in range(10):
            area = np.random.uniform(*self.scale) * height * width
            ratio = np.exp(np.random.uniform(*np.log(self.ratio)))
            high, wide = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
            if high < height and wide < width:
                filling = _filling(img, values, high, wide)
                top = np.random.randint(0, height - high + 1)
                return F.erase(img, top, np.random.randint(0, width - wide + 1), high, wide, filling, self.inplace)
        return img


def _filling(img: Any, values: Any, high: int, wide: int) -> Any:
    """What RandomErasing writes into an image: values of its channels, or as many random ones as there are pixels."""
    if F.is_tensor_image(img):
        if isinstance(values, str):
            return torch.randn([img.shape[-3], high, wide], device=img.device).to(img.dtype)
        return torch.tensor(values, dtype=img.dtype, device=img.device)[:, None, None]
    if isinstance(values, str):
        return np.random.normal(size=[high, wide, F.array_image(img).shape[2]]) * 255
    return np.array(values)[None, None, :]


def _probability(prob: float) -> float:
    if not 0 <= prob <= 1:
        raise AssertionError(f"probability must be between 0 and 1, but received prob={prob}")
    return prob
