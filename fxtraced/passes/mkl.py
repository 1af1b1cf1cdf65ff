"""What MKL computes: a product of rows with a weight in its own layout."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.linear import Linear, rows
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.state_values import packed_call
from fxtraced.tensor.loops import multiply_packed


def is_available() -> bool:
    """True when this torch has MKL, and its operations with weights that are laid out."""
    return torch.backends.mkl.is_available() and hasattr(torch.ops.mkl, "_mkl_linear")


def multiply(graph: fx.Graph, node: fx.Node, at_any_size: bool = True) -> None:
    """Replace a linear call by a product of MKL.

    at_any_size: False for a graph that runs at the sizes of the trace alone. MKL would read past the end of an input
    with fewer columns than the weight has.
    """
    x, weight, bias = Linear.of(node)
    with graph.inserting_before(node):
        lay_out = torch.ops.mkl._mkl_reorder_linear_weight.default
        packed = packed_call(graph, lay_out, [weight], rows(node), like=weight)
    target: Any = multiply_packed if at_any_size else torch.ops.mkl._mkl_linear.default
    replace_calls(graph, [node], target, (x, packed, weight, bias, rows(node)))
