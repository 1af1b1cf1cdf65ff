"""Moving tensors between devices, dtypes and layouts: x.to, x.cpu, x.cuda, x.to_sparse_coo."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.place import CPUPlace, CUDAPlace, convert_place
from fxtraced.tensor.common import dtype_or, torch_method

_DEVICES = ("cpu", "gpu", "cuda")


def to(x: Any, *args: Any, **kwargs: Any) -> Any:
    """x on another device and in another dtype: to(device, dtype, blocking), to(dtype), to(other), also by keyword.

    A device is a place, "cpu", "gpu:0" or a torch device; torch's non_blocking and memory_format are taken too.
    Differs from Paddle 2.6, which also changes x itself. Raises TypeError for an argument of another kind.
    """
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    blocking = kwargs.pop("blocking", None)
    non_blocking = kwargs.pop("non_blocking", False) if blocking is None else not blocking
    memory_format = kwargs.pop("memory_format", None)
    other = kwargs.pop("other", None)
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument {next(iter(kwargs))!r}")
    for argument in args:
        if isinstance(argument, torch.Tensor):
            other = argument
        elif isinstance(argument, bool):
            non_blocking = argument
        elif _is_device(argument):
            device = argument
        elif argument is not None:
            dtype = argument
    if other is not None:
        device, dtype = other.device, other.dtype
    device = x.device if device is None else convert_place(device)
    dtype = dtype_or(dtype, x.dtype)
    if memory_format is not None:
        return torch.Tensor.to(x, device, dtype, non_blocking, memory_format=memory_format)
    return torch_method(x, "to", device, dtype, non_blocking)


def _is_device(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower().partition(":")[0] in _DEVICES
    return isinstance(value, CPUPlace | CUDAPlace | torch.device)


def cpu(x: Any) -> Any:
    """x on the CPU."""
    return torch_method(x, "to", torch.device("cpu"))


def cuda(x: Any, device_id: int | None = None, blocking: bool = True) -> Any:
    """x on a GPU, by default the first."""
    return torch_method(x, "to", torch.device("cuda", device_id or 0), x.dtype, not blocking)


def to_sparse_coo(x: Any, sparse_dim: int) -> Any:
    """x as torch's sparse tensor of places (in the first sparse_dim axes) and values."""
    return torch.Tensor.coalesce(torch.Tensor.to_sparse(x, sparse_dim))


METHODS = (to, cpu, cuda, to_sparse_coo)
