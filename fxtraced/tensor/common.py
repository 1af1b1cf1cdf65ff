"""What the tensor functions share: axes, dtypes, torch's own methods, and the making of in-place spellings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import convert_dtype, default_dtype, dtype_name, is_floating
from fxtraced.framework.place import current_device
from fxtraced.tensor.shape import int_of, shape_list


def torch_method(x: Any, name: str, *args: Any) -> Any:
    """torch's own method of x, whatever Paddle means by its name: torch_method(x, "to", torch.int64)."""
    return getattr(torch.Tensor, name)(x, *args)


def to_dtype(x: Any, dtype: torch.dtype) -> Any:
    """x in this dtype; x itself when it has it already."""
    return x if x.dtype == dtype else torch_method(x, "to", dtype)


def dtype_or(dtype: Any, default: torch.dtype | None = None) -> torch.dtype:
    """The torch dtype of a `dtype` argument; None means `default`, or else the default floating dtype."""
    if dtype is None:
        return default or default_dtype()
    return convert_dtype(dtype)


def dims(axis: Any, x: Any) -> list[Any]:
    """The axes of an `axis` argument as a list: None, [] and () mean all of them."""
    if axis is None:
        return list(range(x.ndim))
    return shape_list(axis) or list(range(x.ndim))


def one_dim(axis: Any, x: Any, function: str) -> int:
    """A single axis, counted from the front. Raises IndexError, naming the function, unless -ndim <= axis < ndim."""
    axis = int_of(axis)
    rank = max(x.ndim, 1)
    if not -rank <= axis < rank:
        raise IndexError(f"{function}: axis must be in [{-rank}, {rank}), but received {axis}")
    return axis + x.ndim if axis < 0 else axis


def check_tensor(x: Any, argument: str, function: str) -> None:
    """Raise TypeError unless x is a tensor."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{function}(): argument '{argument}' must be Tensor, but got {type(x).__name__}")


def operand(x: Any, y: Any) -> Any:
    """y as the right-hand side of x + y: a tensor or a number. NumPy values become tensors or numbers.

    Raises ValueError for any other type, as Paddle does.
    """
    if isinstance(y, torch.Tensor | bool | int | float | complex):
        return y
    if isinstance(y, np.generic):
        return y.item()
    if isinstance(y, np.ndarray):
        return torch.tensor(y, device=x.device)
    raise ValueError(f"an operand must be int, float, bool or Tensor, but got {type(y).__name__}: {y!r}")


def promote(x: Any, y: Any) -> tuple[Any, Any]:
    """Both tensors in the dtype of Paddle's + - *: the wider one of two floating or complex dtypes, else x's.

    Differs from torch: int64 + float32 is int64, and a 0-D tensor counts like any other.
    """
    if x.dtype == y.dtype:
        return x, y
    together = (is_floating(x.dtype) or x.dtype.is_complex) and (is_floating(y.dtype) or y.dtype.is_complex)
    dtype = torch.promote_types(x.dtype, y.dtype) if together or y.dtype.is_complex else x.dtype
    return to_dtype(x, dtype), to_dtype(y, dtype)


def in_dtype_of(x: Any, y: Any) -> tuple[Any, Any]:
    """Both tensors in x's dtype: the rule of / // % ** and @. A complex y makes both complex."""
    return promote(x, y) if y.dtype.is_complex else (x, to_dtype(y, x.dtype))


def alike(x: Any, y: Any) -> tuple[Any, Any]:
    """Both tensors, which must have one dtype: Paddle's functions do not mix them, as its operators do.

    Raises ValueError where the dtypes differ.
    """
    if x.dtype != y.dtype:
        raise ValueError(
            f"x has dtype {dtype_name(x.dtype)} and y {dtype_name(y.dtype)}: cast one of them, "
            f"such as y.astype({dtype_name(x.dtype)!r})"
        )
    return x, y


def new_device(*tensors: Any) -> torch.device:
    """Where a new tensor goes: the device of the first tensor among the arguments, else the current one."""
    for tensor in tensors:
        if isinstance(tensor, torch.Tensor):
            return tensor.device
    return current_device()


def inplace(function: Callable[..., Any], without: str = "out", may_reform: bool = False) -> Callable[..., Any]:
    """The spelling with a trailing underscore: makes the result the first argument's value, and returns that.

    It takes what the function takes, except the argument `without`. A result of another dtype or rank than the tensor's
    raises ValueError; with may_reform it makes the tensor one of that form, outside of gradients.
    """
    name = function.__name__ + "_"
    takes = inspect.signature(function)
    shorter = without in takes.parameters
    takes = takes.replace(parameters=[found for key, found in takes.parameters.items() if key != without])

    @functools.wraps(function)
    def method(x: Any, *args: Any, **kwargs: Any) -> Any:
        if shorter:
            args, kwargs = (), takes.bind(x, *args, **kwargs).arguments
            del kwargs[next(iter(kwargs))]
        # The gradient may need the old values.
        old = torch.clone(x) if x.requires_grad and torch.is_grad_enabled() else x
        result = function(old, *args, **kwargs)
        if result.dtype == x.dtype and result.ndim == x.ndim:
            torch_method(x, "copy_", result)
        elif may_reform and not (torch.is_grad_enabled() and x.requires_grad):
            replace_data(x, result)
        else:
            raise ValueError(
                f"{name}: the result has dtype {result.dtype} and {result.ndim} axes, "
                f"which does not fit the tensor's {x.dtype} and {x.ndim}"
            )
        return x

    method.__name__ = method.__qualname__ = name
    method.__signature__ = takes  # type: ignore[attr-defined]
    method.__doc__ = f"{function.__name__}, in place. Returns x; raises ValueError when the result does not fit it."
    return method


def replace_data(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """tensor.data = value, for a value whose memory nothing else has: the tensor still counts all writes."""
    torch.Tensor.data.__set__(tensor, value)  # type: ignore[attr-defined]
