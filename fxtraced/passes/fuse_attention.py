"""fuse_attention: hand-written attention becomes scaled_dot_product_attention.

Requires: nothing. Ensures: same values within rounding; softmax(q k^T * scale + mask) v over four-dimensional q, k,
v, with the scale before or after the product and the mask optional, is one call. A probability that drops out in
training stays as it is.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import argument, is_call
from fxtraced.tracing.guards import check_guard


def fuse_attention(graph: fx.Graph) -> int:
    """Replace attention written as matmul, softmax, matmul by one call, in place; returns how many."""
    changed = 0
    for node in list(graph.nodes):
        found = _match(node)
        if found is None:
            continue
        q, k, v, mask, scale = found
        with graph.inserting_before(node):
            _check_lengths(graph, k, v)
            fused = graph.call_function(
                torch.nn.functional.scaled_dot_product_attention, (q, k, v), {"attn_mask": mask, "scale": scale}
            )
        fused.meta = dict(node.meta)
        node.replace_all_uses_with(fused)
        graph.erase_node(node)
        changed += 1
    if changed:
        graph.eliminate_dead_code(lambda n: "effect" in n.meta or n.op in ("placeholder", "output"))
    return changed


def _check_lengths(graph: fx.Graph, k: fx.Node, v: fx.Node) -> None:
    """The product of weights and values fails where there are more or fewer values than keys; the one call does not
    look, and reads past the end."""
    lengths = [graph.call_method("size", (x, 2)) for x in (k, v)]
    same = graph.call_function(operator.eq, tuple(lengths))
    guard = graph.call_function(check_guard, (same, "keys and values differ in length"))
    guard.meta["effect"] = "guard"


def _match(node: Any) -> tuple[Any, Any, Any, Any, float] | None:
    if not is_call(node, "matmul") or _rank(node) != 4:
        return None
    weights, v = node.args
    if not is_call(weights, "softmax") or list(weights.users) != [node] or argument(weights, 1, "dim") not in (-1, 3):
        return None
    scores, mask = weights.args[0], None
    if is_call(scores, "add") and len(scores.args) == 2 and not scores.kwargs:
        scores, mask = scores.args
        if not _is_tensor(mask) or not _is_tensor(scores):
            return None
        if not is_call(scores, "matmul", "mul", "truediv", "div"):
            scores, mask = mask, scores
        if mask.meta["dtype"] != scores.meta["dtype"]:
            return None
    scores, scale = _without_scale(scores)
    if not is_call(scores, "matmul"):
        return None
    q, transposed = scores.args
    k = _transposed(transposed)
    if k is None or _rank(q) != 4 or _rank(v) != 4 or _rank(k) != 4:
        return None
    if mask is not None and scores.meta["shape"] != weights.meta["shape"]:
        # The mask makes the scores larger, which the one call does not allow.
        return None
    q, q_scale = _without_scale(q)
    return q, k, v, mask, scale * q_scale


def _without_scale(node: Any) -> tuple[Any, float]:
    if is_call(node, "mul") and len(node.args) == 2:
        for value, factor in (node.args, node.args[::-1]):
            if isinstance(factor, int | float) and _is_tensor(value):
                return value, float(factor)
    if (
        is_call(node, "truediv", "div")
        and len(node.args) == 2
        and isinstance(node.args[1], int | float)
        and not node.kwargs
    ):
        return node.args[0], 1.0 / node.args[1]
    return node, 1.0


def _transposed(node: Any) -> Any:
    if is_call(node, "transpose") and {a % 4 for a in node.args[1:] if isinstance(a, int)} == {2, 3}:
        return node.args[0]
    if is_call(node, "permute") and list(node.args[1]) in ([0, 1, 3, 2],):
        return node.args[0]
    return None


def _rank(node: Any) -> int:
    return len(node.meta["shape"]) if _is_tensor(node) else -1


def _is_tensor(node: Any) -> bool:
    return isinstance(node, fx.Node) and "shape" in node.meta
