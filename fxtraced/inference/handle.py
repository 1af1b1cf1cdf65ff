"""Handle: one input or output of a predictor by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FetchError
from fxtraced.inference.types import DataType
from fxtraced.static.feeding import NO_MASKS
from fxtraced.static.fetching import array_of
from fxtraced.static.variable import Variable


class Handle:
    """One input or output of a predictor (paddle.inference.Tensor)."""

    def __init__(self, variable: Variable):
        self.name = variable.name
        self._dtype = variable.dtype
        self._shape: list[int] | None = None
        self.value: Any = None

    def reshape(self, shape: list[int]) -> None:
        """Give the value another shape of as many elements, or say the shape of the value to come.

        As in Paddle, copy_from_cpu and share_external_data bring the shape of their array, whatever was said here. A
        value of another number of elements is given up: run() then asks for a new one. Raises ValueError for a negative
        size.
        """
        sizes = [int(size) for size in shape]
        if any(size < 0 for size in sizes):
            raise ValueError(f"reshape: {self.name!r} needs sizes of at least 0, but received {sizes}")
        self._shape = sizes
        if self.value is not None:
            fits = math.prod(self.value.shape) == math.prod(sizes)
            self.value = self.value.reshape(sizes) if fits else None

    def shape(self) -> list[int]:
        """The shape of the value, or the one said by reshape."""
        return list(self.value.shape) if self.value is not None else list(self._shape or [])

    def type(self) -> DataType:
        """The element type that the archive wants here or gives."""
        return DataType(str(self._dtype).removeprefix("torch."))

    def copy_from_cpu(self, data: np.ndarray) -> None:
        """Set an input from a NumPy array; it is copied. Raises TypeError for what is no array."""
        if not isinstance(data, np.ndarray) or isinstance(data, np.ma.MaskedArray):
            raise TypeError(f"copy_from_cpu: {self.name!r} takes a NumPy array, but received {type(data)}{_hint(data)}")
        self.value = np.array(data)

    def share_external_data(self, data: np.ndarray | torch.Tensor) -> None:
        """Set an input without a copy: the predictor reads the array or tensor when it runs.

        A GPU reads pinned memory by itself: it must not change before copy_to_cpu has given an output.
        Raises TypeError for another type.
        """
        if not isinstance(data, np.ndarray | torch.Tensor) or isinstance(data, np.ma.MaskedArray):
            raise TypeError(
                f"share_external_data: {self.name!r} takes an array or a tensor, but received {type(data)}{_hint(data)}"
            )
        self.value = data

    def copy_to_cpu(self) -> np.ndarray:
        """The value as a NumPy array, waiting for the GPU where it is there. Raises FetchError before the first run."""
        if self.value is None:
            raise FetchError(f"FXT303 {self.name!r} has no value yet: call run() first. See docs/errors.md#fxt303")
        return self.value if isinstance(self.value, np.ndarray) else array_of(self.value)


def _hint(data: Any) -> str:
    return f". {NO_MASKS}" if isinstance(data, np.ma.MaskedArray) else ""
