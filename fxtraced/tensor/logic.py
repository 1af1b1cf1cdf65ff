"""Comparisons, logic and bits, element by element with broadcasting. `out` is left alone, as in Paddle."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import alike, inplace, operand
from fxtraced.tensor.tensor import as_tensor


def _pair(x: Any, y: Any) -> tuple[Any, Any]:
    y = operand(x, y)
    return alike(x, y) if isinstance(y, torch.Tensor) else (x, y)


def equal(x: Any, y: Any, name: Any = None) -> Any:
    """x == y, element by element; torch.equal is equal_all."""
    return torch.eq(*_pair(x, y))


def not_equal(x: Any, y: Any, name: Any = None) -> Any:
    """x != y, element by element."""
    return torch.ne(*_pair(x, y))


def less_than(x: Any, y: Any, name: Any = None) -> Any:
    """x < y, element by element."""
    return torch.lt(*_pair(x, y))


def less_equal(x: Any, y: Any, name: Any = None) -> Any:
    """x <= y, element by element."""
    return torch.le(*_pair(x, y))


def greater_than(x: Any, y: Any, name: Any = None) -> Any:
    """x > y, element by element."""
    return torch.gt(*_pair(x, y))


def greater_equal(x: Any, y: Any, name: Any = None) -> Any:
    """x >= y, element by element."""
    return torch.ge(*_pair(x, y))


def equal_all(x: Any, y: Any, name: Any = None) -> Any:
    """Whether all elements are equal, as a 0-D bool tensor."""
    return torch.all(torch.eq(*_pair(x, y)))


def isclose(x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False, name: Any = None) -> Any:
    """|x - y| <= atol + rtol * |y|, element by element."""
    return torch.isclose(x, y, rtol, atol, equal_nan)


def allclose(
    x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False, name: Any = None
) -> Any:
    """Whether all elements are close, as a 0-D bool tensor (torch gives a Python bool)."""
    return torch.all(torch.isclose(x, y, rtol, atol, equal_nan))


def logical_and(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """Both not zero, element by element."""
    return torch.logical_and(x, y)


def logical_or(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """Either not zero, element by element."""
    return torch.logical_or(x, y)


def logical_xor(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """Exactly one not zero, element by element."""
    return torch.logical_xor(x, y)


def logical_not(x: Any, out: Any = None, name: Any = None) -> Any:
    """Zero, element by element."""
    return torch.logical_not(x)


def bitwise_and(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """The bits that both integers have; logic for bools."""
    return torch.bitwise_and(x, operand(x, y))


def bitwise_or(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """The bits that either integer has; logic for bools."""
    return torch.bitwise_or(x, operand(x, y))


def bitwise_xor(x: Any, y: Any, out: Any = None, name: Any = None) -> Any:
    """The bits that one integer has and the other has not; logic for bools."""
    return torch.bitwise_xor(x, operand(x, y))


def bitwise_not(x: Any, out: Any = None, name: Any = None) -> Any:
    """All bits turned; logic for bools."""
    return torch.bitwise_not(x)


def is_empty(x: Any, name: Any = None) -> Any:
    """Whether x has no elements, as a 0-D bool tensor."""
    return as_tensor(torch.tensor(x.shape.numel() == 0, device=x.device))


def is_tensor(x: Any) -> bool:
    """True for a tensor of any kind."""
    return isinstance(x, torch.Tensor)


equal_ = inplace(equal, may_reform=True)
not_equal_ = inplace(not_equal, may_reform=True)
less_than_ = inplace(less_than, may_reform=True)
less_equal_ = inplace(less_equal, may_reform=True)
greater_than_ = inplace(greater_than, may_reform=True)
greater_equal_ = inplace(greater_equal, may_reform=True)
logical_and_ = inplace(logical_and, may_reform=True)
logical_or_ = inplace(logical_or, may_reform=True)
logical_xor_ = inplace(logical_xor, may_reform=True)
logical_not_ = inplace(logical_not, may_reform=True)
bitwise_and_ = inplace(bitwise_and)
bitwise_or_ = inplace(bitwise_or)
bitwise_xor_ = inplace(bitwise_xor)
bitwise_not_ = inplace(bitwise_not)

METHODS = (
    equal, not_equal, less_than, less_equal, greater_than, greater_equal, equal_all, isclose, allclose, logical_and,
    logical_or, logical_xor, logical_not, bitwise_and, bitwise_or, bitwise_xor, bitwise_not, is_empty, is_tensor,
    equal_, not_equal_, less_than_, less_equal_, greater_than_, greater_equal_, logical_and_, logical_or_, logical_xor_,
    logical_not_, bitwise_and_, bitwise_or_, bitwise_xor_, bitwise_not_,
)  # fmt: skip
