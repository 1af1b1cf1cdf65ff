"""fold_constants: what is calculated from the layer's own tensors and constants alone is calculated once.

Requires: a graph for a CPU, after the passes that lay out weights. Ensures: the same values bit for bit; the last such
value of each chain is derived, computed once and again after a change of what it comes from. A chain of views alone
stays, as it costs nothing, and so does what reaches the caller, who may write into it, and what is much larger than
what it comes from, such as a table expanded to a batch.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import erase_unused, given_away, is_pure, name_of
from fxtraced.passes.state_values import derived_call, has_effects
from fxtraced.tracing.torch_calls import FACTORIES, RANDOM

# A result may have so many elements, or so many times as many as what it comes from.
_LARGEST, _GROWTH = 1 << 20, 2
_FREE = frozenset(
    """t transpose permute unsqueeze squeeze expand expand_as getitem view swapaxes swapdims movedim moveaxis narrow
    select diagonal unflatten size dim numel getattr split chunk unbind detach""".split()
)


def fold_constants(graph: fx.Graph) -> int:
    """Make what depends on no input a derived call, in place; returns how many."""
    if has_effects(graph):
        return 0
    fixed = _fixed(graph)
    place = {node: i for i, node in enumerate(graph.nodes)}
    outside = given_away(graph)
    folded = 0
    for node in reversed([x for x in graph.nodes if x in fixed and x.op != "get_attr"]):
        if node._erased or "shape" not in node.meta or fixed.issuperset(node.users):
            continue
        chain, leaves = _chain(node, place)
        if node in outside or _size(node) > max(_LARGEST, _GROWTH * sum(map(_size, leaves))):
            # It is computed in each call, from what is folded.
            fixed.discard(node)
        elif not all(map(_is_free, chain)):
            with graph.inserting_before(node):
                value = derived_call(graph, Calculation(chain, leaves), tuple(leaves), like=node)
            node.replace_all_uses_with(value)
            erase_unused(node)
            folded += 1
    return folded


class Calculation:
    """Some nodes of a graph as a function of the values that they begin with; the last node gives its value."""

    def __init__(self, chain: list[fx.Node], leaves: list[fx.Node]):
        self.__name__ = f"folded_{name_of(chain[-1]).strip('_')}"
        self._graph = fx.Graph()
        copies = {leaf: self._graph.placeholder(leaf.name) for leaf in leaves}
        for node in chain:
            # What a new tensor takes from an input is its device, the CPU that the graph is for.
            copies[node] = self._graph.node_copy(node, lambda n: copies.get(n, torch.device("cpu")))  # type: ignore[arg-type, return-value]
        self._graph.output(copies[chain[-1]])

    def __call__(self, *values: Any) -> Any:
        known: dict[fx.Node, Any] = dict(zip(self._graph.find_nodes(op="placeholder"), values, strict=True))
        for node in self._graph.nodes:
            args, kwargs = fx.map_arg((node.args, node.kwargs), lambda n: known[n])
            if node.op == "call_function":
                known[node] = node.target(*args, **kwargs)  # type: ignore[operator]
            elif node.op == "call_method":
                known[node] = getattr(args[0], str(node.target))(*args[1:], **kwargs)
            elif node.op == "output":
                return args[0]
        raise AssertionError("a calculation without an output")


def _fixed(graph: fx.Graph) -> set[fx.Node]:
    """The values that depend on no input of the graph."""
    found: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op == "get_attr":
            found.add(node)
        elif is_pure(node):
            inputs = _inputs(node)
            made = name_of(node) in FACTORIES - RANDOM
            if found.issuperset(inputs) and (inputs or made):
                found.add(node)
    return found


def _inputs(node: fx.Node) -> list[fx.Node]:
    """What a node is calculated from; the device of a new tensor is the CPU that the graph is for."""
    device = node.kwargs.get("device")
    return [x for x in node.all_input_nodes if x is not device]


def _chain(node: fx.Node, place: dict[fx.Node, int]) -> tuple[list[fx.Node], list[fx.Node]]:
    """The calls that a fixed value is calculated by, in order, and the tensors that they begin with."""
    needed: set[fx.Node] = set()
    pending = [node]
    while pending:
        value = pending.pop()
        if value not in needed:
            needed.add(value)
            pending += [] if _is_leaf(value) else _inputs(value)
    ordered = sorted(needed, key=place.__getitem__)
    return [x for x in ordered if not _is_leaf(x)], [x for x in ordered if _is_leaf(x)]


def _is_free(node: fx.Node) -> bool:
    return name_of(node) in _FREE and node.meta.get("view", True)


def _is_leaf(node: fx.Node) -> bool:
    return node.op == "get_attr" or "derived" in node.meta


def _size(node: fx.Node) -> int:
    return math.prod(map(int, node.meta["shape"]))
