"""Data types: Paddle's names for torch's dtypes, and the default floating type.

A Paddle dtype is the torch dtype itself: `fxtraced.float32 is torch.float32`.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import torch

dtype = torch.dtype
bool = torch.bool
uint8 = torch.uint8
int8 = torch.int8
int16 = torch.int16
int32 = torch.int32
int64 = torch.int64
float16 = torch.float16
bfloat16 = torch.bfloat16
float32 = torch.float32
float64 = torch.float64
complex64 = torch.complex64
complex128 = torch.complex128

DTYPE_NAMES = {
    torch.bool: "bool",
    torch.uint8: "uint8",
    torch.int8: "int8",
    torch.int16: "int16",
    torch.int32: "int32",
    torch.int64: "int64",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
    torch.float32: "float32",
    torch.float64: "float64",
    torch.complex64: "complex64",
    torch.complex128: "complex128",
}
_BY_NAME = {name: value for value, name in DTYPE_NAMES.items()}
# NumPy has no bfloat16: Paddle keeps its bits in uint16, and takes that name for it.
_BY_NUMPY_NAME = {**_BY_NAME, "uint16": torch.bfloat16}
_FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

_default_dtype = torch.float32


def convert_dtype(value: Any) -> torch.dtype:
    """The torch dtype of a name ("float32", and NumPy's, as "half"), of a torch or NumPy dtype, or of a Python type.

    As in NumPy, float is float64. Raises TypeError for anything else, with the names that exist.
    """
    if isinstance(value, torch.dtype):
        return value
    name = value.rsplit(".", 1)[-1] if isinstance(value, str) else value
    found = _BY_NAME.get(name) if isinstance(name, str) else None
    found = found or _BY_NUMPY_NAME.get(_numpy_name(name))
    if found is None:
        raise TypeError(f"unknown dtype {value!r}: expected one of {', '.join(_BY_NAME)}, or a torch or NumPy dtype")
    return found


def dtype_name(value: torch.dtype) -> str:
    """Paddle's name of a dtype: torch.float32 -> "float32"."""
    return DTYPE_NAMES.get(value, str(value).rsplit(".", 1)[-1])


def is_floating(value: torch.dtype) -> builtins.bool:
    """True for float16, bfloat16, float32 and float64."""
    return value in _FLOATING


def get_default_dtype() -> str:
    """The dtype of floating tensors made without one, by name (paddle.get_default_dtype)."""
    return DTYPE_NAMES[_default_dtype]


def set_default_dtype(d: Any) -> None:
    """Set the dtype of floating tensors made without one (paddle.set_default_dtype).

    Does not touch torch.get_default_dtype(). Raises TypeError unless d is a floating dtype.
    """
    global _default_dtype
    value = convert_dtype(d)
    if value not in _FLOATING:
        raise TypeError(f"set_default_dtype only supports floating dtypes, but received {d!r}")
    _default_dtype = value


def default_dtype() -> torch.dtype:
    """The torch dtype of floating tensors made without one."""
    return _default_dtype


def finfo(dtype: Any) -> torch.finfo:
    """Limits of a floating or complex dtype: min, max, eps, tiny, smallest_normal, resolution, bits, dtype.

    Raises ValueError for another dtype.
    """
    value = convert_dtype(dtype)
    if value not in _FLOATING and not value.is_complex:
        raise ValueError(f"finfo: dtype must be a floating or complex dtype, but received {dtype!r}")
    return torch.finfo(value)


def iinfo(dtype: Any) -> torch.iinfo:
    """Limits of an integer dtype: min, max, bits, dtype. Raises ValueError for another dtype."""
    value = convert_dtype(dtype)
    if value not in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        raise ValueError(f"iinfo: dtype must be an integer dtype, but received {dtype!r}")
    return torch.iinfo(value)


def _numpy_name(value: Any) -> str:
    if value is None:  # NumPy would take it for float64
        return ""
    try:
        return np.dtype(value).name
    except (TypeError, ValueError):
        return ""
