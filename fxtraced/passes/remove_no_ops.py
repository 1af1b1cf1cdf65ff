"""remove_no_ops: drop calls that give their input back.

Requires: nothing. Ensures: no dropout outside of training, no identity, no detach; and no copy in a graph that neither
writes nor looks at layouts, except what the caller gets: he may write into it.
"""

from __future__ import annotations

from typing import Any

from torch import fx

from fxtraced.passes.layout import looks_at_layout, reshape_for_view
from fxtraced.passes.matching import given_away, name_of, writes

_DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")


def remove_no_ops(graph: fx.Graph) -> int:
    """Replace no-ops by their inputs, in place; returns how many."""
    written, outside = writes(graph), given_away(graph)
    no_copies = not written and not looks_at_layout(graph)
    if no_copies:
        reshape_for_view(graph)
    removed = 0
    for node in list(graph.nodes):
        if _is_no_op(node, written, no_copies) and not (node in outside and name_of(node) == "clone"):
            source: Any = node.args[0]
            if any(user.op == "output" for user in node.users) and source.op in ("placeholder", "get_attr"):
                continue
            node.replace_all_uses_with(source)
            graph.erase_node(node)
            removed += 1
    return removed


def _is_no_op(node: fx.Node, written: bool, no_copies: bool) -> bool:
    if not node.args or not isinstance(node.args[0], fx.Node) or "effect" in node.meta:
        return False
    name = name_of(node)
    if name in _DROPOUTS:
        training = node.kwargs.get("training", node.kwargs.get("train", node.args[2] if len(node.args) > 2 else True))
        return training is False
    if name == "clone":
        return no_copies or (bool(node.meta.get("fresh_constant")) and not written)
    # A detached tensor has sizes of its own, which a write may change.
    return name == "detach" and not written
