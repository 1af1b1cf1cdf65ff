"""pack_linears: large linear calls go to oneDNN with weights in its own layout, where that is faster.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; a linear call
with the addition or the activation that alone reads it is one oneDNN call, and its weight is derived: packed once.
Which is faster differs from CPU to CPU and is measured; a small call stays, unmeasured.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.measuring import choose
from fxtraced.passes.state_values import packed_call, products, state_values

# Multiplications from which a oneDNN call can pay.
_WORTHWHILE = 1 << 20
# How many times faster it must be: it takes memory for a second weight.
_GAIN = 1.05


def pack_linears(graph: fx.Graph) -> int:
    """Replace linear calls by packed ones, in place; returns how many."""
    if not onednn.is_available():
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if _can_pack(node, state)]
    sites = [(_key(node), _with_following(node)) for node in found]
    chosen = choose(sites, state, {"present": _leave, "packed": _pack_first}, gain=_GAIN)
    found = [node for node, name in zip(found, chosen, strict=True) if name == "packed"]
    for node in found:
        pack_linear(graph, node)
    return len(found)


def pack_linear(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a linear call, with the addition or the activation that alone reads it, by a oneDNN call."""
    x, weight, bias = _operands(node)
    with graph.inserting_before(node):
        lay_out = torch.ops.mkldnn._reorder_linear_weight.default
        weight = packed_call(graph, lay_out, [weight], _rows(node), like=weight)
    replaced, added = _with_following(node), onednn.addition_after(node)
    if added:
        replace_calls(graph, replaced, linear_with_addition, (x, added[1], weight, bias))
        return
    following = onednn.activation_after(node)
    name, numbers, variant = onednn.Activation() if following is None else following[1]
    operation = torch.ops.mkldnn._linear_pointwise.default
    replace_calls(graph, replaced, operation, (x, weight, bias, name, numbers, variant))


def linear_with_addition(x: Any, other: Any, weight: Any, bias: Any) -> Any:
    """linear(x, weight, bias) + other, with a packed weight.

    oneDNN adds what has as many elements: at sizes where torch would repeat an operand, torch adds.
    """
    linear = torch.ops.mkldnn._linear_pointwise
    if x.shape[:-1] == other.shape[:-1]:
        return linear.binary(x, other, weight, bias, "add")
    return linear(x, weight, bias, "none", [], "") + other


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "linear"):
        return False
    x, weight, bias = _operands(node)
    if weight not in state or len(weight.meta["shape"]) != 2 or len(x.meta["shape"]) < 2:
        return False
    if bias is not None and bias not in state:
        return False
    operands = (x, weight) if bias is None else (x, weight, bias)
    return onednn.takes(node, *operands) and products(node, weight) >= _WORTHWHILE


def _key(node: fx.Node) -> tuple[Any, ...]:
    """What decides how long a call takes."""
    outputs, inputs = _operands(node)[1].meta["shape"]
    following = onednn.activation_after(node)
    is_added = onednn.addition_after(node) is not None
    return "linear", _rows(node), int(outputs), int(inputs), is_added, following and following[1]


def _with_following(node: fx.Node) -> list[fx.Node]:
    following = onednn.addition_after(node) or onednn.activation_after(node)
    return [node] if following is None else [node, following[0]]


def _leave(graph: fx.Graph) -> None:
    """What other passes make of a call that is not packed."""
    fuse_addition(graph, after=("linear",))
    fuse_activation(graph)


def _pack_first(graph: fx.Graph) -> None:
    pack_linear(graph, next(node for node in graph.nodes if is_call(node, "linear")))


def _operands(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 0, "input"), argument(node, 1, "weight"), argument(node, 2, "bias")


def _rows(node: fx.Node) -> int:
    return math.prod(map(int, node.meta["shape"][:-1]))
