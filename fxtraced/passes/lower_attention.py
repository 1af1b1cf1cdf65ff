"""lower_attention: attention without a mask is calculated in float16 or bfloat16.

Requires: a graph after fuse_attention. Ensures: each call of attention without a mask takes and gives that dtype
between casts; torch's fastest kernels are for such calls alone. One with a mask stays in float32: -1e9, as masks have
it, is -inf in float16, and the smallest float32 is -inf in bfloat16.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes.lower_precision import cast_after, cast_before
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.state_values import is_float32

# What fuse_attention makes, and what layers call.
_ATTENTION = ("attention", "attention_on_device", "scaled_dot_product_attention")


def lower_attention(graph: fx.Graph, dtype: torch.dtype) -> int:
    """Calculate attention in dtype, in place; returns how many."""
    found = [node for node in graph.nodes if is_call(node, *_ATTENTION) and not _mask(node)]
    found = [node for node in found if is_float32(node, *_tensors(node)) and "effect" not in node.meta]
    for node in found:
        for value in _tensors(node):
            cast_before(node, value, dtype)
        cast_after(node, dtype)
    return len(found)


def _mask(node: fx.Node) -> object:
    return argument(node, 3, "attn_mask")


def _tensors(node: fx.Node) -> list[fx.Node]:
    return [x for x in node.all_input_nodes if "shape" in x.meta]
