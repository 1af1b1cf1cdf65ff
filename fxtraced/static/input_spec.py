"""InputSpec: shape, dtype and name of an input."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype, dtype_name


class InputSpec:
    """What an input looks like (paddle.static.InputSpec).

    shape: a list or tuple of ints, -1 or None where any size will do. dtype: "float32" by default.
    Raises TypeError for a shape that is no list or tuple, ValueError for a size below -1.
    """

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None, stop_gradient: bool = False):
        if not isinstance(shape, list | tuple):
            raise TypeError(f"InputSpec: shape must be a list or tuple of ints, but received {type(shape)}: {shape!r}")
        sizes = [-1 if size is None else size for size in shape]
        for size in sizes:
            if not isinstance(size, int) or size < -1:
                raise ValueError(f"InputSpec: a size must be an int >= -1 or None, but received {size!r} in {shape!r}")
        self.shape = tuple(sizes)
        self.dtype = convert_dtype(dtype)
        self.name = name
        self.stop_gradient = stop_gradient

    @classmethod
    def from_tensor(cls, tensor: torch.Tensor, name: str | None = None) -> InputSpec:
        """The spec of a tensor."""
        return cls(list(tensor.shape), tensor.dtype, name)

    @classmethod
    def from_numpy(cls, ndarray: Any, name: str | None = None) -> InputSpec:
        """The spec of a NumPy array."""
        return cls(list(ndarray.shape), ndarray.dtype, name)

    def __repr__(self) -> str:
        return f"InputSpec(shape={self.shape}, dtype={dtype_name(self.dtype)}, name={self.name})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InputSpec) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))
