"""lower_precision: products with the layer's weights are calculated in float16 or bfloat16.

Requires: nothing. Ensures: feeds and fetches keep their dtypes; a matrix product, convolution or embedding with a
float32 weight takes and gives that dtype between two casts, and everything else is as it was. For an archive, a weight,
or bias, that only such calls use, also by way of views, is noted in that dtype, in which it is to be stored; another
one is cast where it is used, and so is every one in a graph that writes. What a branch or loop calculates inside stays
in float32.
"""

from __future__ import annotations

import torch
from torch import fx

from fxtraced.passes.matching import argument, is_call, name_of
from fxtraced.passes.state_values import is_float32, state_values
from fxtraced.tracing.regions import all_nodes

_PRODUCTS = """linear matmul mm bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
    embedding""".split()
_VIEWS = frozenset(
    """t transpose permute reshape view view_as flatten unflatten squeeze unsqueeze swapaxes swapdims moveaxis movedim
    contiguous expand getitem""".split()
)
_SIZES = frozenset("size dim numel getattr".split())


def lower_precision(graph: fx.Graph, dtype: torch.dtype, live: bool = False) -> int:
    """Calculate products with weights in dtype, in place; returns how many.

    live: no tensor is noted in dtype; what is calculated from the layer's tensors alone is a weight, too.
    """
    weights = {x for x in state_values(graph) if is_float32(x)} if live else _weights(graph)
    lowered = [node for node in graph.nodes if _is_product(node, weights)]
    for node in set() if live else _stored(graph, weights, set(lowered)):
        node.meta = {**node.meta, "dtype": dtype}
    for node in lowered:
        for value in node.all_input_nodes:
            if is_float32(value):
                cast_before(node, value, dtype)
        cast_after(node, dtype)
    return len(lowered)


def _weights(graph: fx.Graph) -> set[fx.Node]:
    """The layer's float32 tensors and the views of them."""
    found: set[fx.Node] = set()
    for node in graph.nodes:
        view = is_call(node, *_VIEWS) and node.args[0] in found
        if is_float32(node) and (node.op == "get_attr" or view):
            found.add(node)
    return found


def _is_product(node: fx.Node, weights: set[fx.Node]) -> bool:
    if not is_call(node, *_PRODUCTS) or not is_float32(node) or "effect" in node.meta or "out" in node.kwargs:
        return False
    factors = argument(node, 0, "input"), argument(node, 1, "other" if is_call(node, "matmul") else "weight")
    return any(x in weights for x in factors)


def _stored(graph: fx.Graph, weights: set[fx.Node], lowered: set[fx.Node]) -> set[fx.Node]:
    """The weights that lowered products alone use, with their views: all or none of those of one tensor."""
    if any(node.meta.get("effect") == "write" for node in all_nodes(graph)):
        return set()
    kept = {node for node in weights if any(not _fits(user, weights, lowered) for user in node.users)}
    pending = list(kept)
    while pending:
        node = pending.pop()
        same = {node.target} if node.op == "get_attr" else set()
        related = {*node.all_input_nodes, *node.users, *(x for x in weights if x.target in same)} & weights
        pending += related - kept
        kept |= related
    return weights - kept


def _fits(user: fx.Node, weights: set[fx.Node], lowered: set[fx.Node]) -> bool:
    return user in lowered or user in weights or ("shape" not in user.meta and name_of(user) in _SIZES)


def cast_before(node: fx.Node, value: fx.Node, dtype: torch.dtype) -> None:
    """Let node read value in dtype."""
    with node.graph.inserting_before(node):
        node.replace_input_with(value, cast(value, dtype))


def cast_after(node: fx.Node, dtype: torch.dtype) -> None:
    """Let what reads node, which gives dtype now, read it in float32."""
    give_in(node, dtype)
    node.meta["reduced"] = dtype


def give_in(node: fx.Node, dtype: torch.dtype) -> None:
    """Note that node gives dtype, and let what reads it read float32."""
    with node.graph.inserting_after(node):
        wide = cast(node, torch.float32)
    node.replace_all_uses_with(wide, delete_user_cb=lambda user: user is not wide)
    node.meta = {**node.meta, "dtype": dtype}


def cast(value: fx.Node, dtype: torch.dtype) -> fx.Node:
    """Insert a cast of a value where its graph inserts."""
    made = value.graph.call_method("to", (value, dtype))
    made.meta = {"shape": value.meta["shape"], "dtype": dtype, "source": value.meta.get("source")}
    return made
