"""Transforms that draw how bright, rich in contrast, saturated and of which hue an image is."""

from __future__ import annotations

import random
from typing import Any

from fxtraced.vision.transforms import functional as F
from fxtraced.vision.transforms._base import BaseTransform, Compose


class BrightnessTransform(BaseTransform):
    """transforms.adjust_brightness by a factor from value = (least, most), or from 1 - value to 1 + value."""

    def __init__(self, value: Any, keys: Any = None):
        super().__init__(keys)
        self.value = _around_one(value, "brightness")

    def _apply_image(self, img: Any) -> Any:
        return img if self.value is None else F.adjust_brightness(img, random.uniform(*self.value))


class ContrastTransform(BaseTransform):
    """transforms.adjust_contrast by a factor from value = (least, most), or from 1 - value to 1 + value."""

    def __init__(self, value: Any, keys: Any = None):
        super().__init__(keys)
        self.value = _around_one(value, "contrast")

    def _apply_image(self, img: Any) -> Any:
        return img if self.value is None else F.adjust_contrast(img, random.uniform(*self.value))


class SaturationTransform(BaseTransform):
    """transforms.adjust_saturation by a factor from value = (least, most), or from 1 - value to 1 + value."""

    def __init__(self, value: Any, keys: Any = None):
        super().__init__(keys)
        self.value = _around_one(value, "saturation")

    def _apply_image(self, img: Any) -> Any:
        return img if self.value is None else F.adjust_saturation(img, random.uniform(*self.value))


class HueTransform(BaseTransform):
    """transforms.adjust_hue by a part of the circle from value = (least, most), or from -value to value."""

    def __init__(self, value: Any, keys: Any = None):
        super().__init__(keys)
        self.value = _bounds(value, "hue", 0, (-0.5, 0.5))

    def _apply_image(self, img: Any) -> Any:
        return img if self.value is None else F.adjust_hue(img, random.uniform(*self.value))


class ColorJitter(BaseTransform):
    """The four transforms above, each with its value, in an order drawn for every image. None leaves one out."""

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0, keys: Any = None):
        super().__init__(keys)
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue

    def _get_param(self, brightness: Any, contrast: Any, saturation: Any, hue: Any) -> Compose:
        """The transforms of one call, which subclasses of Paddle's users ask for by this name."""
        given = {
            BrightnessTransform: brightness,
            ContrastTransform: contrast,
            SaturationTransform: saturation,
            HueTransform: hue,
        }
        transforms = [kind(value, self.keys) for kind, value in given.items() if value is not None]
        random.shuffle(transforms)
        return Compose(transforms)

    def _apply_image(self, img: Any) -> Any:
        return self._get_param(self.brightness, self.contrast, self.saturation, self.hue)(img)


def _around_one(value: Any, name: str) -> tuple[float, float] | None:
    found = _bounds(value, name, 1, (0, float("inf")))
    return found and (max(found[0], 0), found[1])


def _bounds(value: Any, name: str, middle: float, within: tuple[float, float]) -> tuple[float, float] | None:
    """(least, most); None where nothing would change."""
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative, but received {value}")
        least, most = middle - value, middle + value
    elif isinstance(value, list | tuple) and len(value) == 2:
        least, most = value
        if not within[0] <= least <= most <= within[1]:
            raise ValueError(f"{name} values should be between {within}, but received {value}")
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2, but received {value!r}")
    return None if least == most == middle else (least, most)
