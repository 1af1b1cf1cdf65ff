"""What all transforms are made of (paddle.vision.transforms)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
