"""multiply_linears: a linear call becomes a product of MKL with a weight in its own layout, where that is faster.

Requires: a graph for a CPU, before convolve_linears and pack_linears. Ensures: same values within rounding at every
size; the weight is derived: laid out once, for the number of rows of the trace. Other numbers of rows are multiplied
with the weight as it was, which therefore stays: an archive that lets its plain weights go has no use for this pass.
On Intel's CPUs MKL takes a tenth less than oneDNN does, on others more. Which is faster is measured.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.convolve_linears import convolve_linears
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.linear import Linear, linears, only_linear, rows
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_linears import pack_linears
from fxtraced.passes.state_values import is_float32, packed_call, state_values
from fxtraced.tensor.loops import multiply_packed

# How many times faster it must be. It takes memory for a second weight, as most other ways do.
_GAIN = 1.02


def multiply_linears(graph: fx.Graph) -> int:
    """Replace linear calls by products of MKL, in place; returns how many."""
    if not is_available():
        return 0
    state = state_values(graph)
    sites = [site for site in linears(graph, state) if is_float32(site.node)]
    variants = {"otherwise": _otherwise, "multiplied": _multiply_only}
    chosen = choose([(("multiplied", *site.key), site.nodes) for site in sites], state, variants, gain=_GAIN)
    found = [site.node for site, name in zip(sites, chosen, strict=True) if name == "multiplied"]
    for node in found:
        multiply(graph, node)
    return len(found)


def is_available() -> bool:
    """True when this torch has MKL, and its operations with weights that are laid out."""
    return torch.backends.mkl.is_available() and hasattr(torch.ops.mkl, "_mkl_linear")


def multiply(graph: fx.Graph, node: fx.Node, at_any_size: bool = True) -> None:
    """Replace a linear call by a product of MKL.

    at_any_size: False for a graph that runs at the sizes of the trace alone. MKL would read past the end of an input
    with fewer columns than the weight has.
    """
    x, weight, bias = Linear.of(node)
    with graph.inserting_before(node):
        lay_out = torch.ops.mkl._mkl_reorder_linear_weight.default
        packed = packed_call(graph, lay_out, [weight], rows(node), like=weight)
    target: Any = multiply_packed if at_any_size else torch.ops.mkl._mkl_linear.default
    replace_calls(graph, [node], target, (x, packed, weight, bias, rows(node)))


def _otherwise(graph: fx.Graph) -> None:
    """What other passes make of a linear call."""
    convolve_linears(graph)
    pack_linears(graph)


def _multiply_only(graph: fx.Graph) -> None:
    multiply(graph, only_linear(graph))
    fuse_addition(graph, after=("multiply_packed",))
    fuse_activation(graph)
