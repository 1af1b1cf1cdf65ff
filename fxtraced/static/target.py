"""Graphs for archives of one target: what save_inference_model writes for CPUs."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.lowering.packing import Tensors, split_derived
from fxtraced.passes.pipeline import PACKING, optimise
from fxtraced.passes.sink_casts import sink_casts
from fxtraced.static.precision import Precision, reduced
from fxtraced.static.strategy import BuildStrategy

TARGETS = ("portable", "cpu")


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

    Batch norms are folded before weights are rounded to bfloat16, and laid out after that.
    """
    is_wide, differences = precision.dtype is torch.float32, None
    if not is_wide:
        if target == "cpu":
            graph, tensors = _folded(graph, tensors)
        graph, tensors, differences = reduced(graph, tensors, feeds, fetches, precision)
        if target == "cpu":
            sink_casts(graph)
    if target == "portable":
        return ForArchive(graph, tensors, differences=differences)
    lowered, changes = optimise(graph, BuildStrategy(), for_cpu=True)
    return ForArchive(graph, tensors, lowered, changes, differences)


def _folded(graph: fx.Graph, tensors: Tensors) -> tuple[fx.Graph, Tensors]:
    """A graph after the passes that neither lay weights out nor write over operands, with what they computed."""
    strategy = BuildStrategy()
    for name in PACKING:
        strategy.delete_pass(name)
    strategy.enable_inplace = strategy.fuse_bn_add_act_ops = False
    with torch.no_grad():
        graph, tensors, _ = split_derived(optimise(graph, strategy, for_cpu=True)[0], tensors)
    return graph, tensors
