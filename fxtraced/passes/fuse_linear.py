"""fuse_linear: a product with a weight of the layer, and the bias after it, become one linear call.

Requires: nothing; with_products, a graph for a CPU. Ensures: same values within rounding; x @ W + b with a
two-dimensional parameter W and a one-dimensional parameter b is torch.nn.functional.linear(x, W^T, b). with_products: W
and b may be anything that comes from the layer's tensors alone, and a product without a bias is a linear call, too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.arithmetic import sum_of
from fxtraced.passes.matching import is_call, replace_value
from fxtraced.passes.state_values import state_values


def fuse_linear(graph: fx.Graph, with_products: bool = False) -> int:
    """Replace matmul + bias by linear, in place; returns how many."""
    parameters = state_values(graph) if with_products else set(graph.find_nodes(op="get_attr"))
    changed = 0
    for product in list(graph.nodes):
        if not _is_product(product, parameters):
            continue
        added = _bias_after(product, parameters)
        if added is not None:
            _replace(added[0], product, added[1])
        elif with_products:
            _replace(product, product, None)
        changed += added is not None or with_products
    return changed


def _is_product(node: fx.Node, parameters: set[fx.Node]) -> bool:
    if not is_call(node, "matmul", "mm") or len(node.args) != 2 or node.kwargs:
        return False
    x, weight = node.args
    fits = weight in parameters and len(weight.meta["shape"]) == 2 and weight.meta["dtype"].is_floating_point  # type: ignore[union-attr]
    return bool(fits) and x not in parameters and len(x.meta["shape"]) > 0  # type: ignore[union-attr]


def _bias_after(product: fx.Node, parameters: set[fx.Node]) -> tuple[fx.Node, fx.Node] | None:
    """The addition of a bias that alone reads a product, and the bias."""
    user = next(iter(product.users)) if len(product.users) == 1 else None
    operands = sum_of(user)
    if user is None or operands is None:
        return None
    bias = operands[1] if operands[0] is product else operands[0]
    weight: Any = product.args[1]
    fits = bias in parameters and tuple(bias.meta["shape"]) == tuple(weight.meta["shape"])[1:]
    return (user, bias) if fits and bias.meta["dtype"] == weight.meta["dtype"] else None


def _replace(node: fx.Node, product: fx.Node, bias: fx.Node | None) -> None:
    x, weight = product.args
    with node.graph.inserting_before(node):
        transposed = node.graph.call_function(torch.t, (weight,))
    transposed.meta = {
        "shape": tuple(weight.meta["shape"][::-1]),  # type: ignore[union-attr]
        "dtype": weight.meta["dtype"],  # type: ignore[union-attr]
        "view": True,
    }
    replace_value(node, torch.nn.functional.linear, (x, transposed, bias))
