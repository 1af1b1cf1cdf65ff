"""recognise_layer_norm: a layer norm written out becomes its one call.

Requires: a graph for a CPU. Ensures: same values within rounding; in float32, (x - mean) / sqrt(variance + epsilon)
over the last axis, with the weight and the bias after it where they are of the layer and of that axis, is one call,
unless something else reads a part of it. The variance is the mean of the squares: one divided by n - 1 stays.
Where squares overflow (magnitudes over 1e18), the one call gives not-a-number.
"""

from __future__ import annotations

from typing import Any

from torch import fx
from torch.nn import functional as F

from fxtraced.passes.arithmetic import difference_of, is_tensor, plus_number, power_of, sum_of
from fxtraced.passes.matching import argument, is_call, replace_value
from fxtraced.passes.state_values import has_effects, is_float32, state_values


def recognise_layer_norm(graph: fx.Graph) -> int:
    """Replace layer norms written out, in place; returns how many."""
    if has_effects(graph):
        return 0
    state = state_values(graph)
    changed = 0
    for node in list(graph.nodes):
        x = None if node._erased else _normed(node)
        if x is None:
            continue
        normed, weight, bias, epsilon = _with_affine(*x, node, state)
        with graph.inserting_before(normed):
            size = graph.call_method("size", (x[0], -1))
        size.meta["number"] = int
        replace_value(normed, F.layer_norm, (x[0], [size], weight, bias, epsilon))
        changed += 1
    return changed


def _normed(node: fx.Node) -> tuple[fx.Node, float] | None:
    """The x and epsilon of (x - mean) / sqrt(variance + epsilon), or of that times the rsqrt."""
    for away, scale, exponent in _quotients(node):
        root = power_of(scale)
        shifted = plus_number(root[0]) if root is not None and root[1] == exponent else None
        centred = difference_of(away)
        if shifted is None or centred is None or not is_float32(centred[0]) or _rank(centred[0]) < 1:
            continue
        x, mean = centred
        variance, epsilon = shifted
        if _mean_of(mean) is x and _is_variance(variance, x, away) and not _is_read_elsewhere(node, away, scale, x):
            return x, epsilon
    return None


def _quotients(node: fx.Node) -> list[tuple[Any, Any, float]]:
    if len(node.args) != 2 or node.kwargs or not all(map(is_tensor, node.args)):
        return []
    if is_call(node, "truediv", "div", "divide"):
        return [(node.args[0], node.args[1], 0.5)]
    if is_call(node, "mul", "multiply"):
        return [(node.args[0], node.args[1], -0.5), (node.args[1], node.args[0], -0.5)]
    return []


def _is_variance(node: fx.Node, x: fx.Node, away: fx.Node) -> bool:
    """mean((x - mean) ** 2), or var(x) without correction."""
    if is_call(node, "var"):
        over = argument(node, 1, "dim"), node.kwargs.get("keepdim", argument(node, 3, "keepdim", False))
        correction = node.kwargs.get("correction", 1)
        biased = argument(node, 2, "unbiased", True) is False or correction == 0
        return node.args[0] is x and bool(biased) and _is_last(over[0], x) and over[1] is True
    squared = power_of(_mean_of(node))
    return squared is not None and squared[1] == 2.0 and squared[0] is away


def _mean_of(node: Any) -> Any:
    """What a call takes the mean of over the last axis, which it keeps."""
    if not is_call(node, "mean") or not is_tensor(node.args[0]) or node.kwargs.get("dtype") is not None:
        return None
    keeps = argument(node, 2, "keepdim", False) is True
    return node.args[0] if keeps and _is_last(argument(node, 1, "dim"), node.args[0]) else None


def _is_last(dims: Any, x: fx.Node) -> bool:
    dims = list(dims) if isinstance(dims, list | tuple) else [dims]
    return len(dims) == 1 and dims[0] in (-1, _rank(x) - 1)


def _is_read_elsewhere(node: fx.Node, away: fx.Node, scale: fx.Node, x: fx.Node) -> bool:
    """True when something but the norm reads a value between x and the result."""
    inside = {node}
    pending = [away, scale]
    while pending:
        value = pending.pop()
        if value is not x and value not in inside:
            inside.add(value)
            pending += value.all_input_nodes
    return any(user not in inside for value in inside - {node} for user in value.users)


def _with_affine(x: fx.Node, epsilon: float, node: fx.Node, state: set[fx.Node]) -> tuple[fx.Node, Any, Any, float]:
    """The last node of a norm with its weight and bias."""
    weight = bias = None
    width = x.meta["shape"][-1:]

    def parameter(user: fx.Node, operands: tuple[Any, ...]) -> Any:
        others = [y for y in operands if y is not node]
        fits = len(others) == 1 and others[0] in state and is_float32(others[0]) and others[0].meta["shape"] == width
        return others[0] if fits and user.meta["shape"] == node.meta["shape"] else None

    user = _only_user(node)
    if is_call(user, "mul", "multiply") and len(user.args) == 2 and not user.kwargs:
        weight = parameter(user, user.args)
        node = user if weight is not None else node
    user = _only_user(node)
    operands = sum_of(user)
    if operands is not None:
        bias = parameter(user, operands)
        node = user if bias is not None else node
    return node, weight, bias, epsilon


def _only_user(node: fx.Node) -> Any:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _rank(node: fx.Node) -> int:
    return len(node.meta["shape"])
