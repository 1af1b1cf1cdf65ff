"""recognise_activations: an activation written out becomes its one call.

Requires: a graph for a CPU. Ensures: same values within rounding where they are finite; in float32, GELU by erf and by
tanh, x * sigmoid(x), x * relu6(x + 3) / 6 and the hard sigmoid by clip, in every order of their factors, are one call
each, unless something else reads a part of them. Other constants stay as they are: those of an approximation are not
close enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import fx
from torch.nn import functional as F

from fxtraced.passes.arithmetic import clamp_of, is_close, plus_number, power_of, product_of, sum_of
from fxtraced.passes.matching import is_call, replace_value
from fxtraced.passes.state_values import has_effects, is_float32


def recognise_activations(graph: fx.Graph) -> int:
    """Replace activations written out, in place; returns how many."""
    if has_effects(graph):
        return 0
    changed = 0
    for node in list(graph.nodes):
        if node._erased or not is_float32(node):
            continue
        for find in (_hard_sigmoid, _swish, _hard_swish, _gelu):
            found = find(node)
            if found is not None and is_float32(found[1]) and found[1].meta["shape"] == node.meta["shape"]:
                target, x, kwargs = found
                replace_value(node, target, (x,), kwargs)
                changed += 1
                break
    return changed


Found = tuple[Callable[..., Any], fx.Node, dict[str, Any]] | None


def _hard_sigmoid(node: fx.Node) -> Found:
    """clamp(x / 6 + 0.5, 0, 1), clamp(x + 3, 0, 6) / 6"""
    if clamp_of(node) is not None:
        inner, low, high = clamp_of(node)  # type: ignore[misc]
        shifted = plus_number(inner) if (low, high) == (0.0, 1.0) and _alone(inner) else None
        if shifted is not None and shifted[1] == 0.5 and _alone(shifted[0]):
            number, tensors, _ = product_of(shifted[0])
            if is_close(number, 1 / 6) and len(tensors) == 1:
                return F.hardsigmoid, tensors[0], {}
        return None
    number, tensors, _ = product_of(node)
    if is_close(number, 1 / 6) and len(tensors) == 1:
        x = _ramp_of(tensors[0])
        if x is not None:
            return F.hardsigmoid, x, {}
    return None


def _swish(node: fx.Node) -> Found:
    for x, other in _two_factors(node, 1.0):
        if is_call(other, "sigmoid") and other.args[0] is x and _alone(other):
            return F.silu, x, {}
    return None


def _hard_swish(node: fx.Node) -> Found:
    for x, other in _two_factors(node, 1.0):
        if is_call(other, "hardsigmoid") and other.args[0] is x and _alone(other):
            return F.hardswish, x, {}
    for x, other in _two_factors(node, 1 / 6):
        if _ramp_of(other) is x:
            return F.hardswish, x, {}
    return None


def _gelu(node: fx.Node) -> Found:
    for x, other in _two_factors(node, 0.5):
        shifted = plus_number(other) if _alone(other) else None
        if shifted is None or shifted[1] != 1.0 or not _alone(shifted[0]):
            continue
        curve = shifted[0]
        if is_call(curve, "erf") and _is_multiple(curve.args[0], x, math.sqrt(0.5)):
            return F.gelu, x, {"approximate": "none"}
        if is_call(curve, "tanh") and _is_cubic(curve.args[0], x):
            return F.gelu, x, {"approximate": "tanh"}
    return None


def _two_factors(node: fx.Node, number: float) -> list[tuple[fx.Node, fx.Node]]:
    """The two tensors of a product that has this number in it, both ways round."""
    product = product_of(node)
    if len(product.tensors) != 2 or not is_close(product.number, number):
        return []
    first, second = product.tensors
    return [(first, second), (second, first)]


def _ramp_of(node: Any) -> Any:
    """The x of clamp(x + 3, 0, 6)."""
    clamped = clamp_of(node) if _alone(node) else None
    if clamped is None or clamped[1:] != (0.0, 6.0) or not _alone(clamped[0]):
        return None
    shifted = plus_number(clamped[0])
    return shifted[0] if shifted is not None and shifted[1] == 3.0 else None


def _is_multiple(node: Any, x: fx.Node, number: float) -> bool:
    if not _alone(node):
        return False
    product = product_of(node)
    return product.tensors == [x] and is_close(product.number, number)


def _is_cubic(node: Any, x: fx.Node) -> bool:
    """sqrt(2 / pi) * (x + 0.044715 * x ** 3), with x before the brackets or in them."""
    if not _alone(node):
        return False
    product = product_of(node)
    if not is_close(product.number, math.sqrt(2 / math.pi)) or not 1 <= len(product.tensors) <= 2:
        return False
    *outside, inner = sorted(product.tensors, key=lambda tensor: tensor is not x)
    if not _alone(inner):
        return False
    if outside:
        shifted = plus_number(inner) if outside == [x] else None
        return shifted is not None and shifted[1] == 1.0 and _alone(shifted[0]) and _is_power(shifted[0], x, 2)
    a, b = sum_of(inner) or (None, None)
    return any(first is x and _alone(second) and _is_power(second, x, 3) for first, second in ((a, b), (b, a)))


def _is_power(node: Any, x: fx.Node, exponent: int) -> bool:
    """0.044715 * x ** exponent"""
    number, tensors, _ = product_of(node)
    degree = 0.0
    for tensor in tensors:
        base, power = (tensor, 1.0) if tensor is x else power_of(tensor) or (None, 0.0)
        if base is not x:
            return False
        degree += power
    return is_close(number, 0.044715) and degree == exponent


def _alone(node: Any) -> bool:
    return isinstance(node, fx.Node) and len(node.users) == 1
