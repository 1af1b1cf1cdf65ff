"""pack_linears: large linear calls go to oneDNN with weights in its own layout, where that is faster.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; a linear call
with the activation that alone reads it is one oneDNN call, and its weight is derived: packed once. Which is faster
differs from CPU to CPU and is measured; a small call stays, unmeasured.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.measuring import choose
from fxtraced.passes.state_values import packed_call, products, state_values

# Multiplications from which a oneDNN call can pay.
_WORTHWHILE = 1 << 24


def pack_linears(graph: fx.Graph) -> int:
    """Replace linear calls by packed ones, in place; returns how many."""
    if not onednn.is_available():
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if _can_pack(node, state)]
    sites = [(_key(node), _with_activation(node)) for node in found]
    chosen = choose(sites, state, {"packed": _pack_first, "present": fuse_activation})
    found = [node for node, name in zip(found, chosen, strict=True) if name == "packed"]
    for node in found:
        pack_linear(graph, node)
    return len(found)


def pack_linear(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a linear call, with the activation that alone reads it, by a oneDNN call."""
    x, weight, bias = _operands(node)
    with graph.inserting_before(node):
        lay_out = torch.ops.mkldnn._reorder_linear_weight.default
        weight = packed_call(graph, lay_out, [weight], _rows(node), like=weight)
    following = onednn.activation_after(node)
    name, numbers, variant = onednn.Activation() if following is None else following[1]
    operation = torch.ops.mkldnn._linear_pointwise.default
    replace_calls(graph, _with_activation(node), operation, (x, weight, bias, name, numbers, variant))


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
    return "linear", _rows(node), int(outputs), int(inputs), following and following[1]


def _with_activation(node: fx.Node) -> list[fx.Node]:
    following = onednn.activation_after(node)
    return [node] if following is None else [node, following[0]]


def _pack_first(graph: fx.Graph) -> None:
    pack_linear(graph, next(node for node in graph.nodes if is_call(node, "linear")))


def _operands(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 0, "input"), argument(node, 1, "weight"), argument(node, 2, "bias")


def _rows(node: fx.Node) -> int:
    return math.prod(map(int, node.meta["shape"][:-1]))
