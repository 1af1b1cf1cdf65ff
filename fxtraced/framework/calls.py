"""Errors that say which call they are of.

torch's own errors speak of its functions and arguments ("argument 'input' (position 1) must be Tensor, not str"). The
public functions are wrapped once, where they are exported, so that what goes wrong below one is told as its error:

    concat(): Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor number 1 ...
      in concat(x=[float32[2, 3], float32[2, 4]], axis=0)
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import dtype_name


class CallError(ValueError):
    """Wrong arguments: a ValueError, as Paddle has it nearly everywhere, and of torch's type as well."""


class CallTypeError(CallError, TypeError):
    """Arguments of a wrong type."""


class CallIndexError(CallError, IndexError):
    """An axis or index out of range."""


class CallRuntimeError(CallError, RuntimeError):
    """Sizes or values that do not fit."""


class CallNotImplementedError(CallError, NotImplementedError):
    """A dtype that the function does not take."""


class CallLinAlgError(CallError, torch.linalg.LinAlgError):
    """A matrix that cannot be decomposed or inverted."""


class CallAssertionError(CallError, AssertionError):
    """What Paddle asserts of its arguments."""


# By exact type: what derives from these (out of memory, fxtraced's own refusals) passes unchanged.
_TOLD: dict[type[BaseException], type[Exception]] = {
    ValueError: CallError,
    TypeError: CallTypeError,
    AttributeError: CallTypeError,
    IndexError: CallIndexError,
    RuntimeError: CallRuntimeError,
    NotImplementedError: CallNotImplementedError,
    torch.linalg.LinAlgError: CallLinAlgError,
    AssertionError: CallAssertionError,
}
# How torch and Python say that something is no tensor; the group is its type.
_NO_TENSOR = re.compile(r"must be Tensor, not (?:\w+\.)*(\w+)|'(\w+)' object has no attribute ")
# torch's list of its own signatures.
_SIGNATURES = ", but expected one of:"
_MOST_ITEMS = 8


_named: dict[Callable[..., Any], Callable[..., Any]] = {}


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with errors that name it and the arguments of the call. Costs next to nothing without an error."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except tuple(_TOLD) as error:
            told = _told(error, function, args, kwargs)
            if told is None:
                raise
            try:
                raise told from _first(error)
            finally:
                # The error's traceback holds this frame. With the error in it both would stay until the garbage
                # collector comes by, and so would the tensors of every call around them.
                del told

    if function not in _named:
        _named[function] = _named[call] = call
    return _named[function]


def name_calls(functions: Iterable[Callable[..., Any]]) -> None:
    """Put named(function) in place of each function wherever it stands in fxtraced, by any name."""
    wrapped = {function: named(function) for function in functions}
    for name, module in list(sys.modules.items()):
        if name.startswith("fxtraced"):
            for key, value in list(vars(module).items()):
                if isinstance(value, FunctionType) and value in wrapped:
                    setattr(module, key, wrapped[value])


def _first(error: BaseException) -> BaseException:
    """The error as it was before a function told it."""
    return error.__cause__ or error if isinstance(error, CallError) else error


def _told(error: BaseException, function: Callable[..., Any], args: Any, kwargs: Any) -> Exception | None:
    """The error with the call in its text; None for one that has it, or that is none of the arguments'."""
    first = _first(error)
    kind = _TOLD.get(type(first))
    if kind is None:
        return None
    name, text = function.__name__, str(first).partition(_SIGNATURES)[0]
    try:
        arguments = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError:
        # Python's own text on missing and unknown arguments names the function.
        return None
    found = _NO_TENSOR.search(text) if isinstance(first, TypeError | AttributeError) else None
    no_tensor = found and _of_type(found[1] or found[2], arguments)
    if no_tensor:
        text = f"argument '{no_tensor}' must be Tensor, but got {type(arguments[no_tensor]).__name__}"
    elif isinstance(first, AttributeError):
        return None
    start = "" if text.startswith((f"{name}:", f"{name}(")) else f"{name}(): "
    given = ", ".join(f"{key}={_written(value)}" for key, value in arguments.items())
    return kind(f"{start}{text}\n  in {name}({given})")


def _of_type(kind: str, arguments: dict[str, Any]) -> str | None:
    """The name of the first argument whose type has this name."""
    return next((name for name, value in arguments.items() if type(value).__name__ == kind), None)


def _written(value: Any) -> str:
    """An argument as a reader of the error wants it: a tensor as dtype and shape, anything else in short."""
    if isinstance(value, torch.Tensor):
        return _written_tensor(value)
    if isinstance(value, np.ndarray):
        return f"numpy {value.dtype}{list(value.shape)}"
    if isinstance(value, list | tuple):
        items = [_written(item) for item in value[:_MOST_ITEMS]] + ["..."] * (len(value) > _MOST_ITEMS)
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)})"
    if isinstance(value, torch.dtype):
        return dtype_name(value)
    if value is None or isinstance(value, bool | int | float | complex | str | slice | np.generic):
        return repr(value)
    return type(value).__name__


def _written_tensor(value: torch.Tensor) -> str:
    """Dtype and shape; of a few integers the values too, which may be places."""
    traces = torch._C._len_torch_function_stack()
    with torch._C.DisableTorchFunction():
        text = f"{dtype_name(value.dtype)}{list(torch.Tensor.size(value))}"
        number = not (value.dtype.is_floating_point or value.dtype.is_complex)
        if number and not traces and value.device.type == "cpu" and torch.Tensor.numel(value) <= _MOST_ITEMS:
            text += f" {torch.Tensor.tolist(value)}"
    return text
