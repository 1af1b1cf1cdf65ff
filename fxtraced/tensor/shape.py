"""What `x.shape`, `x.size` and `x.is_sparse` give: a list that equals the tuple, numbers that can be called."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch


class Shape(list):
    """The sizes of a tensor: Paddle's list, which also equals the tuple and adds to one.

    Entries are ints for an eager tensor and traced ints for a traced one.
    """

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Shape(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Shape:
        return Shape([*self, *other])

    def __radd__(self, other: Any) -> Shape:
        return Shape([*other, *self])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | tuple) and list.__eq__(self, list(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def numel(self) -> Any:
        """The product of the sizes, as torch.Size has it."""
        return math.prod(self)


class Size(int):
    """The number of elements: Paddle's property `x.size`, which torch code may also call as `x.size(dim)`."""

    _shape: Shape

    @classmethod
    def of(cls, shape: Shape) -> Size:
        size = cls(shape.numel())
        size._shape = shape
        return size

    def __call__(self, dim: int | None = None) -> Any:
        return self._shape if dim is None else self._shape[dim]


class Flag(int):
    """torch's attribute `x.is_sparse`, which is Paddle's method `x.is_sparse()`."""

    def __call__(self) -> bool:
        return bool(self)


def shape_list(shape: Any) -> list[Any]:
    """The sizes of a `shape` argument as a list: a list, a tuple, one int, or with tensors in it or as a whole.

    A tensor's entries are read with `.item()` or `.tolist()`; ints, traced ones too, come back as they are.
    """
    if isinstance(shape, torch.Tensor):
        sizes = shape.tolist()
        return sizes if isinstance(sizes, list) else [sizes]
    if isinstance(shape, list | tuple):
        return [int_of(size) for size in shape]
    return [int_of(shape)]


def int_of(value: Any) -> Any:
    """A size or axis that Paddle also takes as a tensor of one element, or as a NumPy number."""
    return value.item() if isinstance(value, torch.Tensor | np.generic) else value
