"""pack_convolutions: two-dimensional convolutions go to oneDNN with weights in its own layout.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; each convolution
with the addition and the activation that alone read it is one oneDNN call, and its weight is derived: packed once.
Tensors between convolutions are channels last in memory, fetches are not. A graph that looks at layouts stays as it is,
and one of small convolutions, as a oneDNN call costs more than it saves there.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.convolution import Site, convolutions
from fxtraced.passes.layout import allow_channels_last
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.state_values import packed_call, state_values


def pack_convolutions(graph: fx.Graph) -> int:
    """Replace convolutions by oneDNN calls, in place; returns how many."""
    sites = convolutions(graph, state_values(graph))
    for site in sites:
        # Each is looked at anew: the one before may have taken an addition that both could.
        pack_convolution(graph, site.node)
    if sites:
        allow_channels_last(graph)
    return len(sites)


def pack_convolution(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a convolution, and what can be made with it, by a oneDNN call."""
    site = Site.of(node)
    x, weight, bias, *_ = site.convolution
    settings = site.convolution.settings
    replaced, activation = [node], onednn.Activation()
    if site.added:
        replaced.append(site.added[0])
    # After an addition oneDNN has this one only.
    if site.activation and (not site.added or site.activation[1].name == "relu"):
        replaced.append(site.activation[0])
        activation = site.activation[1]
    with graph.inserting_before(node):
        size = site.convolution.input_size
        lay_out = torch.ops.mkldnn._reorder_convolution_weight.default
        packed = packed_call(graph, lay_out, [weight], *settings, size, like=weight)
    operation = torch.ops.mkldnn._convolution_pointwise
    if site.added:
        last = None if activation.name == "none" else activation.name
        args = (x, site.added[1], packed, bias, *settings, "add", 1.0, last, (), None)
        replace_calls(graph, replaced, operation.binary, args)
    else:
        replace_calls(graph, replaced, operation.default, (x, packed, bias, *settings, *activation))
