"""Python's operators on tensors: Paddle's rules for mixed dtypes over torch's functions."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import torch

from fxtraced.tensor.common import operand, promote, to_dtype


def _sides(x: Any, y: Any) -> tuple[Any, Any]:
    """Both sides in the dtype in which the operator works.

    An integer tensor and a Python float give float32; a bool tensor and an int stay bool, as in Paddle.
    """
    y = operand(x, y)
    if isinstance(y, torch.Tensor):
        return promote(x, y)
    if x.dtype == torch.bool and isinstance(y, int):
        return x, builtins.bool(y)
    return x, y


def _binary(name: str, function: Callable[..., Any], reflected: builtins.bool = False) -> Callable[..., Any]:
    def operator(x: Any, y: Any) -> Any:
        left, right = _sides(x, y)
        return function(right, left) if reflected else function(left, right)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _subtract_from(x: Any, y: Any) -> Any:
    return torch.rsub(y, x)


def _divide(x: Any, y: Any) -> Any:
    return torch.true_divide(x, y)


def _divide_into(x: Any, y: Any) -> Any:
    return torch.mul(torch.reciprocal(y), x)


def __matmul__(x: Any, y: Any) -> Any:
    return torch.matmul(*promote(x, operand(x, y)))


def __neg__(x: Any) -> Any:
    return torch.neg(x)


def __invert__(x: Any) -> Any:
    return torch.bitwise_not(x)


def __abs__(x: Any) -> Any:
    return torch.abs(x)


def __pos__(x: Any) -> Any:
    return x


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "truediv": _divide,
    "floordiv": torch.floor_divide,
    "mod": torch.remainder,
    "pow": torch.pow,
    "and": torch.bitwise_and,
    "or": torch.bitwise_or,
    "xor": torch.bitwise_xor,
}
_COMPARISONS = {"eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge}
