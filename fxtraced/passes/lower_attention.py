"""lower_attention: attention without a mask is calculated in float16 or bfloat16.

Requires: a graph for a GPU after fuse_attention. Ensures: each call of attention without a mask takes and gives that
dtype between casts; torch's fastest kernels are for such calls alone. One with a mask stays in float32: -1e9, as masks
have it, is -inf in float16.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes.lower_precision import cast_after, cast_before
from fxtraced.passes.matching import is_call
from fxtraced.passes.state_values import is_float32


def lower_attention(graph: fx.Graph, dtype: torch.dtype) -> int:
    """Calculate attention in dtype, in place; returns how many."""
    found = [node for node in graph.nodes if is_call(node, "attention_on_device") and node.args[3] is None]
    found = [node for node in found if is_float32(node, *node.all_input_nodes)]
    for node in found:
        for value in node.all_input_nodes:
            cast_before(node, value, dtype)
        cast_after(node, dtype)
    return len(found)
