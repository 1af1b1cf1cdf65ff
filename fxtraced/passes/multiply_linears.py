"""multiply_linears: a linear call becomes a product of MKL with a weight in its own layout, where that is faster.

Requires: a graph for a CPU, before convolve_linears and pack_linears. Ensures: same values within rounding at every
size; the weight is derived: laid out once, for the number of rows of the trace. Other numbers of rows are multiplied
with the weight as it was, which therefore stays: an archive that lets its plain weights go has no use for this pass.
On Intel's CPUs MKL takes a tenth less than oneDNN does. Which is faster is measured.
"""

from __future__ import annotations

from torch import fx

from fxtraced.passes import mkl
from fxtraced.passes.fastest_linear import Case, fastest
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.linear import linears, only_linear
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_linears import leave
from fxtraced.passes.state_values import is_float32, state_values

# How many times faster than torch's own call it must be: it takes memory for a second weight.
_GAIN = 1.05


def multiply_linears(graph: fx.Graph) -> int:
    """Replace linear calls by products of MKL, in place; returns how many."""
    if not mkl.is_available():
        return 0
    state = state_values(graph)
    sites = [site for site in linears(graph, state) if is_float32(site.node)]
    ways = fastest([Case.of(site) for site in sites])
    sites = [site for site, way in zip(sites, ways, strict=True) if way == "mkl"]
    variants = {"plain": leave, "multiplied": _multiply}
    chosen = choose([(("multiplied", *site.key), site.nodes) for site in sites], state, variants, gain=_GAIN)
    found = [site.node for site, name in zip(sites, chosen, strict=True) if name == "multiplied"]
    for node in found:
        mkl.multiply(graph, node)
    return len(found)


def _multiply(graph: fx.Graph) -> None:
    mkl.multiply(graph, only_linear(graph))
    fuse_addition(graph, after=("multiply_packed",))
    fuse_activation(graph)
