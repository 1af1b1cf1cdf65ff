"""partition_linears: what becomes of linear calls in a graph for oneDNN's graph compiler.

Requires: a graph that can_be_partitioned, at the sizes of the trace. Ensures: same values within rounding; a linear
call is a product for the compiler, a 1x1 convolution for it, or a product of MKL and none of its business, whichever a
measurement says is the fastest with what follows the call.
"""

from __future__ import annotations

from torch import fx

from fxtraced.passes import mkl
from fxtraced.passes.convolve_linears import convolve
from fxtraced.passes.fastest_linear import Case, fastest
from fxtraced.passes.linear import linears
from fxtraced.passes.state_values import is_float32, state_values


def partition_linears(graph: fx.Graph) -> int:
    """Replace linear calls by convolutions and products of MKL, in place; returns how many."""
    sites = [site for site in linears(graph, state_values(graph)) if is_float32(site.node)]
    ways = fastest([Case.of(site) for site in sites])
    for site, way in zip(sites, ways, strict=True):
        if way == "convolution":
            # Looked at anew: the one before may have taken an addition that both could.
            convolve(graph, site.node)
        elif way == "mkl":
            mkl.multiply(graph, site.node, at_any_size=False)
    return len(ways) - ways.count("product")
