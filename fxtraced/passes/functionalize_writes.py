"""functionalize_writes: a new tensor that is filled place by place becomes the result of one call.

Requires: nothing. Ensures: the same values bit for bit. What is new memory, and written by `x[index] = value` before
anything but its sizes is read, is copied and filled in one call, which writes nowhere else. A mask that a model draws
anew in each call leaves a graph without writes for the passes after this one.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import is_call
from fxtraced.tracing.regions import all_nodes, regions_of
from fxtraced.tracing.torch_calls import RESHAPING_WRITES


def functionalize_writes(graph: fx.Graph) -> int:
    """Replace writes into new tensors, in place; returns how many."""
    if any(is_call(node, *RESHAPING_WRITES) for node in all_nodes(graph)):
        return 0
    return sum(_fill_at_once(graph, owner) for owner in list(graph.nodes) if _is_new(owner))


def with_items(tensor: torch.Tensor, items: tuple[tuple[Any, Any], ...]) -> torch.Tensor:
    """A copy of a tensor with values at indices, set in their order."""
    result = tensor.clone()
    for index, value in items:
        result[index] = value
    return result


def _is_new(node: fx.Node) -> bool:
    """True for a call that gives a tensor in memory of its own."""
    is_plain = node.op in ("call_function", "call_method") and "effect" not in node.meta and not regions_of(node)
    return is_plain and "shape" in node.meta and not node.meta.get("view")


def _fill_at_once(graph: fx.Graph, owner: fx.Node) -> int:
    fills = sorted(node for node in owner.users if _fills(node, owner))
    if not fills:
        return 0
    between = _between(owner, fills[-1])
    # What is set before the last write is read later then, and another write may change it meanwhile.
    read = [x for fill in fills[:-1] for x in _read_by(fill) if "shape" in x.meta]
    if read and any(node.meta.get("effect") == "write" and node not in fills for node in between):
        return 0
    if any(node in owner.users and node not in fills and not _asks_for_form(node) for node in between):
        return 0
    with graph.inserting_after(fills[-1]):
        filled = graph.call_function(with_items, (owner, tuple((fill.args[1], fill.args[2]) for fill in fills)))
    filled.meta = {key: owner.meta[key] for key in ("shape", "dtype", "source") if key in owner.meta}
    for user in list(owner.users):
        if user not in fills and user not in between and user is not filled:
            user.replace_input_with(owner, filled)
    for fill in fills:
        graph.erase_node(fill)
    return len(fills)


def _fills(node: fx.Node, owner: fx.Node) -> bool:
    return node.target is operator.setitem and node.args[0] is owner and owner not in _read_by(node)


def _asks_for_form(node: fx.Node) -> bool:
    return is_call(node, "size", "dim", "numel", "getattr") and "shape" not in node.meta


def _read_by(fill: fx.Node) -> list[fx.Node]:
    read: list[fx.Node] = []
    fx.map_arg(fill.args[1:], read.append)
    return read


def _between(first: fx.Node, last: fx.Node) -> list[fx.Node]:
    """The nodes after one, up to another."""
    found = [first.next]
    while found[-1] is not last:
        found.append(found[-1].next)
    return found
