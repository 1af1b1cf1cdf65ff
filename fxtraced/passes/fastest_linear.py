"""What multiplies rows with a weight soonest on this CPU: a product or convolution of oneDNN, of MKL, or a kernel."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.passes import mkl
from fxtraced.passes.convolve_linears import convolve_packed
from fxtraced.passes.linear import Site, only_linear, rows
from fxtraced.passes.matching import name_of
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_linears import pack_linear

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

    @staticmethod
    def of(site: Site) -> Case:
        """The case of a call in a graph, at the sizes of the trace."""
        after = "add" if site.added else name_of(site.activation[0]) if site.activation else ""
        outputs, inputs = map(int, site.linear.weight.meta["shape"])
        return Case(rows(site.node), outputs, inputs, after)


def fastest(cases: list[Case], kernel: Callable[[fx.Graph, fx.Node], None] | None = None) -> list[str]:
    """Measure what is the soonest in each case: "product" or "convolution" of oneDNN, with what follows, or "mkl".

    kernel: lets one calculate a linear call in a graph, with what follows; it is the "kernel" among the ways then.
    """
    state: set[fx.Node] = set()
    sites = []
    for case in cases:
        most = max(_FEWEST, _ENOUGH // max(1, case.rows * case.inputs) // _FEWEST * _FEWEST)
        case = case._replace(outputs=min(case.outputs, most))
        nodes, weight = _nodes(case)
        state.add(weight)
        sites.append((("fastest", kernel is not None, *case), nodes))
    ways: dict[str, Any] = {"mkl": mkl.multiply} if mkl.is_available() else {}
    if kernel is not None:
        ways["kernel"] = kernel
    ways.update(product=pack_linear, convolution=convolve_packed)
    return choose(sites, state, {name: _alone(change) for name, change in ways.items()}, gain=_GAIN)


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
