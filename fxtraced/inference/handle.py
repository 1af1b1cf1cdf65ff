"""Handle: one input or output of a predictor by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FeedError, FetchError
from fxtraced.inference.types import DataType
from fxtraced.static.variable import Variable


class Handle:
    """One input or output of a predictor (paddle.inference.Tensor)."""

    def __init__(self, variable: Variable):
        self.name = variable.name
        self._dtype = variable.dtype
        self._shape: list[int] | None = None
        self.value: Any = None

    def reshape(self, shape: list[int]) -> None:
        """Say the shape of what copy_from_cpu will bring; checked there."""
        self._shape = list(shape)

    def shape(self) -> list[int]:
        """The shape of the value, or the one said by reshape."""
        return list(self.value.shape) if self.value is not None else list(self._shape or [])

    def type(self) -> DataType:
        """The element type that the archive wants here or gives."""
        return DataType(str(self._dtype).removeprefix("torch."))

    def copy_from_cpu(self, data: np.ndarray) -> None:
        """Set an input from a NumPy array; it is copied.

        Raises TypeError for what is no array, FeedError when reshape said another shape.
        """
        if not isinstance(data, np.ndarray):
            raise TypeError(f"copy_from_cpu: {self.name!r} takes a NumPy array, but received {type(data)}")
        self._check_shape(data)
        self.value = np.array(data)

    def share_external_data(self, data: np.ndarray | torch.Tensor) -> None:
        """Set an input without a copy: the predictor reads the array or tensor when it runs.

        Raises TypeError for another type, FeedError when reshape said another shape.
        """
        if not isinstance(data, np.ndarray | torch.Tensor):
            raise TypeError(f"share_external_data: {self.name!r} takes an array or a tensor, but received {type(data)}")
        self._check_shape(data)
        self.value = data

    def copy_to_cpu(self) -> np.ndarray:
        """The value of an output as a NumPy array. Raises FetchError before the first run."""
        if self.value is None:
            raise FetchError(f"FXT303 {self.name!r} has no value yet: call run() first. See docs/errors.md#fxt303")
        return self.value if isinstance(self.value, np.ndarray) else self.value.cpu().numpy()

    def _check_shape(self, data: Any) -> None:
        if self._shape is not None and list(data.shape) != self._shape:
            raise FeedError(
                f"FXT301 input {self.name!r} was reshaped to {self._shape}, but received {list(data.shape)}. "
                "See docs/errors.md#fxt301"
            )
