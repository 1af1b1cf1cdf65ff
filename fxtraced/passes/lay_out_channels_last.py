"""lay_out_channels_last: two-dimensional convolutions have their weights with the channels last in memory.

Requires: a graph for a GPU, after fold_batch_norm. Ensures: same values within rounding, on a CPU, too; each weight of
a convolution, transposed or not, is derived, and its values are where cuDNN's kernels for tensors with channels last
read them. torch gives the result of such a call the layout of its weight, so tensors between convolutions are channels
last; fetches are not. A graph that writes or looks at layouts stays as it is.
"""

from __future__ import annotations

from torch import fx

from fxtraced.passes.layout import allow_channels_last, channels_last, looks_at_layout
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.state_values import derived_call, state_values


def lay_out_channels_last(graph: fx.Graph) -> int:
    """Derive the weights of convolutions, in place; returns how many convolutions read one."""
    state = set() if looks_at_layout(graph) else state_values(graph)
    laid_out: dict[fx.Node, fx.Node] = {}
    changed = 0
    for node in list(graph.nodes):
        weight = argument(node, 1, "weight") if is_call(node, "conv2d", "conv_transpose2d") else None
        if weight not in state or len(node.meta["shape"]) != 4:
            continue
        if weight not in laid_out:
            with graph.inserting_after(weight):
                laid_out[weight] = derived_call(graph, channels_last, (weight,), like=weight)
        node.replace_input_with(weight, laid_out[weight])
        changed += 1
    if changed:
        allow_channels_last(graph)
    return changed
