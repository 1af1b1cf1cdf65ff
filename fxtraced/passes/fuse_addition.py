"""fuse_addition: an addition writes over an operand.

Requires: nothing. Ensures: same values; where an operand of an addition is new memory of the result's shape and
dtype that nothing else reads, the sum takes its place where the operands have one shape.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes.fuse_activation import _ACTIVATIONS
from fxtraced.passes.matching import is_call, may_be_overwritten, name_of


def fuse_addition(graph: fx.Graph, after: tuple[str, ...] = (), before_activation: bool = False) -> int:
    """Make additions in place: after these operations only when some are named; before an activation only when asked.

    Returns how many.
    """
    changed = 0
    for node in list(graph.nodes):
        if node.target not in (operator.add, torch.add) or len(node.args) != 2 or node.kwargs:
            continue
        if before_activation and not all(is_call(user, *_ACTIVATIONS) for user in node.users):
            continue
        for target, other in (node.args, node.args[::-1]):
            if _fits(node, target, other) and (not after or name_of(target) in after):
                with graph.inserting_before(node):
                    added = graph.call_function(add_into, (target, other))
                added.meta = {**node.meta, "effect": "write"}
                node.replace_all_uses_with(added)
                graph.erase_node(node)
                changed += 1
                break
    return changed


def add_into(target: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """target + other in target's memory; at sizes where one operand is broadcast, in new memory."""
    return target.add_(other) if target.shape == other.shape else target + other


def _fits(node: fx.Node, target: Any, other: Any) -> bool:
    if not may_be_overwritten(target, node) or not isinstance(other, fx.Node) or target is other:
        return False
    form = (node.meta["shape"], node.meta["dtype"])
    return all((x.meta.get("shape"), x.meta.get("dtype")) == form for x in (target, other))
