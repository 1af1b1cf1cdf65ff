"""fuse_attention: attention written out becomes one call.

Requires: nothing; checked, a graph for one kind of device. Ensures: same values within rounding;
softmax(q k^T * scale + masks) v, with the scale before or after the product, masks or none, by matmul, bmm or einsum,
over q, k, v of four axes or three, is one call. A probability that drops out in training stays as it is. checked: a
function of tensor/loops.py that makes the one call and gives not-a-number, and not 0, for a row that masks rule out
whole; calls that are too small to gain stay then, unless at_any_size.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.passes.arithmetic import is_tensor, product_of, sum_of
from fxtraced.passes.matching import argument, erase_unused, is_call, meta_of_view, unsqueezed
from fxtraced.passes.simplify_views import permutation_of
from fxtraced.passes.state_values import has_effects, is_float32
from fxtraced.tracing.guards import check_guard

# Multiplications of q and k below which the one call does not gain what its check costs.
_WORTHWHILE = 1 << 23


class Product(NamedTuple):
    """A product of matrices [..., n, d] and [..., m, d] or, when not turned, [..., d, m].

    Each operand is a tensor and the axes to take of it. result: where the axes of [..., n, m] are in the call's value.
    """

    left: tuple[fx.Node, list[int]]
    right: tuple[fx.Node, list[int]]
    result: list[int]


class Attention(NamedTuple):
    """What attention is of, and how the axes of its result are to be turned."""

    q: tuple[fx.Node, list[int]]
    k: tuple[fx.Node, list[int]]
    v: tuple[fx.Node, list[int]]
    masks: list[fx.Node]
    scale: float
    result: list[int]


def fuse_attention(graph: fx.Graph, checked: Callable[..., Any] | None = None, at_any_size: bool = False) -> int:
    """Replace attention written out by one call, in place; returns how many."""
    least = 0 if at_any_size else _WORTHWHILE
    if checked and has_effects(graph):
        return 0
    sums: dict[tuple[fx.Node, ...], fx.Node] = {}
    changed = 0
    for node in list(graph.nodes):
        found = None if node._erased or not is_tensor(node) else _match(node)
        if found is None or (checked and not _is_worthwhile(found, least)):
            continue
        with graph.inserting_before(node):
            fused = _write(graph, found, sums, checked)
        fused.meta = {**fused.meta, **node.meta}
        node.replace_all_uses_with(fused)
        erase_unused(node)
        changed += 1
    return changed


def _is_worthwhile(found: Attention, least: int) -> bool:
    (q, axes), (k, key_axes) = found.q, found.k
    sizes = [int(q.meta["shape"][i]) for i in axes]
    return is_float32(q, k, found.v[0]) and math.prod(sizes) * int(k.meta["shape"][key_axes[-2]]) >= least


def _write(graph: fx.Graph, found: Attention, sums: dict[tuple[fx.Node, ...], fx.Node], checked: Any) -> fx.Node:
    q, k, v = (_turned(graph, *x) for x in (found.q, found.k, found.v))
    mask = _sum(graph, found.masks, sums)
    rank = len(found.result)
    if mask is not None and len(mask.meta["shape"]) < 2:
        mask = unsqueezed(mask)
    if rank == 3:
        q, k, v = map(unsqueezed, (q, k, v))
    if checked is not None:
        fused = graph.call_function(checked, (q, k, v, mask, found.scale))
    else:
        _check_lengths(graph, k, v)
        kwargs: dict[str, Any] = {"attn_mask": mask, "scale": found.scale}
        fused = graph.call_function(torch.nn.functional.scaled_dot_product_attention, (q, k, v), kwargs)
    if rank == 3:
        fused = graph.call_method("squeeze", (fused, 0))
    if found.result != list(range(rank)):
        fused = graph.call_function(torch.permute, (fused, found.result))
        fused.meta["view"] = True
    return fused


def _turned(graph: fx.Graph, value: fx.Node, axes: list[int]) -> fx.Node:
    if axes == list(range(len(axes))):
        return value
    node = graph.call_function(torch.permute, (value, axes))
    node.meta = meta_of_view(value, tuple(value.meta["shape"][i] for i in axes))
    return node


def _sum(graph: fx.Graph, masks: list[fx.Node], sums: dict[tuple[fx.Node, ...], fx.Node]) -> fx.Node | None:
    """All masks as one; the same ones are added once."""
    if len(masks) < 2:
        return masks[0] if masks else None
    key = tuple(masks)
    if key not in sums:
        total = masks[0]
        for mask in masks[1:]:
            shape = tuple(torch.broadcast_shapes(total.meta["shape"], mask.meta["shape"]))
            total = graph.call_function(operator.add, (total, mask))
            total.meta = {"shape": shape, "dtype": mask.meta["dtype"]}
        sums[key] = total
    return sums[key]


def _check_lengths(graph: fx.Graph, k: fx.Node, v: fx.Node) -> None:
    """The product of weights and values fails where there are more or fewer values than keys; the one call does not
    look, and reads past the end."""
    lengths = [graph.call_method("size", (x, 2)) for x in (k, v)]
    same = graph.call_function(operator.eq, tuple(lengths))
    guard = graph.call_function(check_guard, (same, "keys and values differ in length"))
    guard.meta["effect"] = "guard"


def _match(node: fx.Node) -> Attention | None:
    outer = _product(node, turned=False)
    if outer is None or outer.left[1] != list(range(len(outer.left[1]))):
        return None
    weights, rank = outer.left[0], len(outer.left[1])
    plain = is_call(weights, "softmax") and list(weights.users) == [node] and weights.kwargs.get("dtype") is None
    if not plain or argument(weights, 1, "dim") not in (-1, rank - 1):
        return None
    scores: Any = weights.args[0]
    masks: list[fx.Node] = []
    inner, scale = None, 1.0
    while inner is None:
        if not is_tensor(scores) or scores.meta["shape"] != weights.meta["shape"]:
            # A mask makes the scores larger, which the one call does not allow.
            return None
        found = product_of(scores)
        if len(found.tensors) != 1:
            return None
        inner = _product(found.tensors[0], turned=True)
        if inner is not None:
            scale = found.number
        elif found.inner or sum_of(scores) is None:
            return None
        else:
            scores, mask = _scores_and_mask(*sum_of(scores))  # type: ignore[misc]
            if scores is None or mask.meta["dtype"] != scores.meta["dtype"]:
                return None
            masks.insert(0, mask)
    if inner.result != list(range(rank)) or len(inner.result) != rank:
        return None
    q, k = inner.left, inner.right
    factors = product_of(q[0])
    if len(factors.tensors) == 1 and factors.inner and len(q[0].users) == 1:
        q, scale = (factors.tensors[0], q[1]), scale * factors.number
    same = len({x[0].meta["dtype"] for x in (q, k, outer.right)}) == 1 and q[0].meta["dtype"].is_floating_point
    return Attention(q, k, outer.right, masks, scale, outer.result) if same else None


def _scores_and_mask(a: Any, b: Any) -> tuple[Any, Any]:
    """Which of two operands has the product in it."""
    if not is_tensor(a) or not is_tensor(b):
        return None, None
    for scores, mask in ((a, b), (b, a)):
        value = scores
        while sum_of(value) is not None and is_tensor(value.args[0]):
            value = value.args[0]
        found = product_of(value)
        if len(found.tensors) == 1 and _product(found.tensors[0], turned=True) is not None:
            return scores, mask
    return None, None


def _product(node: Any, turned: bool) -> Product | None:
    """A call as the product of matrices that it is; turned: with the right one as [..., m, d]."""
    if is_call(node, "einsum"):
        return _einsum(node, turned)
    if not is_call(node, "matmul", "bmm") or len(node.args) != 2 or node.kwargs or not all(map(is_tensor, node.args)):
        return None
    left, right = node.args
    rank = len(node.meta["shape"])
    if rank not in (3, 4) or any(len(x.meta["shape"]) != rank for x in node.args):
        return None
    axes = list(range(rank))
    if not turned:
        return Product((left, axes), (right, axes), axes)
    before = permutation_of(right)
    if before is None:
        # Its rows do not lie side by side in memory when they are turned.
        return None
    return Product((left, axes), (right.args[0], [*before[:-2], before[-1], before[-2]]), axes)


def _einsum(node: fx.Node, turned: bool) -> Product | None:
    operands = list(node.args[1:])
    equation: Any = node.args[0] if node.args else None
    if not isinstance(equation, str) or len(operands) != 2 or node.kwargs or not all(map(is_tensor, operands)):
        return None
    terms, _, result = equation.replace(" ", "").partition("->")
    left, _, right = terms.partition(",")
    ranks = {len(left), len(right), len(result)}
    if "." in equation or ranks not in ({3}, {4}) or any(len(set(x)) < len(x) for x in (left, right, result)):
        return None
    shared = [x for x in result if x in left and x in right]
    rows, columns = (
        [x for x in result if x in own and x not in other] for own, other in ((left, right), (right, left))
    )
    inner = [x for x in left if x in right and x not in result]
    if not len(rows) == len(columns) == len(inner) == 1:
        return None
    own = [*shared, *rows, *columns]
    matrix = [*columns, *inner] if turned else [*inner, *columns]
    return Product(
        (operands[0], [left.index(x) for x in (*shared, *rows, *inner)]),  # type: ignore[arg-type]
        (operands[1], [right.index(x) for x in (*shared, *matrix)]),  # type: ignore[arg-type]
        [own.index(x) for x in result],
    )
