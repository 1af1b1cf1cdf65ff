"""fuse_linear: matmul + bias becomes one linear call.

Requires: nothing. Ensures: same values within rounding; x @ W + b with a two-dimensional parameter W and a
one-dimensional parameter b is torch.nn.functional.linear(x, W^T, b).
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import is_call


def fuse_linear(graph: fx.Graph) -> int:
    """Replace matmul + bias by linear, in place; returns how many."""
    changed = 0
    for node in list(graph.nodes):
        if node.target not in (operator.add, torch.add) or len(node.args) != 2 or node.kwargs:
            continue
        for product, bias in (node.args, node.args[::-1]):
            if _is_parameter(bias, 1) and is_call(product, "matmul") and list(product.users) == [node]:
                x, weight = product.args
                if not _is_parameter(weight, 2) or bias.meta["shape"][0] != weight.meta["shape"][1]:
                    continue
                with graph.inserting_before(node):
                    transposed = graph.call_function(torch.t, (weight,))
                    transposed.meta = {"shape": tuple(weight.meta["shape"][::-1]), "dtype": weight.meta["dtype"]}
                    linear = graph.call_function(torch.nn.functional.linear, (x, transposed, bias))
                linear.meta = dict(node.meta)
                node.replace_all_uses_with(linear)
                graph.erase_node(node)
                graph.erase_node(product)
                changed += 1
                break
    return changed


def _is_parameter(value: Any, ndim: int) -> bool:
    return isinstance(value, fx.Node) and value.op == "get_attr" and len(value.meta["shape"]) == ndim
