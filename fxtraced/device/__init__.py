"""Devices (paddle.device): the CPU and NVIDIA GPUs."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.device import cuda as cuda
from fxtraced.framework.place import (
    convert_place,
    get_device,
    is_compiled_with_cinn,
    is_compiled_with_cuda,
    is_compiled_with_custom_device,
    is_compiled_with_distribute,
    is_compiled_with_ipu,
    is_compiled_with_rocm,
    is_compiled_with_xpu,
    set_device,
)

__all__ = [
    "get_all_custom_device_type",
    "get_all_device_type",
    "get_available_custom_device",
    "get_available_device",
    "get_cudnn_version",
    "get_device",
    "is_compiled_with_cinn",
    "is_compiled_with_cuda",
    "is_compiled_with_custom_device",
    "is_compiled_with_distribute",
    "is_compiled_with_ipu",
    "is_compiled_with_rocm",
    "is_compiled_with_xpu",
    "set_device",
    "synchronize",
]


def get_all_device_type() -> list[str]:
    """The kinds of devices that torch can use: "cpu", and "gpu" where there is one."""
    return ["cpu", "gpu"] if torch.cuda.is_available() else ["cpu"]


def get_all_custom_device_type() -> list[str]:
    """The kinds of plugged-in devices: none."""
    return []


def get_available_device() -> list[str]:
    """The names of the devices: "cpu", "gpu:0", ..."""
    return ["cpu", *[f"gpu:{i}" for i in range(torch.cuda.device_count())]]


def get_available_custom_device() -> list[str]:
    """The names of the plugged-in devices: none."""
    return []


def get_cudnn_version() -> int | None:
    """torch's cuDNN as one number, None without."""
    return torch.backends.cudnn.version()


def synchronize(device: Any = None) -> None:
    """Wait for the work of a device; nothing to wait for on the CPU."""
    where = convert_place(device)
    if where.type == "cuda":
        torch.cuda.synchronize(where)
