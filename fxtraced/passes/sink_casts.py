"""sink_casts: what follows products in lower precision is calculated in it, too.

Requires: a graph after lower_precision. Ensures: same values within that precision; what is cast to float32 and back is
itself. An activation that alone reads a product's result is calculated as the product is, so that both can be one call.
In bfloat16, which has float32's range, so are all activations, sums, products of elements, pools and views whose
tensors all come from such results: images and residuals of a convolutional network stay in bfloat16. Norms, soft-max,
means, and sums with a tensor in float32, as the residuals of a transformer, stay in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.lower_precision import give_in
from fxtraced.passes.matching import is_call
from fxtraced.passes.remove_dead_code import remove_dead_code

# What is as exact in bfloat16 as its operands, or nearly.
FOLLOWING = frozenset(
    """relu relu6 hardtanh clamp leaky_relu elu gelu silu hardswish hardsigmoid sigmoid tanh
    add sub subtract mul multiply div truediv maximum minimum cat
    max_pool2d avg_pool2d adaptive_avg_pool2d
    contiguous reshape view flatten unflatten permute transpose unsqueeze squeeze expand alias""".split()
)


def sink_casts(graph: fx.Graph) -> int:
    """Move and remove casts, in place; returns how many."""
    changed = 0
    for node in list(graph.nodes):
        if _is_widening(node):
            changed += _sink_below_activation(node)
        elif is_call(node, *FOLLOWING):
            changed += _narrow(node)
    for node in list(graph.nodes):
        value = node.args[0] if is_call(node, "to") else None
        if _is_widening(value) and _dtype(value.args[0]) is _dtype(node):  # type: ignore[union-attr]
            node.replace_all_uses_with(value.args[0])  # type: ignore[union-attr, arg-type]
            changed += 1
    remove_dead_code(graph)
    return changed


def _sink_below_activation(cast: fx.Node) -> bool:
    following = onednn.activation_after(cast) if "reduced" in cast.args[0].meta else None  # type: ignore[union-attr]
    return following is not None and _narrow(following[0], of_any_dtype=True)


def _narrow(node: fx.Node, of_any_dtype: bool = False) -> bool:
    """Let a call whose tensors are all cast to float32 take and give them as they are before that."""
    casts = [x for x in node.all_input_nodes if "shape" in x.meta]
    dtypes = {_dtype(x.args[0]) for x in casts if _is_widening(x)}
    if not all(map(_is_widening, casts)) or len(dtypes) != 1 or _dtype(node) is not torch.float32:
        return False
    dtype: Any = dtypes.pop()
    if not (of_any_dtype or dtype is torch.bfloat16) or "effect" in node.meta or node.kwargs.get("inplace"):
        return False
    for cast in casts:
        node.replace_input_with(cast, cast.args[0])  # type: ignore[arg-type]
    give_in(node, dtype)
    return True


def _is_widening(node: object) -> bool:
    """True for a cast to float32 of what is in lower precision."""
    if not isinstance(node, fx.Node) or not is_call(node, "to"):
        return False
    return _dtype(node) is torch.float32 and _dtype(node.args[0]) in (torch.float16, torch.bfloat16)


def _dtype(node: object) -> torch.dtype | None:
    return node.meta.get("dtype") if isinstance(node, fx.Node) else None
