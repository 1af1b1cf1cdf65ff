"""Transforms of images as objects, for pipelines (paddle.vision.transforms)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fxtraced.vision.transforms import functional as F


class Compose:
    """The given transforms one after the other."""

    def __init__(self, transforms: Sequence[Any]):
        self.transforms = transforms

    def __call__(self, data: Any) -> Any:
        for transform in self.transforms:
            data = transform(data)
        return data

    def __repr__(self) -> str:
        return "Compose(" + "".join(f"\n    {transform}" for transform in self.transforms) + "\n)"


class BaseTransform:
    """A transform of one image, or of a tuple whose parts `keys` names: "image", "boxes", "mask", ...

    A subclass defines _apply_image, and _apply_<key> for others; parts without such a method pass unchanged.
    """

    def __init__(self, keys: Any = None):
        if keys is None:
            keys = ("image",)
        elif not isinstance(keys, Sequence):
            raise ValueError(f"keys should be a sequence, but got keys={keys}")
        self.keys = keys
        self.params: Any = None

    def _get_params(self, inputs: Any) -> Any:
        """What one call draws or computes once for all parts."""

    def __call__(self, inputs: Any) -> Any:
        parts = inputs if isinstance(inputs, tuple) else (inputs,)
        self.params = self._get_params(parts)
        applied = [
            getattr(self, f"_apply_{key}", lambda part: part)(part)
            for key, part in zip(self.keys, parts, strict=False)
        ]  # fmt: skip
        outputs = (*applied, *parts[len(applied) :])
        return outputs[0] if len(outputs) == 1 else outputs


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
