"""pack_linears: linear calls with weights packed once.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; a large linear
call and the activation that alone reads it are one oneDNN call, a middle one is a call of MKL where torch has that, and
their weights are derived. Small ones stay.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.state_values import derived_call, is_float32, products, state_values

# Multiplications from which packing pays, and from which oneDNN does: it has the dearer calls.
_WORTHWHILE = 1 << 18
_WORTHWHILE_ONEDNN = 1 << 25


def pack_linears(graph: fx.Graph) -> int:
    """Replace linear calls by packed ones, in place; returns how many."""
    if not onednn.is_available():
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if _can_pack(node, state)]
    for node in found:
        if products(node, argument(node, 1, "weight")) >= _WORTHWHILE_ONEDNN:
            _pack_for_onednn(graph, node)
        else:
            _pack_for_mkl(graph, node)
    return len(found)


def packed_for_onednn(weight: Any, rows: int) -> Any:
    """A linear weight [out, in] as oneDNN wants it for this many rows; it computes any number."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)


def packed_for_mkl(weight: Any, rows: int) -> Any:
    """A linear weight [out, in] as MKL wants it for this many rows."""
    return torch.ops.mkl._mkl_reorder_linear_weight(weight.contiguous(), rows)


def _pack_for_onednn(graph: fx.Graph, node: fx.Node) -> None:
    x, weight, bias = _operands(node)
    with graph.inserting_before(node):
        weight = derived_call(graph, packed_for_onednn, (weight, _rows(node)), like=weight)
    found = onednn.activation_after(node)
    replaced = [node] if found is None else [node, found[0]]
    name, numbers, variant = onednn.Activation() if found is None else found[1]
    replace_calls(
        graph, replaced, torch.ops.mkldnn._linear_pointwise.default, (x, weight, bias, name, numbers, variant)
    )


def _pack_for_mkl(graph: fx.Graph, node: fx.Node) -> None:
    x, weight, bias = _operands(node)
    rows = _rows(node)
    with graph.inserting_before(node):
        packed = derived_call(graph, packed_for_mkl, (weight, rows), like=weight)
    # With another number of rows than these it computes with the weight itself.
    replace_calls(graph, [node], torch.ops.mkl._mkl_linear.default, (x, packed, weight, bias, rows))


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "linear"):
        return False
    x, weight, bias = _operands(node)
    if weight not in state or len(weight.meta["shape"]) != 2 or len(x.meta["shape"]) < 2:
        return False
    if bias is not None and (bias not in state or not is_float32(bias)):
        return False
    size = products(node, weight)
    least = _WORTHWHILE if torch.backends.mkl.is_available() else _WORTHWHILE_ONEDNN
    return is_float32(x, weight, node) and size >= least


def _operands(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 0, "input"), argument(node, 1, "weight"), argument(node, 2, "bias")


def _rows(node: fx.Node) -> int:
    return math.prod(map(int, node.meta["shape"][:-1]))
