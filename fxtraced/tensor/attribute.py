"""Attributes of tensors as functions: paddle.shape, paddle.rank, real and imaginary parts, kinds of dtype."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import is_floating
from fxtraced.tensor.common import check_tensor
from fxtraced.tensor.tensor import as_tensor

_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def shape(input: Any) -> Any:
    """The sizes of a tensor as an int32 tensor [ndim]."""
    check_tensor(input, "input", "shape")
    return as_tensor(torch.tensor(list(input.shape), dtype=torch.int32, device=input.device))


def rank(input: Any) -> Any:
    """The number of axes as a 0-D int32 tensor."""
    return as_tensor(torch.tensor(input.ndim, dtype=torch.int32, device=input.device))


def dim(x: Any) -> int:
    """The number of axes as an int."""
    return x.ndim


def real(x: Any, name: Any = None) -> Any:
    """The real part of a complex tensor."""
    return torch.real(x)


def imag(x: Any, name: Any = None) -> Any:
    """The imaginary part of a complex tensor."""
    return torch.imag(x)


def is_floating_point(x: Any) -> bool:
    """True for float16, bfloat16, float32 and float64. Raises TypeError unless x is a tensor."""
    check_tensor(x, "x", "is_floating_point")
    return is_floating(x.dtype)


def is_integer(x: Any) -> bool:
    """True for the integer dtypes (bool is none). Raises TypeError unless x is a tensor."""
    check_tensor(x, "x", "is_integer")
    return x.dtype in _INTEGERS


def is_complex(x: Any) -> bool:
    """True for complex64 and complex128. Raises TypeError unless x is a tensor."""
    check_tensor(x, "x", "is_complex")
    return x.dtype.is_complex


def element_size(x: Any) -> int:
    """The size of one element in bytes."""
    return x.dtype.itemsize


METHODS = (rank, dim, real, imag, is_floating_point, is_integer, is_complex, element_size)
