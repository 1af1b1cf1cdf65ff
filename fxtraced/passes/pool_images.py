"""pool_images: the average of whole images becomes a plain average pool, where that is faster.

Requires: a graph for a CPU, after pack_convolutions. Ensures: same values within rounding at every size; an adaptive
pool to one place, or a mean over both axes of images that lie channels last in memory, is one avg_pool2d. It computes
the same along a shorter way: torch's adaptive pool is a mean, which is a sum and a division.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch.nn import functional as F

from fxtraced.passes.layout import lies_channels_last
from fxtraced.passes.matching import argument, is_call, replace_value
from fxtraced.passes.measuring import choose
from fxtraced.passes.state_values import is_float32, state_values

# The places of an image up to which the pool, which adds one after the other, rounds like a mean.
_PLACES = 1 << 12
# How many times faster it must be.
_GAIN = 1.1


def pool_images(graph: fx.Graph) -> int:
    """Replace averages of whole images by avg_pool2d, in place; returns how many."""
    found = [node for node in graph.nodes if _averages_images(node)]
    sites = [(("average", *map(int, node.args[0].meta["shape"]), _keeps_axes(node)), [node]) for node in found]
    chosen = choose(sites, state_values(graph), {"present": lambda graph: None, "pool": _alone(_pool)}, gain=_GAIN)
    found = [node for node, name in zip(found, chosen, strict=True) if name == "pool"]
    for node in found:
        _pool(node)
    return len(found)


def _pool(node: fx.Node) -> None:
    graph, x = node.graph, node.args[0]
    with graph.inserting_before(node):
        size = [graph.call_method("size", (x, dim)) for dim in (2, 3)]
        if not _keeps_axes(node):
            pooled = graph.call_function(F.avg_pool2d, (x, size))
            pooled.meta = {**node.meta, "shape": (*node.meta["shape"], 1, 1)}
            replace_value(node, torch.flatten, (pooled, 1))
        else:
            replace_value(node, F.avg_pool2d, (x, size))


def _averages_images(node: fx.Node) -> bool:
    x: Any = node.args[0] if node.args else None
    if not is_call(node, "adaptive_avg_pool2d", "mean") or not is_float32(x) or not is_float32(node):
        return False
    shape = x.meta["shape"]
    if len(shape) != 4 or not 0 < shape[2] * shape[3] <= _PLACES or not lies_channels_last(x):
        return False
    if is_call(node, "mean"):
        dims = argument(node, 1, "dim")
        return isinstance(dims, list | tuple) and sorted(d % 4 for d in dims if isinstance(d, int)) == [2, 3]
    return argument(node, 1, "output_size") in (1, [1, 1], (1, 1))


def _keeps_axes(node: fx.Node) -> bool:
    return is_call(node, "adaptive_avg_pool2d") or bool(argument(node, 2, "keepdim", False))


def _alone(change: Callable[[fx.Node], None]) -> Callable[[fx.Graph], None]:
    """A change of the average of a graph that has one."""
    return lambda graph: change(next(node for node in graph.nodes if _is_average(node)))


def _is_average(node: fx.Node) -> bool:
    return is_call(node, "adaptive_avg_pool2d", "mean")
