"""The pipeline: which passes run on a graph, in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from torch import fx

from fxtraced.passes.fold_batch_norm import fold_batch_norm
from fxtraced.passes.fold_constants import fold_constants
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.fuse_attention import fuse_attention
from fxtraced.passes.fuse_linear import fuse_linear
from fxtraced.passes.merge_common_subexpressions import merge_common_subexpressions
from fxtraced.passes.merge_projections import merge_projections
from fxtraced.passes.multiply_pointwise import multiply_pointwise
from fxtraced.passes.pack_convolutions import pack_convolutions
from fxtraced.passes.pack_linears import pack_linears
from fxtraced.passes.pack_recurrent import pack_recurrent
from fxtraced.passes.pool_images import pool_images
from fxtraced.passes.recognise_activations import recognise_activations
from fxtraced.passes.recognise_layer_norm import recognise_layer_norm
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.remove_no_ops import remove_no_ops
from fxtraced.passes.simplify_views import simplify_views
from fxtraced.tracing.regions import region_graphs, replace_regions

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")


class Step(NamedTuple):
    """A pass in the pipeline by its name in the report.

    switched: whether the BuildStrategy's attribute of that name switches it on; otherwise it always runs.
    for_cpu: it computes new weights or rounds otherwise, for a graph that runs on a CPU beside its layer.
    makes_weights: whether a step for a CPU does the former.
    """

    name: str
    run: Callable[[fx.Graph], int]
    switched: bool = True
    for_cpu: bool = False
    makes_weights: bool = True


# The passes that lay weights out for oneDNN, or decide that they stay.
PACKING = ("multiply_pointwise", "pack_convolutions", "pack_linears", "pack_recurrent", "fuse_linear_add")

PIPELINE = [
    Step("remove_no_ops", remove_no_ops, switched=False),
    Step("simplify_views", simplify_views, switched=False),
    Step("merge_common_subexpressions", merge_common_subexpressions, switched=False),
    Step("remove_dead_code", remove_dead_code, switched=False),
    Step("fuse_gemm_epilogue", fuse_linear),
    Step("fused_feedforward", fuse_linear),
    Step("fused_attention", fuse_attention),
    Step("fuse_attention", partial(fuse_attention, checked=True), switched=False, for_cpu=True, makes_weights=False),
    Step("recognise_activations", recognise_activations, switched=False, for_cpu=True, makes_weights=False),
    Step("recognise_layer_norm", recognise_layer_norm, switched=False, for_cpu=True, makes_weights=False),
    Step("fuse_linear", partial(fuse_linear, with_products=True), switched=False, for_cpu=True),
    Step("fold_batch_norm", fold_batch_norm, switched=False, for_cpu=True),
    Step("multiply_pointwise", multiply_pointwise, switched=False, for_cpu=True),
    Step("pack_convolutions", pack_convolutions, switched=False, for_cpu=True),
    Step("pool_images", pool_images, switched=False, for_cpu=True, makes_weights=False),
    Step("simplify_views", simplify_views, switched=False, for_cpu=True, makes_weights=False),
    Step("merge_projections", merge_projections, switched=False, for_cpu=True),
    Step("pack_linears", pack_linears, switched=False, for_cpu=True),
    Step("pack_recurrent", pack_recurrent, switched=False, for_cpu=True),
    Step("fold_constants", fold_constants, switched=False, for_cpu=True),
    Step("fuse_linear_add", partial(fuse_addition, after=("linear",)), switched=False, for_cpu=True),
    Step("fuse_bn_add_act_ops", partial(fuse_addition, after=("batch_norm",))),
    Step("fuse_elewise_add_act_ops", partial(fuse_addition, before_activation=True)),
    Step("memory_optimize", fuse_addition),
    Step("fuse_bn_act_ops", partial(fuse_activation, after=("batch_norm",))),
    Step("fuse_relu_depthwise_conv", partial(fuse_activation, after=_CONVOLUTIONS)),
    Step("enable_inplace", fuse_activation),
    Step("remove_dead_code", remove_dead_code, switched=False),
]


def copy_graph(graph: fx.Graph) -> fx.Graph:
    """A graph with the same nodes, names and notes, those of its branches and loops included."""
    copy = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        copies[node] = copy.node_copy(node, lambda n: copies[n])
    replace_regions(copy, copy_graph)
    return copy


def optimise(
    graph: fx.Graph, strategy: Any, for_cpu: bool = False, live: bool = True, until: str | None = None
) -> tuple[fx.Graph, dict[str, int]]:
    """A copy of graph after the steps that a BuildStrategy asks for, and how many places each step changed.

    for_cpu: with the steps that compute new weights or round otherwise than the graph; live: the layer's tensors tell
    when they change, so that new weights can follow. until: stop after the last step of this name. Raises ValueError
    when no such step is among them.
    """
    graph = copy_graph(graph)
    steps = [step for step in PIPELINE if _is_wanted(step, strategy, for_cpu, live)]
    if until is not None:
        names = [step.name for step in steps]
        if until not in names:
            raise ValueError(f"no pass {until!r} runs on this graph; these do: {', '.join(dict.fromkeys(names))}")
        steps = steps[: len(names) - names[::-1].index(until)]
    report: dict[str, int] = {}
    for step in steps:
        report[step.name] = report.get(step.name, 0) + sum(map(step.run, _graphs_for(step, graph)))
    graph.lint()
    return graph, report


def rounds_otherwise(report: dict[str, int]) -> bool:
    """True when a step for CPUs changed something: the graph has weights of its own, or rounds otherwise."""
    return any(report.get(step.name) for step in PIPELINE if step.for_cpu)


def _is_wanted(step: Step, strategy: Any, for_cpu: bool, live: bool) -> bool:
    fits = not step.for_cpu or (for_cpu and (live or not step.makes_weights))
    return fits and (not step.switched or getattr(strategy, step.name)) and step.name not in strategy.deleted_passes


def _graphs_for(step: Step, graph: fx.Graph) -> list[fx.Graph]:
    # Whether a copy is needed in a region depends on what the graph around it writes, and a region has no state.
    if step.for_cpu or step.run is remove_no_ops:
        return [graph]
    return [graph, *region_graphs(graph)]
