"""calculate_linears: a linear call is calculated by a kernel of the native module, where that is the fastest.

Requires: a graph for a CPU that the module has kernels for, before multiply_linears, and before partitions take linear
calls. Ensures: same values within rounding at every size; the addition or the activation that alone reads the call is
made with it, and its weight is derived: laid out once for all sizes. Which is the fastest is measured.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import fx

from fxtraced.framework.native import native
from fxtraced.passes import onednn
from fxtraced.passes.calculate_recurrent import in_blocks
from fxtraced.passes.fastest_linear import Case, fastest
from fxtraced.passes.linear import Site, linears
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.state_values import derived_call, is_float32, state_values

# The kernel's numbers of the activations that it has.
_KINDS = {
    onednn.Activation("sigmoid"): 0, onednn.Activation("swish"): 1, onednn.Activation("hardswish"): 2,
    onednn.Activation(): 4, onednn.Activation("relu"): 5, onednn.Activation("gelu", (), "none"): 6,
}  # fmt: skip


def calculate_linears(graph: fx.Graph) -> int:
    """Replace linear calls, with what follows, by calls of a kernel, in place; returns how many."""
    module = native()
    width = module.width() if module else 0
    if not width:
        return 0
    sites = [site for site in linears(graph, state_values(graph)) if is_float32(site.node)]
    kernel = functools.partial(calculate_linear, width=width)
    ways = fastest([Case.of(site) for site in sites], kernel)
    found = [site.node for site, way in zip(sites, ways, strict=True) if way == "kernel"]
    for node in found:
        # Each is looked at anew: the one before may have taken an addition that both could.
        calculate_linear(graph, node, width)
    return len(found)


def calculate_linear(graph: fx.Graph, node: fx.Node, width: int) -> None:
    """Replace a linear call, with what follows if the kernel has it, by a call of the kernel for vectors of `width`."""
    site = Site.of(node)
    x, weight, bias = site.linear
    activation = site.activation[1] if site.activation else onednn.Activation()
    if activation not in _KINDS:
        site, activation = site._replace(activation=None), onednn.Activation()
    with graph.inserting_before(node):
        laid_out = derived_call(graph, in_blocks, (weight, 1, width), like=weight)
        # Its shape is for no pass to see.
        laid_out.meta["shape"] = ()
        if bias is None:
            bias = derived_call(graph, no_bias, (weight,), like=weight)
            bias.meta["shape"] = (int(weight.meta["shape"][0]),)
    added = site.added[1] if site.added else None
    replace_calls(graph, site.nodes, _operation(), (x, laid_out, bias, added, numbers_of(activation)))


def numbers_of(activation: onednn.Activation) -> list[float]:
    """As the kernel takes an activation that it has: its kind and four numbers, which only others need."""
    return [float(_KINDS[activation]), 1.0, 0.0, 0.0, 0.0]


def no_bias(weight: torch.Tensor) -> torch.Tensor:
    """Zeros in the place of the bias of a weight [outputs, inputs]."""
    return torch.zeros(weight.shape[0])


def _operation() -> Any:
    return torch.ops.fxtraced.linear.default
