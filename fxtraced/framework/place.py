"""Places and devices: CPUPlace, CUDAPlace and the current device."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.errors import PlaceError


class CPUPlace:
    """The CPU (paddle.CPUPlace)."""

    device = torch.device("cpu")

    def __repr__(self) -> str:
        return "Place(cpu)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CPUPlace)

    def __hash__(self) -> int:
        return hash("cpu")

    def is_cpu_place(self) -> bool:
        return True

    def is_gpu_place(self) -> bool:
        return False


class CUDAPlace:
    """One NVIDIA GPU by index (paddle.CUDAPlace).

    Making one does not need the GPU; using it without one is torch's error.
    """

    def __init__(self, id: int = 0):
        if not isinstance(id, int) or id < 0:
            raise ValueError(f"CUDAPlace: id must be an int >= 0, but received {id!r}")
        self.device = torch.device("cuda", id)

    def __repr__(self) -> str:
        return f"Place(gpu:{self.device.index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CUDAPlace) and other.device == self.device

    def __hash__(self) -> int:
        return hash(self.device)

    def is_cpu_place(self) -> bool:
        return False

    def is_gpu_place(self) -> bool:
        return True

    def get_device_id(self) -> int:
        return self.device.index


Place = CPUPlace | CUDAPlace

_current: torch.device | None = None


def place_of(device: torch.device) -> CPUPlace | CUDAPlace:
    """The place of a torch device."""
    return CUDAPlace(device.index or 0) if device.type == "cuda" else CPUPlace()


def convert_place(place: Any) -> torch.device:
    """The torch device of a place, of a Paddle name ("cpu", "gpu", "gpu:1"), of a torch device, or of None (the
    current one).

    Raises ValueError for an unknown name and TypeError for another type.
    """
    if place is None:
        return current_device()
    if isinstance(place, CPUPlace | CUDAPlace):
        return place.device
    if isinstance(place, torch.device):
        return place
    if isinstance(place, str):
        name, _, index = place.lower().partition(":")
        if name == "cpu" and not index:
            return torch.device("cpu")
        if name in ("gpu", "cuda") and (not index or index.isdigit()):
            return torch.device("cuda", int(index or 0))
        raise ValueError(f"unknown device {place!r}: expected 'cpu', 'gpu' or 'gpu:N'")
    raise TypeError(f"a place must be a CPUPlace, a CUDAPlace or a device name, but received {type(place)}")


def check_visible(device: torch.device) -> None:
    """Raise PlaceError for a GPU that torch does not see."""
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise PlaceError(
            f"FXT305 torch sees {torch.cuda.device_count()} GPUs, and {device} is none of them. Install a torch built "
            "for the GPU of this machine, see whether the driver and CUDA_VISIBLE_DEVICES hide it, or use the CPU. See "
            "docs/errors.md#fxt305"
        )


def set_device(device: str) -> CPUPlace | CUDAPlace:
    """Make new tensors on this device ("cpu", "gpu", "gpu:N"); returns its place (paddle.set_device).

    Raises ValueError for an unknown name and for a GPU that torch does not see.
    """
    global _current
    wanted = convert_place(device)
    if wanted.type == "cuda" and wanted.index >= torch.cuda.device_count():
        raise ValueError(f"set_device({device!r}): torch sees {torch.cuda.device_count()} GPUs")
    _current = wanted
    return place_of(wanted)


def get_device() -> str:
    """The name of the current device: "cpu" or "gpu:N" (paddle.get_device)."""
    device = current_device()
    return f"gpu:{device.index or 0}" if device.type == "cuda" else "cpu"


def current_device() -> torch.device:
    """The torch device on which new tensors are made.

    The CPU until set_device says otherwise; Paddle's GPU build starts on the GPU.
    """
    return _current or CPUPlace.device


def is_compiled_with_cuda() -> bool:
    """True when torch was built with CUDA (paddle.is_compiled_with_cuda)."""
    return torch.backends.cuda.is_built()


def is_compiled_with_rocm() -> bool:
    """True when torch was built for AMD GPUs (paddle.is_compiled_with_rocm)."""
    return torch.version.hip is not None


def is_compiled_with_xpu() -> bool:
    """False: Kunlun devices are Paddle's only."""
    return False


def is_compiled_with_ipu() -> bool:
    """False: IPUs are Paddle's only."""
    return False


def is_compiled_with_cinn() -> bool:
    """False: CINN is Paddle's compiler."""
    return False


def is_compiled_with_distribute() -> bool:
    """False: there is one process on one device."""
    return False


def is_compiled_with_custom_device(device_type: str) -> bool:
    """False: there are no plugged-in devices."""
    return False
