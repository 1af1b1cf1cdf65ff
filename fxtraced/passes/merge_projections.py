"""merge_projections: linear calls that read one tensor become one, where that is faster.

Requires: a graph for one kind of device, before pack_linears. Ensures: same values within rounding at every size; the
queries, keys and values of attention, and any other linear calls of the same input with weights of the layer, are parts
of one result, whose weight and bias are derived. One with an activation of its own stays, and one that the caller gets.
On a CPU it pays for few rows, where a call costs more than its arithmetic; there it is measured. For a GPU, where it is
one kernel for several and one reading of the input, all are merged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.linear import Linear, rows
from fxtraced.passes.matching import given_away, is_call
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_linears import pack_linears
from fxtraced.passes.state_values import derived_call, is_float32, products, state_values

# Rows from which nothing is gained, and multiplications from which the one call can be packed, without which it gains
# nothing either.
_MOST_ROWS, _WORTHWHILE = 128, 1 << 24
# By how they are calculated, the weight and the bias of merged calls.
Weights = dict[Any, tuple[fx.Node, fx.Node | None]]
# How many times faster the one call must be in the measurement: a part of a result is no contiguous tensor, and what
# reads it may be slower for that.
_GAIN = 1.1


def merge_projections(graph: fx.Graph, measured: bool = True) -> int:
    """Merge linear calls of one input, in place; returns how many became parts. measured: where that is faster here."""
    groups = _groups(graph, measured)
    weights: Weights = {}
    if not measured:
        for group in groups:
            _merge(group, weights)
        return sum(map(len, groups))
    state: set[fx.Node] = set()
    sites = []
    for group in groups:
        nodes, own = _measured_site(group)
        state |= own
        sites.append((_key(group), nodes))
    chosen = choose(sites, state, {"apart": pack_linears, "merged": _merged_and_packed}, _GAIN)
    merged = 0
    for group, name in zip(groups, chosen, strict=True):
        if name == "merged":
            _merge(group, weights)
            merged += len(group)
    return merged


def concatenated(*values: Any) -> Any:
    """Weights [out, in] or biases [out] one after the other."""
    return torch.cat(values)


def _groups(graph: fx.Graph, worthwhile: bool) -> list[list[fx.Node]]:
    most_rows, least = (_MOST_ROWS, _WORTHWHILE) if worthwhile else (math.inf, 0)
    state, outside = state_values(graph), given_away(graph)
    found: dict[Any, list[fx.Node]] = {}
    for node in graph.nodes:
        if not is_call(node, "linear") or node in outside or onednn.activation_after(node) is not None:
            continue
        x, weight, bias = Linear.of(node)
        fits = x not in state and weight in state and is_float32(x, weight, node) and len(weight.meta["shape"]) == 2
        if fits and (bias is None or (bias in state and is_float32(bias))) and 0 < rows(node) < most_rows:
            found.setdefault((x, bias is None), []).append(node)
    return [
        group
        for group in found.values()
        if len(group) > 1 and sum(products(node, Linear.of(node)[1]) for node in group) >= least
    ]


def _merge(group: list[fx.Node], merged: Weights) -> None:
    """Merge one group. merged: the weights and biases of the groups before it, as a step of a loop has them again."""
    first = group[0]
    graph = first.graph
    operands = [Linear.of(node) for node in group]
    widths = [int(node.meta["shape"][-1]) for node in group]
    key = tuple(_calculation(value) for _, *own in operands for value in own)
    if key not in merged:
        _move_before(first, group[-1], (value for _, *own in operands for value in own if value is not None))
        with graph.inserting_before(first):
            weight = derived_call(graph, concatenated, tuple(weight for _, weight, _ in operands), like=operands[0][1])
            weight.meta["shape"] = (sum(widths), operands[0][1].meta["shape"][1])
            bias = None
            if operands[0][2] is not None:
                bias = derived_call(graph, concatenated, tuple(bias for *_, bias in operands), like=operands[0][2])
                bias.meta["shape"] = (sum(widths),)
        merged[key] = weight, bias
    weight, bias = merged[key]
    with graph.inserting_before(first):
        whole = graph.call_function(torch.nn.functional.linear, (operands[0][0], weight, bias))
        whole.meta = {**first.meta, "shape": (*first.meta["shape"][:-1], sum(widths))}
        start = 0
        for node, width in zip(group, widths, strict=True):
            part = graph.call_function(torch.narrow, (whole, -1, start, width))
            part.meta = {**node.meta, "view": True}
            node.replace_all_uses_with(part)
            start += width
    for node in group:
        graph.erase_node(node)


def _calculation(value: Any) -> Any:
    """What a value of the layer's tensors is calculated by, equal for equal calculations."""
    if not isinstance(value, fx.Node):
        return repr(value)
    return value.op, value.target, tuple(map(_calculation, value.args)), repr(value.kwargs)


def _move_before(first: fx.Node, last: fx.Node, values: Iterable[fx.Node]) -> None:
    """Move what values are computed by, from the layer's tensors alone, from between two nodes to before the first."""
    needed: set[fx.Node] = set()
    pending = list(values)
    while pending:
        value = pending.pop()
        if value not in needed:
            needed.add(value)
            pending += value.all_input_nodes
    node = first
    while node is not last:
        following = node.next
        if node in needed:
            first.prepend(node)
        node = following


def _measured_site(group: list[fx.Node]) -> tuple[list[fx.Node], set[fx.Node]]:
    """The calls of a group in a graph of their own, with something small that reads them all; its weights."""
    graph, state = fx.Graph(), set[fx.Node]()
    x = graph.placeholder("x")
    x.meta = dict(Linear.of(group[0])[0].meta)
    nodes, parts = [], []
    for i, node in enumerate(group):
        own = []
        for name, value in zip(("weight", "bias"), Linear.of(node)[1:], strict=True):
            if value is not None:
                own.append(graph.get_attr(f"{name}_{i}"))
                own[-1].meta = {key: value.meta[key] for key in ("shape", "dtype")}
        state.update(own)
        call = graph.call_function(torch.nn.functional.linear, (x, *own))
        call.meta = {key: node.meta[key] for key in ("shape", "dtype")}
        part = graph.call_function(torch.select, (call, -1, 0))
        part.meta = {"shape": call.meta["shape"][:-1], "dtype": torch.float32}
        nodes += [call, part]
        parts.append(part)
    nodes.append(graph.call_function(torch.stack, (parts,)))
    nodes[-1].meta = {"shape": (len(parts), *parts[0].meta["shape"]), "dtype": torch.float32}
    return nodes, state


def _merged_and_packed(graph: fx.Graph) -> None:
    _merge([node for node in graph.nodes if is_call(node, "linear")], {})
    pack_linears(graph)


def _key(group: list[fx.Node]) -> tuple[Any, ...]:
    """What decides how long the calls take."""
    forms = tuple((*map(int, Linear.of(node)[1].meta["shape"]), Linear.of(node)[2] is None) for node in group)
    return "projections", rows(group[0]), forms
