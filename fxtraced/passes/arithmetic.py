"""Products, quotients and sums of tensors and numbers, whichever way they are written."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from torch import fx

from fxtraced.passes.matching import argument, is_call


class Product(NamedTuple):
    """number * tensors[0] * tensors[1] ...; inner: the nodes between them and the last one."""

    number: float
    tensors: list[fx.Node]
    inner: list[fx.Node]


def product_of(node: Any) -> Product:
    """A node as the product that it is the end of, as far as nothing else reads what is between."""
    number, tensors, inner = 1.0, list[fx.Node](), list[fx.Node]()
    pending = [node]
    while pending:
        value = pending.pop(0)
        operands = _operands(value) if value is node or (isinstance(value, fx.Node) and len(value.users) == 1) else None
        if operands is None:
            tensors.append(value)
            continue
        factors, by = operands
        inner.append(value)
        number *= by
        pending = [*factors, *pending]
    return Product(number, tensors, inner)


def _operands(node: Any) -> tuple[list[Any], float] | None:
    """The tensors that a product or quotient is made of, and the number; None for another call."""
    if not isinstance(node, fx.Node) or len(node.args) != 2 or node.kwargs or "effect" in node.meta:
        return None
    if is_call(node, "mul", "multiply"):
        tensors = [x for x in node.args if isinstance(x, fx.Node)]
        numbers = [x for x in node.args if _is_number(x)]
        if len(tensors) + len(numbers) == 2 and all(map(is_tensor, tensors)):
            return tensors, float(math.prod(numbers))  # type: ignore[arg-type]
    if is_call(node, "truediv", "div", "divide") and is_tensor(node.args[0]):
        divisor: Any = node.args[1]
        if _is_number(divisor) and divisor:
            return [node.args[0]], 1.0 / divisor
    return None


def sum_of(node: Any) -> tuple[Any, Any] | None:
    """The two operands of a plain addition; None for another call."""
    if is_call(node, "add") and len(node.args) == 2 and not node.kwargs and "effect" not in node.meta:
        return node.args[0], node.args[1]
    return None


def plus_number(node: Any) -> tuple[fx.Node, float] | None:
    """The tensor and the number that a sum is made of; None for another call."""
    for tensor, number in _both_ways(sum_of(node)):
        if is_tensor(tensor) and _is_number(number):
            return tensor, float(number)
    return None


def difference_of(node: Any) -> tuple[fx.Node, fx.Node] | None:
    """The two tensors of a plain subtraction; None for another call."""
    plain = is_call(node, "sub", "subtract") and len(node.args) == 2 and not node.kwargs
    return tuple(node.args) if plain and all(map(is_tensor, node.args)) else None


def power_of(node: Any) -> tuple[fx.Node, float] | None:
    """The tensor and the number that a power is made of: pow, square, sqrt, rsqrt, x * x; None for another call."""
    if is_call(node, "pow") and len(node.args) == 2 and is_tensor(node.args[0]) and _is_number(node.args[1]):
        return node.args[0], float(node.args[1])
    for name, exponent in (("square", 2.0), ("sqrt", 0.5), ("rsqrt", -0.5)):
        if is_call(node, name):
            return node.args[0], exponent
    if is_call(node, "mul", "multiply") and len(node.args) == 2 and node.args[0] is node.args[1]:
        return node.args[0], 2.0
    return None


def clamp_of(node: Any) -> tuple[fx.Node, float, float] | None:
    """The tensor and the two bounds of a clamp, hardtanh or relu6; None for another call."""
    if is_call(node, "relu6") and not node.kwargs.get("inplace"):
        return node.args[0], 0.0, 6.0
    low: Any = None
    high: Any = None
    if is_call(node, "clamp", "clip"):
        low, high = argument(node, 1, "min"), argument(node, 2, "max")
    elif is_call(node, "hardtanh") and not node.kwargs.get("inplace"):
        low, high = argument(node, 1, "min_val", -1.0), argument(node, 2, "max_val", 1.0)
    return (node.args[0], float(low), float(high)) if _is_number(low) and _is_number(high) else None


def is_tensor(value: Any) -> bool:
    """True for a node whose value is a tensor."""
    return isinstance(value, fx.Node) and "shape" in value.meta


def is_close(a: float, b: float) -> bool:
    """True for numbers that are one in float32, written with seven digits or more."""
    return math.isclose(a, b, rel_tol=3e-7)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _both_ways(operands: tuple[Any, Any] | None) -> list[tuple[Any, Any]]:
    return [] if operands is None else [operands, operands[::-1]]
