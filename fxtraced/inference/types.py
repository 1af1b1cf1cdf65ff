"""The enumerations of paddle.inference, and the version."""

from __future__ import annotations

from enum import Enum

import torch

from fxtraced.framework.version import VERSION


class PrecisionType(Enum):
    """What a predictor calculates in; Half and Bfloat16 are torch's automatic mixed precision."""

    Float32 = 0
    Int8 = 1
    Half = 2
    Bfloat16 = 3


class PlaceType(Enum):
    """Where the memory of a handle is."""

    UNK = -1
    CPU = 0
    GPU = 1
    XPU = 2
    NPU = 3
    IPU = 4
    CUSTOM = 5


class DataType(Enum):
    """The element types of handles."""

    FLOAT32 = "float32"
    INT64 = "int64"
    INT32 = "int32"
    UINT8 = "uint8"
    INT8 = "int8"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    BOOL = "bool"
    FLOAT64 = "float64"


def get_num_bytes_of_data_type(dtype: DataType) -> int:
    """The size of one element in bytes. Raises TypeError for what is no DataType."""
    if not isinstance(dtype, DataType):
        raise TypeError(f"get_num_bytes_of_data_type: dtype must be a DataType, but received {type(dtype)}")
    return int(getattr(torch, dtype.value).itemsize)


def get_version() -> str:
    """The versions of fxtraced and torch, a line each (paddle.inference.get_version)."""
    return f"fxtraced: {VERSION}\ntorch: {torch.__version__}"
