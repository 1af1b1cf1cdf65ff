"""calculate_softmax: soft-max over the last dimension is calculated by a kernel of the native module.

Requires: a graph for a CPU that the module has kernels for, after fuse_attention. Ensures: same values within rounding
at every size; in the memory of its input where nothing else holds it. One whose result is multiplied stays: the
compiler of partitions has one call for all of an attention. So does one of another dtype or dimension.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.framework.native import native
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.partitioning import PRODUCTS
from fxtraced.passes.state_values import is_float32


def calculate_softmax(graph: fx.Graph) -> int:
    """Replace soft-max calls by calls of a kernel, in place; returns how many."""
    module = native()
    if module is None or not module.width():
        return 0
    found = [node for node in graph.nodes if is_call(node, "softmax") and _can_be(node)]
    for node in found:
        with graph.inserting_before(node):
            result = graph.call_function(torch.ops.fxtraced.softmax.default, (node.args[0],))
        result.meta = dict(node.meta)
        node.replace_all_uses_with(result)
        graph.erase_node(node)
    return len(found)


def _can_be(node: fx.Node) -> bool:
    x: Any = argument(node, 0, "input")
    dim = argument(node, 1, "dim")
    if not node.args or not is_float32(x) or node.kwargs.get("dtype") is not None or len(node.args) > 2:
        return False
    is_last = isinstance(dim, int) and dim in (-1, len(x.meta["shape"]) - 1)
    return is_last and len(x.meta["shape"]) > 0 and not any(is_call(user, *PRODUCTS) for user in node.users)
