"""The pipeline: which passes run on a graph, in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from torch import fx

from fxtraced.passes.calculate_linears import calculate_linears
from fxtraced.passes.calculate_recurrent import calculate_recurrent
from fxtraced.passes.calculate_softmax import calculate_softmax
from fxtraced.passes.convolve_linears import convolve_linears
from fxtraced.passes.fold_batch_norm import fold_batch_norm
from fxtraced.passes.fold_constants import fold_constants
from fxtraced.passes.functionalize_writes import functionalize_writes
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.fuse_attention import fuse_attention
from fxtraced.passes.fuse_linear import fuse_linear
from fxtraced.passes.hoist_selections import hoist_selections
from fxtraced.passes.lay_out_channels_last import lay_out_channels_last
from fxtraced.passes.lower_to_bfloat16 import lower_to_bfloat16
from fxtraced.passes.merge_common_subexpressions import merge_common_subexpressions
from fxtraced.passes.merge_projections import merge_projections
from fxtraced.passes.multiply_linears import multiply_linears
from fxtraced.passes.multiply_pointwise import multiply_pointwise
from fxtraced.passes.pack_convolutions import pack_convolutions
from fxtraced.passes.pack_linears import pack_linears
from fxtraced.passes.pack_recurrent import pack_recurrent
from fxtraced.passes.partition_linears import partition_linears
from fxtraced.passes.partitioning import (
    attend_without_branches,
    can_be_partitioned,
    feed_channels_last,
    keep_scores,
    multiplications,
    part_sums_of_one_row,
    part_ways_that_meet,
)
from fxtraced.passes.pool_images import pool_images
from fxtraced.passes.recognise_activations import recognise_activations
from fxtraced.passes.recognise_layer_norm import recognise_layer_norm
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.remove_no_ops import remove_no_ops
from fxtraced.passes.simplify_views import simplify_views
from fxtraced.tensor.loops import attention, attention_on_device
from fxtraced.tracing.regions import region_graphs, replace_regions

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")


class Step(NamedTuple):
    """A pass in the pipeline by its name in the report.

    switched: whether the BuildStrategy's attribute of that name switches it on; otherwise it always runs.
    devices: the kinds of device that it is for, where it computes new weights or rounds otherwise than the layer; none
    for a step that does neither, which runs for all. makes_weights: whether it does the former.
    """

    name: str
    run: Callable[[fx.Graph], int]
    switched: bool = True
    devices: tuple[str, ...] = ()
    makes_weights: bool = True


# The passes that lay weights out, or decide that they stay, and those that plain libtorch has no operations for.
PACKING = (
    "calculate_recurrent", "calculate_softmax", "calculate_linears", "multiply_pointwise", "pack_convolutions",
    "multiply_linears", "convolve_linears", "pack_linears", "pack_recurrent", "fuse_linear_add",
    "lay_out_channels_last",
)  # fmt: skip
_CPU, _CUDA, _EITHER = ("cpu",), ("cuda",), ("cpu", "cuda")

PIPELINE = [
    Step("functionalize_writes", functionalize_writes, switched=False),
    Step("remove_no_ops", remove_no_ops, switched=False),
    Step("simplify_views", simplify_views, switched=False),
    Step("merge_common_subexpressions", merge_common_subexpressions, switched=False),
    Step("hoist_selections", hoist_selections, switched=False),
    Step("remove_dead_code", remove_dead_code, switched=False),
    Step("fuse_gemm_epilogue", fuse_linear),
    Step("fused_feedforward", fuse_linear),
    Step("fused_attention", fuse_attention),
    Step("fuse_attention", partial(fuse_attention, checked=attention), False, _CPU, makes_weights=False),
    Step("fuse_attention", partial(fuse_attention, checked=attention_on_device, at_any_size=True), False, _CUDA),
    Step("recognise_activations", recognise_activations, False, _EITHER, makes_weights=False),
    Step("recognise_layer_norm", recognise_layer_norm, False, _EITHER, makes_weights=False),
    Step("fuse_linear", partial(fuse_linear, with_products=True), False, _EITHER),
    Step("fold_batch_norm", fold_batch_norm, False, _CPU),
    Step("fold_batch_norm", partial(fold_batch_norm, at_any_size=True), False, _CUDA),
    Step("lower_precision", lower_to_bfloat16, True, _CPU),
    Step("calculate_recurrent", calculate_recurrent, False, _CPU),
    Step("calculate_softmax", calculate_softmax, False, _CPU, makes_weights=False),
    Step("multiply_pointwise", multiply_pointwise, False, _CPU),
    Step("pack_convolutions", pack_convolutions, False, _CPU),
    Step("pool_images", pool_images, False, _CPU, makes_weights=False),
    Step("simplify_views", simplify_views, False, _CPU, makes_weights=False),
    Step("lay_out_channels_last", lay_out_channels_last, False, _CUDA),
    Step("merge_projections", merge_projections, False, _CPU),
    Step("merge_projections", partial(merge_projections, measured=False), False, _CUDA),
    Step("calculate_linears", calculate_linears, False, _CPU),
    Step("multiply_linears", multiply_linears, False, _CPU),
    Step("convolve_linears", convolve_linears, False, _CPU),
    Step("pack_linears", pack_linears, False, _CPU),
    Step("pack_recurrent", pack_recurrent, False, _CPU),
    Step("fold_constants", fold_constants, False, _EITHER),
    Step("fuse_linear_add", partial(fuse_addition, after=("linear", "multiply_packed")), False, _CPU),
    Step("fuse_bn_add_act_ops", partial(fuse_addition, after=("batch_norm",))),
    Step("fuse_elewise_add_act_ops", partial(fuse_addition, before_activation=True)),
    Step("memory_optimize", fuse_addition),
    Step("fuse_bn_act_ops", partial(fuse_activation, after=("batch_norm",))),
    Step("fuse_relu_depthwise_conv", partial(fuse_activation, after=_CONVOLUTIONS)),
    Step("enable_inplace", fuse_activation),
    Step("remove_dead_code", remove_dead_code, switched=False),
]

# The name under which a BuildStrategy leaves partitions out and a report counts them.
PARTITIONING = "compile_partitions"
# What oneDNN's graph compiler does itself, and what writes over an operand: a partition is of operations that do not.
_NOT_FOR_PARTITIONS = {
    *PACKING, "pool_images", "merge_projections", "fuse_bn_add_act_ops", "fuse_elewise_add_act_ops", "memory_optimize",
    "fuse_bn_act_ops", "fuse_relu_depthwise_conv", "enable_inplace",
} - {"calculate_recurrent", "calculate_softmax", "calculate_linears", "pack_recurrent"}  # fmt: skip

# Of the multiplications of a graph, what the compiler must get of them. Where MKL makes nearly all, the graph for every
# size has them at other sizes, too.
_LEAST_PART = 0.1


def copy_graph(graph: fx.Graph) -> fx.Graph:
    """A graph with the same nodes, names and notes, those of its branches and loops included."""
    copy = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        copies[node] = copy.node_copy(node, lambda n: copies[n])
    replace_regions(copy, copy_graph)
    return copy


def optimise(
    graph: fx.Graph, strategy: Any, device: str | None = None, live: bool = True, until: str | None = None
) -> tuple[fx.Graph, dict[str, int]]:
    """A copy of graph after the steps that a BuildStrategy asks for, and how many places each step changed.

    device: with the steps for this kind of device ("cpu" or "cuda"), which compute new weights or round otherwise than
    the graph; live: the layer's tensors tell when they change, so that new weights can follow. until: stop after the
    last step of this name. Raises ValueError when no such step is among them.
    """
    graph = copy_graph(graph)
    steps = [step for step in PIPELINE if _is_wanted(step, strategy, device, live)]
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


def for_partitions(graph: fx.Graph, strategy: Any) -> fx.Graph | None:
    """A copy of graph for oneDNN's graph compiler, on a CPU; None where the graph or the strategy is not for it.

    A strategy that leaves out a pass which computes new weights wants those of the layer.
    """
    new_weights = {step.name for step in PIPELINE if step.devices and "cpu" in step.devices and step.makes_weights}
    if strategy.build_cinn_pass or {PARTITIONING, *new_weights}.intersection(strategy.deleted_passes):
        return None
    graph = copy_graph(graph)
    for step in PIPELINE:
        if step.name not in _NOT_FOR_PARTITIONS and _is_wanted(step, strategy, "cpu", live=True):
            for each in _graphs_for(step, graph):
                step.run(each)
    if not can_be_partitioned(graph, in_bfloat16=strategy.lower_precision):
        return None
    attend_without_branches(graph)
    feed_channels_last(graph)
    whole = multiplications(graph)
    partition_linears(graph)
    if multiplications(graph) < _LEAST_PART * whole:
        return None
    part_ways_that_meet(graph)
    keep_scores(graph)
    part_sums_of_one_row(graph)
    graph.lint()
    return graph


def rounds_otherwise(report: dict[str, int]) -> bool:
    """True when a step for one kind of device changed something: new weights, or other rounding."""
    return any(report.get(step.name) for step in PIPELINE if step.devices)


def _is_wanted(step: Step, strategy: Any, device: str | None, live: bool) -> bool:
    fits = not step.devices or (device in step.devices and (live or not step.makes_weights))
    return fits and (not step.switched or getattr(strategy, step.name)) and step.name not in strategy.deleted_passes


def _graphs_for(step: Step, graph: fx.Graph) -> list[fx.Graph]:
    # Whether a copy is needed in a region depends on what the graph around it writes, and a region has no state.
    if step.devices or step.run is remove_no_ops:
        return [graph]
    return [graph, *region_graphs(graph)]
