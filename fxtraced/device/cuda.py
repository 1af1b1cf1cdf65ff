"""NVIDIA GPUs (paddle.device.cuda), thin over torch.cuda.

A device is None (the current one), an index, a CUDAPlace or a name such as "gpu:0".
"""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.place import convert_place

__all__ = [
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "synchronize",
]


def device_count() -> int:
    """The number of GPUs that torch sees."""
    return torch.cuda.device_count()


def empty_cache() -> None:
    """Give unused memory back."""
    torch.cuda.empty_cache()


def synchronize(device: Any = None) -> None:
    """Wait for the work of a GPU."""
    torch.cuda.synchronize(_index(device))


def get_device_properties(device: Any = None) -> Any:
    """Name, memory and multiprocessors of a GPU, as torch describes it."""
    return torch.cuda.get_device_properties(_index(device))


def get_device_name(device: Any = None) -> str:
    """The name of a GPU."""
    return torch.cuda.get_device_name(_index(device))


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability of a GPU: (major, minor)."""
    return torch.cuda.get_device_capability(_index(device))


def memory_allocated(device: Any = None) -> int:
    """Bytes in tensors."""
    return torch.cuda.memory_allocated(_index(device))


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes in tensors so far."""
    return torch.cuda.max_memory_allocated(_index(device))


def memory_reserved(device: Any = None) -> int:
    """Bytes held by torch's allocator."""
    return torch.cuda.memory_reserved(_index(device))


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes held by torch's allocator so far."""
    return torch.cuda.max_memory_reserved(_index(device))


def _index(device: Any) -> int:
    if device is None:
        return torch.cuda.current_device()
    if isinstance(device, int):
        return device
    where = convert_place(device)
    if where.type != "cuda":
        raise ValueError(f"a GPU is wanted: an index, a CUDAPlace or 'gpu:N', but received {device!r}")
    return where.index or 0
