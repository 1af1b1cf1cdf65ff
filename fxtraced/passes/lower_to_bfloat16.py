"""lower_to_bfloat16: products with the layer's weights, and what lies between them, are calculated in bfloat16.

Requires: a graph for a CPU after fold_batch_norm. Ensures: nothing where oneDNN cannot calculate in it; otherwise what
lower_precision, lower_attention and sink_casts do, with weights that are cast to bfloat16 whenever they changed; LSTMs
are marked for pack_recurrent.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.lower_attention import lower_attention
from fxtraced.passes.lower_precision import lower_precision
from fxtraced.passes.matching import is_call
from fxtraced.passes.sink_casts import sink_casts
from fxtraced.passes.state_values import has_effects


def lower_to_bfloat16(graph: fx.Graph) -> int:
    """Calculate products and attention in bfloat16, in place; returns how many."""
    if not onednn.calculates_bfloat16() or has_effects(graph):
        return 0
    lowered = lower_precision(graph, torch.bfloat16, live=True) + lower_attention(graph, torch.bfloat16)
    sink_casts(graph)
    recurrent = [node for node in graph.nodes if is_call(node, "lstm")]
    for node in recurrent:
        node.meta = {**node.meta, "reduced": torch.bfloat16}
    return lowered + len(recurrent)
