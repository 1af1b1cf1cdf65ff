"""partition_linears: what becomes of linear calls in a graph for oneDNN's graph compiler.

Requires: a graph that can_be_partitioned, at the sizes of the trace. Ensures: same values within rounding; a linear
call is a product for the compiler, a 1x1 convolution for it, or a product of MKL and none of its business, whichever a
measurement says is the fastest with what follows the call.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.passes.convolve_linears import convolve, convolve_packed
from fxtraced.passes.linear import Site, linears, only_linear, rows
from fxtraced.passes.matching import name_of
from fxtraced.passes.measuring import choose
from fxtraced.passes.multiply_linears import is_available, multiply
from fxtraced.passes.pack_linears import pack_linear
from fxtraced.passes.state_values import is_float32, state_values

# How many times faster the others must be than the first of them: MKL's product, which is one call of torch, or without
# MKL the compiler's.
_GAIN = 1.03
# What is measured has no more multiplications, or a few times so many outputs, which no kernel finds odd: more would
# say nothing new, and take longer.
_ENOUGH, _FEWEST = 1 << 29, 512


class Case(NamedTuple):
    """What is measured: so many rows, a weight [outputs, inputs], and "add" or an activation after it, or ""."""

    rows: int
    outputs: int
    inputs: int
    after: str = ""


def partition_linears(graph: fx.Graph) -> int:
    """Replace linear calls by convolutions and products of MKL, in place; returns how many."""
    sites = [site for site in linears(graph, state_values(graph)) if is_float32(site.node)]
    ways = fastest([_case(site) for site in sites])
    for site, way in zip(sites, ways, strict=True):
        if way == "convolution":
            # Looked at anew: the one before may have taken an addition that both could.
            convolve(graph, site.node)
        elif way == "mkl":
            multiply(graph, site.node, at_any_size=False)
    return len(ways) - ways.count("product")


def fastest(cases: list[Case]) -> list[str]:
    """Measure what is the soonest in each case: "product" or "convolution" of oneDNN, with what follows, or "mkl"."""
    state: set[fx.Node] = set()
    sites = []
    for case in cases:
        most = max(_FEWEST, _ENOUGH // max(1, case.rows * case.inputs) // _FEWEST * _FEWEST)
        case = case._replace(outputs=min(case.outputs, most))
        nodes, weight = _nodes(case)
        state.add(weight)
        sites.append((("in partitions", *case), nodes))
    ways: dict[str, Any] = {"mkl": multiply} if is_available() else {}
    ways.update(product=pack_linear, convolution=convolve_packed)
    return choose(sites, state, {name: _alone(change) for name, change in ways.items()}, gain=_GAIN)


def _case(site: Site) -> Case:
    after = "add" if site.added else name_of(site.activation[0]) if site.activation else ""
    outputs, inputs = map(int, site.linear.weight.meta["shape"])
    return Case(rows(site.node), outputs, inputs, after)


def _nodes(case: Case) -> tuple[list[fx.Node], fx.Node]:
    """The calls of a case, and the weight."""
    graph = fx.Graph()
    x, weight, other = graph.placeholder("x"), graph.get_attr("weight"), graph.placeholder("other")
    nodes = [graph.call_function(torch.nn.functional.linear, (x, weight))]
    if case.after == "add":
        nodes.append(graph.call_function(operator.add, (nodes[0], other)))
    elif case.after:
        nodes.append(graph.call_function(getattr(torch.nn.functional, case.after), (nodes[0],)))
    graph.output((nodes[-1],))
    result = case.rows, case.outputs
    sizes = {x: (case.rows, case.inputs), weight: (case.outputs, case.inputs), **dict.fromkeys([other, *nodes], result)}
    for node, size in sizes.items():
        node.meta = {"shape": size, "dtype": torch.float32}
    return nodes, weight


def _alone(change: Any) -> Any:
    """A change of a linear call as one of a graph that has no other."""
    return lambda graph: change(graph, only_linear(graph))
