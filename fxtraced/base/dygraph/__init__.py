"""paddle.base.dygraph: to_variable, guard, no_grad."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from fxtraced.framework import mode
from fxtraced.framework import place as places
from fxtraced.framework.dtype import convert_dtype
from fxtraced.framework.gradient import no_grad
from fxtraced.tensor.tensor import as_tensor

__all__ = ["guard", "no_grad", "to_variable"]


@contextmanager
def guard(place: Any = None) -> Iterator[None]:
    """Dynamic mode, on a place if one is given, while it lasts."""
    static, device = not mode.in_dynamic_mode(), places.get_device()
    mode.disable_static(place)
    try:
        yield
    finally:
        places.set_device(device)
        if static:
            mode.enable_static()


def to_variable(value: Any, name: str | None = None, zero_copy: bool | None = None, dtype: Any = None) -> Any:
    """An array, list or number as a tensor on the current device; a tensor stays itself."""
    if isinstance(value, torch.Tensor):
        return as_tensor(value)
    if not isinstance(value, np.ndarray | list | tuple | int | float | complex):
        raise TypeError(f"to_variable: value must be an array, a list, a number or a tensor, but is {type(value)}")
    kind = None if dtype is None else convert_dtype(dtype)
    return as_tensor(torch.tensor(np.asarray(value), dtype=kind, device=places.current_device()))
