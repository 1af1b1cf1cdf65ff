"""pack_linears: large linear calls go to oneDNN with weights in its own layout, where that is faster.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; a linear call
with the addition or the activation that alone reads it is one oneDNN call, and its weight is derived: packed once.
Which is faster differs from CPU to CPU and is measured; a small call stays, unmeasured.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.linear import Site, linears, only_linear, rows
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.measuring import choose
from fxtraced.passes.state_values import packed_call, state_values

# How many times faster it must be: it takes memory for a second weight.
_GAIN = 1.05


def pack_linears(graph: fx.Graph) -> int:
    """Replace linear calls by packed ones, in place; returns how many."""
    state = state_values(graph)
    sites = linears(graph, state)
    variants = {"present": leave, "packed": _pack_first}
    chosen = choose([(site.key, site.nodes) for site in sites], state, variants, gain=_GAIN)
    found = [site.node for site, name in zip(sites, chosen, strict=True) if name == "packed"]
    for node in found:
        # Each is looked at anew: the one before may have taken an addition that both could.
        pack_linear(graph, node)
    return len(found)


def pack_linear(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a linear call, with the addition or the activation that alone reads it, by a oneDNN call."""
    site = Site.of(node)
    x, weight, bias = site.linear
    with graph.inserting_before(node):
        lay_out = torch.ops.mkldnn._reorder_linear_weight.default
        weight = packed_call(graph, lay_out, [weight], rows(node), like=weight)
    if site.added:
        replace_calls(graph, site.nodes, linear_with_addition, (x, site.added[1], weight, bias))
        return
    activation = site.activation[1] if site.activation else onednn.Activation()
    replace_calls(graph, site.nodes, torch.ops.mkldnn._linear_pointwise.default, (x, weight, bias, *activation))


def linear_with_addition(x: Any, other: Any, weight: Any, bias: Any) -> Any:
    """linear(x, weight, bias) + other, with a packed weight.

    oneDNN adds what has as many elements: at sizes where torch would repeat an operand, torch adds.
    """
    linear = torch.ops.mkldnn._linear_pointwise
    if x.shape[:-1] == other.shape[:-1]:
        return linear.binary(x, other, weight, bias, "add")
    return linear(x, weight, bias, "none", [], "") + other


def leave(graph: fx.Graph) -> None:
    """What other passes make of a call that is not packed."""
    fuse_addition(graph, after=("linear",))
    fuse_activation(graph)


def _pack_first(graph: fx.Graph) -> None:
    pack_linear(graph, only_linear(graph))
