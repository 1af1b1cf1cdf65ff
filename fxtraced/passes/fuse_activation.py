"""fuse_activation: an activation writes over its input.

Requires: nothing. Ensures: same values; where the input of an activation is new memory that nothing else reads, the
result takes its place.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes.matching import is_call, may_be_overwritten, name_of

# Functions of torch.nn.functional with an `inplace` argument.
_ACTIVATIONS = (
    "relu",
    "relu6",
    "silu",
    "mish",
    "hardswish",
    "hardsigmoid",
    "hardtanh",
    "leaky_relu",
    "elu",
    "celu",
    "selu",
)


def fuse_activation(graph: fx.Graph, after: tuple[str, ...] = ()) -> int:
    """Make activations in place, only after these operations when some are named; returns how many."""
    changed = 0
    for node in graph.nodes:
        if (
            node.op != "call_function"
            or not is_call(node, *_ACTIVATIONS)
            or node.kwargs.get("inplace")
            or not node.args
        ):
            continue
        source = node.args[0]
        if not may_be_overwritten(source, node) or (after and name_of(source) not in after):
            continue
        node.target = getattr(torch.nn.functional, name_of(node))
        node.kwargs = {**node.kwargs, "inplace": True}
        changed += 1
    return changed
