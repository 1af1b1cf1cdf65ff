"""sink_casts: activations after products in lower precision are calculated in it, too.

Requires: a graph after lower_precision. Ensures: same values within that precision; where a product's result is cast to
float32 for an activation alone, the cast comes after it, so that both can be one call; what is cast to float32 and back
is itself. Sums, norms and soft-max stay in float32.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.matching import is_call
from fxtraced.passes.remove_dead_code import remove_dead_code


def sink_casts(graph: fx.Graph) -> int:
    """Move and remove casts, in place; returns how many."""
    changed = sum(_sink(graph, node) for node in list(graph.nodes) if "reduced" in node.meta)
    for node in list(graph.nodes):
        value = node.args[0] if is_call(node, "to") else None
        if is_call(value, "to") and _dtype(value.args[0]) is _dtype(node) is not _dtype(value) is torch.float32:  # type: ignore[union-attr]
            node.replace_all_uses_with(value.args[0])  # type: ignore[union-attr, arg-type]
            changed += 1
    remove_dead_code(graph)
    return changed


def _sink(graph: fx.Graph, product: fx.Node) -> bool:
    cast = onednn.only_user(product, "call_method")
    following = onednn.activation_after(cast) if is_call(cast, "to") else None
    if following is None or following[0].kwargs.get("inplace"):
        return False
    activation = following[0]
    activation.replace_input_with(cast, product)
    activation.meta = {**activation.meta, "dtype": product.meta["dtype"]}
    with graph.inserting_after(activation):
        wide = graph.call_method("to", (activation, torch.float32))
    wide.meta = {**activation.meta, "dtype": torch.float32}
    activation.replace_all_uses_with(wide, delete_user_cb=lambda user: user is not wide)
    graph.erase_node(cast)
    return True


def _dtype(node: object) -> torch.dtype | None:
    return node.meta.get("dtype") if isinstance(node, fx.Node) else None
