"""hoist_selections: where only the first or last row of a result is read, only that row is calculated.

Requires: nothing. Ensures: same values within rounding, as a product of fewer rows may round otherwise. x[:, 0],
x[:, -1] and slices of that one row are taken of what x is calculated from, row by row: by linear calls and products,
attention (of its queries), norms and soft-max over other axes, turns and what is element by element, as far as nothing
reads the other rows, and where large products become smaller for it: as in the last layer of a Transformer whose first
token is classified.
"""

from __future__ import annotations

import heapq
import math
import operator
from typing import Any

from torch import fx

from fxtraced.passes.arithmetic import is_tensor
from fxtraced.passes.matching import argument, is_call, is_pure, meta_of_view, name_of, writes
from fxtraced.passes.simplify_views import permutation_of

# Multiplications that must be saved for the smaller graph to be worth other rounding.
_WORTHWHILE = 1 << 22
_ELEMENTWISE = frozenset(
    """abs add celu clamp clone contiguous cos div divide elu erf exp gelu hardsigmoid hardswish hardtanh leaky_relu log
    maximum minimum mish mul multiply neg pow relu relu6 rsqrt selu sigmoid silu sin softplus softsign sqrt square sub
    subtract tanh truediv""".split()
)
# The first and the last element, which an axis with one element has, too.
_PLACES: dict[Any, slice] = {0: slice(0, 1), -1: slice(-1, None)}

Operands = list[tuple[fx.Node, int]]


def hoist_selections(graph: fx.Graph) -> int:
    """Select before what was selected from is calculated, in place; returns for how many selections."""
    if writes(graph):
        return 0
    return sum(_hoist(graph, node) for node in list(graph.nodes))


def _hoist(graph: fx.Graph, selection: fx.Node) -> bool:
    found = _selected(selection)
    if found is None:
        return False
    x, axis, place = found
    reduced = _reduced(graph, selection, x, axis)
    if sum(_saved(node, dim) for node, dim in reduced.items()) < _WORTHWHILE:
        return False
    parts: dict[tuple[fx.Node, int], fx.Node] = {}
    for node in [node for node in graph.nodes if node in reduced]:
        for value, dim in _operands(node, reduced[node]) or []:
            if value in reduced:
                continue
            if (value, dim) not in parts:
                with graph.inserting_before(node):
                    part = graph.call_function(operator.getitem, (value, (*[slice(None)] * dim, _PLACES[place])))
                part.meta = meta_of_view(value, _shape_of_one(value, dim))
                parts[value, dim] = part
            node.replace_input_with(value, parts[value, dim])
    for node, dim in reduced.items():
        node.meta["shape"] = _shape_of_one(node, dim)
    return True


def _selected(node: fx.Node) -> tuple[fx.Node, int, int] | None:
    """The tensor, axis and place of a selection of one row, first or last, of several."""
    if not is_call(node, "getitem") or not is_tensor(node) or not is_tensor(node.args[0]):
        return None
    x: Any = node.args[0]
    items: Any = node.args[1]
    items = items if isinstance(items, tuple) else (items,)
    whole = [isinstance(item, slice) and item == slice(None) for item in items]
    if whole.count(False) != 1:
        return None
    axis = whole.index(False)
    place = _place_of(items[axis])
    return (x, axis, place) if place is not None and x.meta["shape"][axis] > 1 else None


def _place_of(item: Any) -> int | None:
    if isinstance(item, slice):
        known = {(0, 1): 0, (None, 1): 0, (-1, None): -1}
        parts = (item.start, item.stop)
        is_known = item.step in (None, 1) and not any(isinstance(x, fx.Node) for x in parts)
        return known.get(parts) if is_known else None
    return item if type(item) is int and item in _PLACES else None


def _reduced(graph: fx.Graph, selection: fx.Node, x: fx.Node, axis: int) -> dict[fx.Node, int]:
    """The calls that are row by row in an axis, and whose other rows nothing reads; with that axis of their result."""
    order = {node: i for i, node in enumerate(graph.nodes)}
    asked: dict[fx.Node, set[int]] = {x: {axis}}
    reduced: dict[fx.Node, int] = {}
    # A node comes after all that read it: the last ones first.
    pending = [(-order[x], x.name, x)]
    while pending:
        node = heapq.heappop(pending)[2]
        if len(asked[node]) > 1 or not all(user is selection or user in reduced for user in node.users):
            continue
        (dim,) = asked[node]
        operands = _operands(node, dim)
        if operands is None or not _reads_once(node, operands):
            continue
        reduced[node] = dim
        for value, of_value in operands:
            if value not in asked:
                heapq.heappush(pending, (-order[value], value.name, value))
            asked.setdefault(value, set()).add(of_value)
    return reduced


def _operands(node: fx.Node, dim: int) -> Operands | None:
    """The tensors of a call, and their axis, of which one row makes that row of the result's axis `dim`; None where it
    takes more."""
    if not is_tensor(node) or not is_pure(node) or not node.args:
        return None
    name, rank, x = name_of(node), _rank(node), node.args[0]
    if name in _ELEMENTWISE:
        return _aligned(node.all_input_nodes, rank, dim)
    if name in ("cat", "concat"):
        axis = argument(node, 1, "dim", 0)
        return _aligned(node.all_input_nodes, rank, dim) if type(axis) is int and axis % rank != dim else None
    if not is_tensor(x):
        return None
    turned = permutation_of(node)
    if turned is not None:
        return [(x, turned[dim])]  # type: ignore[list-item]
    if name == "scaled_dot_product_attention":
        return _of_attention(node, rank, dim)
    if name in ("matmul", "bmm"):
        fits = dim == rank - 2 and len(node.args) == 2 and all(is_tensor(y) and _rank(y) > 1 for y in node.args)
        return [(x, _rank(x) - 2)] if fits else None  # type: ignore[list-item]
    return [(x, dim)] if _leaves(node, name, rank, dim) else None  # type: ignore[list-item]


def _leaves(node: fx.Node, name: str, rank: int, dim: int) -> bool:
    """True for a call that leaves the axes up to `dim` as they are, and works on later ones or on another."""
    if name == "linear":
        return dim < rank - 1
    if name == "layer_norm":
        sizes = argument(node, 1, "normalized_shape")
        return isinstance(sizes, list | tuple) and dim < rank - len(sizes)
    if name == "softmax":
        axis = argument(node, 1, "dim")
        return type(axis) is int and axis % rank != dim
    if name in ("flatten", "unflatten"):
        first = argument(node, 1, "start_dim" if name == "flatten" else "dim", 0)
        return type(first) is int and dim < (first % _rank(node.args[0]))
    return False


def _of_attention(node: fx.Node, rank: int, dim: int) -> Operands | None:
    mask = argument(node, 3, "attn_mask")
    is_causal = argument(node, 5, "is_causal", False) is not False
    if dim != rank - 2 or is_causal or not (mask is None or is_tensor(mask)):
        return None
    q: Any = node.args[0]
    return [(q, _rank(q) - 2), *([(mask, _rank(mask) - 2)] if mask is not None and _rank(mask) > 1 else [])]


def _aligned(values: list[fx.Node], rank: int, dim: int) -> Operands:
    """Of operands that are broadcast, those that have the axis: one with a single row gives that."""
    tensors = [(x, dim - rank + _rank(x)) for x in values if is_tensor(x)]
    return [(x, of_x) for x, of_x in tensors if of_x >= 0]


def _reads_once(node: fx.Node, operands: Operands) -> bool:
    """False where a call also reads whole what it reads a row of, as attention of a tensor with itself."""
    read: list[fx.Node] = []
    fx.node.map_arg((node.args, node.kwargs), read.append)
    return all(read.count(value) == 1 for value, _ in operands)


def _saved(node: fx.Node, dim: int) -> int:
    """The multiplications of all rows of a product but one."""
    shape = [int(size) for size in node.meta["shape"]]
    x: Any = node.args[0]
    if is_call(node, "scaled_dot_product_attention"):
        keys: Any = argument(node, 1, "key")
        each = 2 * int(keys.meta["shape"][-2])
    elif is_call(node, "linear", "matmul", "bmm"):
        each = int(x.meta["shape"][-1])
    else:
        return 0
    return math.prod(shape) // shape[dim] * (shape[dim] - 1) * each


def _shape_of_one(node: fx.Node, dim: int) -> tuple[int, ...]:
    shape = list(node.meta["shape"])
    shape[dim] = 1
    return tuple(shape)


def _rank(node: Any) -> int:
    return len(node.meta["shape"])
