"""remove_dead_code: drop what nobody uses.

Requires: nothing. Ensures: every node left has a user or an effect (a write, a random draw, a guard); feeds stay.
"""

from __future__ import annotations

from torch import fx


def remove_dead_code(graph: fx.Graph) -> int:
    """Erase unused nodes in place; returns how many."""
    removed = 0
    for node in reversed(graph.nodes):
        if node.op in ("placeholder", "output") or node.users or "effect" in node.meta:
            continue
        graph.erase_node(node)
        removed += 1
    return removed
