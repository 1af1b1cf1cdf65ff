"""Collectives of one process: each leaves its tensor as it is.

Differs from Paddle, where they raise RuntimeError unless a group of processes was started.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["ReduceOp", "all_gather", "all_reduce", "barrier", "broadcast", "is_available", "is_initialized"]


class ReduceOp:
    """How all_reduce joins tensors."""

    SUM = 0
    MAX = 1
    MIN = 2
    PROD = 3
    AVG = 4


def is_available() -> bool:
    """True: the functions are there."""
    return True


def is_initialized() -> bool:
    """False: there is no group of processes."""
    return False


def all_reduce(tensor: Any, op: int = ReduceOp.SUM, group: Any = None, sync_op: bool = True) -> None:
    """The sum, largest, ... of one process's tensor: the tensor itself."""


def broadcast(tensor: Any, src: int, group: Any = None, sync_op: bool = True) -> None:
    """The tensor of process 0 is this one. Raises ValueError for another src."""
    if src != 0:
        raise ValueError(f"broadcast: src must be 0, the only process, but received {src!r}")


def all_gather(tensor_list: list[Any], tensor: Any, group: Any = None, sync_op: bool = True) -> None:
    """Append a copy of the one tensor to tensor_list."""
    tensor_list.append(torch.clone(tensor))


def barrier(group: Any = None) -> None:
    """Nobody to wait for."""
