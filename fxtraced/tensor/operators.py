"""Python's operators on tensors: Paddle's rules for mixed dtypes over torch's functions.

There are no in-place operators in Paddle: `x += y` makes a new tensor and leaves other names of x alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.tensor.common import in_dtype_of, operand, promote, to_dtype


def _binary(name: str, function: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    mixed = in_dtype_of if name in ("__truediv__", "__floordiv__", "__mod__", "__pow__") else promote

    def operator(x: Any, y: Any) -> Any:
        y = operand(x, y)
        if isinstance(y, torch.Tensor):
            if x.dtype == torch.bool and y.dtype != torch.bool and name == "__add__":
                raise ValueError(f"a bool tensor does not add to one of {dtype_name(y.dtype)}: cast it first")
            x, y = mixed(x, y)
        elif x.dtype == torch.bool and isinstance(y, int):
            return _bool_and_int(name, x, y, function)
        elif x.dtype == torch.bool:
            x = to_dtype(x, torch.float32)
        elif type(y) is bool:
            y = int(y)
        return function(y, x) if reflected else function(x, y)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _bool_and_int(name: str, x: Any, y: Any, function: Callable[..., Any]) -> Any:
    """A bool tensor and an int. Paddle scales and adds in bool: `1 - mask` is True everywhere (use ~mask)."""
    if name in ("__add__", "__radd__", "__sub__", "__rsub__"):
        return torch.logical_or(x, torch.full_like(x, bool(y)))
    if name in ("__mul__", "__rmul__"):
        return torch.logical_and(x, torch.full_like(x, bool(y)))
    return function(y, x) if name.startswith("__r") else function(x, y)


def _reflected_subtract(y: Any, x: Any) -> Any:
    return torch.sub(y, x) if isinstance(y, torch.Tensor) else torch.rsub(x, y)


def _reflected_divide(y: Any, x: Any) -> Any:
    return torch.div(y, x) if isinstance(y, torch.Tensor) else torch.mul(torch.reciprocal(x), y)


def _matmul(x: Any, y: Any) -> Any:
    return torch.matmul(*in_dtype_of(x, operand(x, y)))


def _negative(x: Any) -> Any:
    """-x; of a bool tensor x itself, as in Paddle."""
    return torch.clone(x) if x.dtype == torch.bool else torch.neg(x)


def _invert(x: Any) -> Any:
    return torch.bitwise_not(x)


def _absolute(x: Any) -> Any:
    return torch.abs(x)


def _table() -> dict[str, Callable[..., Any]]:
    both: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "add": (torch.add, lambda y, x: torch.add(x, y)),
        "sub": (torch.sub, _reflected_subtract),
        "mul": (torch.mul, lambda y, x: torch.mul(x, y)),
        "truediv": (torch.div, _reflected_divide),
        "pow": (torch.pow, torch.pow),
    }
    one: dict[str, Callable[..., Any]] = {
        "floordiv": torch.floor_divide,
        "mod": torch.remainder,
        "and": torch.bitwise_and,
        "or": torch.bitwise_or,
        "xor": torch.bitwise_xor,
    }
    compare: dict[str, Callable[..., Any]] = {
        "eq": torch.eq,
        "ne": torch.ne,
        "lt": torch.lt,
        "le": torch.le,
        "gt": torch.gt,
        "ge": torch.ge,
    }
    table: dict[str, Callable[..., Any]] = {}
    for name, (function, reflected) in both.items():
        table[f"__{name}__"] = _binary(f"__{name}__", function)
        table[f"__r{name}__"] = _binary(f"__r{name}__", reflected, reflected=True)
    for name, function in {**one, **compare}.items():
        table[f"__{name}__"] = _binary(f"__{name}__", function)
    whole: dict[str, Any] = {"__matmul__": _matmul, "__neg__": _negative, "__invert__": _invert, "__abs__": _absolute}
    for name, method in whole.items():
        method.__name__ = method.__qualname__ = name
    table.update(whole)
    for name in [*both, *one, "matmul"]:
        table[f"__i{name}__"] = table[f"__{name}__"]
    return table


OPERATORS = _table()
