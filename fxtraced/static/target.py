"""Graphs for archives of one target: what save_inference_model writes for CPUs and for GPUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.lowering.packing import Tensors, split_derived
from fxtraced.passes.lower_attention import lower_attention
from fxtraced.passes.lower_precision import lower_precision
from fxtraced.passes.pipeline import PACKING, optimise
from fxtraced.passes.sink_casts import sink_casts
from fxtraced.static.manifest import TARGETS
from fxtraced.static.precision import Precision, reduced
from fxtraced.static.strategy import BuildStrategy
from fxtraced.tensor.tensor import plain


class ForArchive(NamedTuple):
    """What an archive is made of. tensors: of `graph`, which gives the sample's results.

    lowered: the graph that is written where that is another one, with derived calls; changes: what the passes did for
    it. differences: of each fetch from float32, in parts of its largest magnitude.
    """

    graph: fx.Graph
    tensors: Tensors
    lowered: fx.Graph | None = None
    changes: dict[str, int] | None = None
    differences: dict[str, float] | None = None


def check_target(target: Any, precision: Precision) -> None:
    """Raise ValueError for an unknown target, and for a precision that it has not."""
    if target not in TARGETS:
        raise ValueError(f"save_inference_model: target must be one of {TARGETS}, but received {target!r}")
    if target == "cpu" and precision.dtype is torch.float16:
        raise ValueError(
            "save_inference_model: target='cpu' is for float32 and bfloat16, as CPUs calculate in them: give "
            "dtype='bfloat16', leave dtype away, or target"
        )


def for_archive(
    graph: fx.Graph, tensors: Tensors, feeds: list[torch.Tensor], fetches: list[str], precision: Precision, target: str
) -> ForArchive:
    """A pruned graph and its tensors in a precision and for a target. Raises PrecisionError.

    Batch norms are folded before weights are rounded, and laid out after that.
    """
    differences, folded = None, dict[str, int]()
    if precision.dtype is not torch.float32:
        lower: Callable[[fx.Graph, torch.dtype], int] = lower_precision
        if target != "portable":
            lower = _lower
            graph, tensors, folded = _folded(graph, tensors, target)
        graph, tensors, differences = reduced(graph, tensors, feeds, fetches, precision, lower)
    if target == "portable":
        return ForArchive(graph, tensors, differences=differences)
    strategy = BuildStrategy()
    # It needs plain weights, too, which an archive lets go when it is loaded, and a libtorch that has MKL.
    strategy.delete_pass("multiply_linears")
    # Plain libtorch has no such kernels.
    for name in ("calculate_recurrent", "calculate_softmax", "calculate_linears"):
        strategy.delete_pass(name)
    lowered, changes = optimise(graph, strategy, target)
    total = {name: folded.get(name, 0) + count for name, count in changes.items()}
    return ForArchive(graph, tensors, lowered, total, differences)


def _lower(graph: fx.Graph, dtype: torch.dtype) -> int:
    return lower_precision(graph, dtype) + lower_attention(graph, dtype) + sink_casts(graph)


def _folded(graph: fx.Graph, tensors: Tensors, target: str) -> tuple[fx.Graph, Tensors, dict[str, int]]:
    """A graph after the passes that neither lay weights out nor write over operands, with what they computed."""
    strategy = BuildStrategy()
    for name in PACKING:
        strategy.delete_pass(name)
    strategy.enable_inplace = strategy.fuse_bn_add_act_ops = False
    graph, changes = optimise(graph, strategy, target)
    # Where the archive's tensors are, and what is calculated from constants alone.
    on_cpu = {path: (plain(tensor).detach().cpu(), kind) for path, (tensor, kind) in tensors.items()}
    with torch.no_grad():
        graph, tensors, _ = split_derived(graph, on_cpu)
    return graph, tensors, changes
