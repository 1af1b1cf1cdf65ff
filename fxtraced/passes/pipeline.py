"""The pipeline: which passes run on a graph, in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import fx

from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.fuse_attention import fuse_attention
from fxtraced.passes.fuse_linear import fuse_linear
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.remove_no_ops import remove_no_ops
from fxtraced.tracing.regions import region_graphs, replace_regions

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")

# The BuildStrategy attribute that switches a step on ("" for always), and the step.
PIPELINE: list[tuple[str, Callable[[fx.Graph], int]]] = [
    ("", remove_no_ops),
    ("", remove_dead_code),
    ("fuse_gemm_epilogue", fuse_linear),
    ("fused_feedforward", fuse_linear),
    ("fused_attention", fuse_attention),
    ("fuse_bn_add_act_ops", partial(fuse_addition, after=("batch_norm",))),
    ("fuse_elewise_add_act_ops", partial(fuse_addition, before_activation=True)),
    ("memory_optimize", fuse_addition),
    ("fuse_bn_act_ops", partial(fuse_activation, after=("batch_norm",))),
    ("fuse_relu_depthwise_conv", partial(fuse_activation, after=_CONVOLUTIONS)),
    ("enable_inplace", fuse_activation),
    ("", remove_dead_code),
]


def copy_graph(graph: fx.Graph) -> fx.Graph:
    """A graph with the same nodes, names and notes, those of its branches and loops included."""
    copy = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        copies[node] = copy.node_copy(node, lambda n: copies[n])
    replace_regions(copy, copy_graph)
    return copy


def optimise(graph: fx.Graph, strategy: Any) -> tuple[fx.Graph, dict[str, int]]:
    """A copy of graph after the steps that a BuildStrategy asks for, and how many places each switch changed."""
    graph = copy_graph(graph)
    report: dict[str, int] = {}
    for switch, step in PIPELINE:
        if not switch or getattr(strategy, switch):
            name = switch or step.__name__  # type: ignore[attr-defined]
            # Whether a copy is needed in a region depends on what the graph around it writes: no-ops stay there.
            graphs = [graph] if step is remove_no_ops else [graph, *region_graphs(graph)]
            report[name] = report.get(name, 0) + sum(map(step, graphs))
    graph.lint()
    return graph, report
