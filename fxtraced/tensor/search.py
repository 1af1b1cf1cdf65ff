"""Finding things: extremes' places, sorting, selecting, searching."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype
from fxtraced.tensor.common import dtype_or, promote, to_dtype, torch_method
from fxtraced.tensor.shape import int_of


def argmax(x: Any, axis: Any = None, keepdim: bool = False, dtype: Any = "int64", name: Any = None) -> Any:
    """The place of the first largest element along axis, or in the flattened x, as int32 or int64."""
    return _place(torch.argmax, x, axis, keepdim, dtype)


def argmin(x: Any, axis: Any = None, keepdim: bool = False, dtype: Any = "int64", name: Any = None) -> Any:
    """The place of the first smallest element along axis, or in the flattened x, as int32 or int64."""
    return _place(torch.argmin, x, axis, keepdim, dtype)


def _place(function: Any, x: Any, axis: Any, keepdim: bool, dtype: Any) -> Any:
    kind = convert_dtype(dtype)
    if kind not in (torch.int32, torch.int64):
        raise ValueError(f"dtype must be 'int32' or 'int64', but received {dtype!r}")
    if axis is not None:
        return to_dtype(function(x, int_of(axis), keepdim), kind)
    out = to_dtype(function(x), kind)
    return torch.reshape(out, [1] * x.ndim) if keepdim else out


def argsort(x: Any, axis: int = -1, descending: bool = False, name: Any = None) -> Any:
    """The places that sort x along axis; equal elements keep their order."""
    return torch.sort(x, dim=axis, descending=descending, stable=True)[1]


def sort(x: Any, axis: int = -1, descending: bool = False, name: Any = None) -> Any:
    """x sorted along axis: values only, where torch.sort also gives indices."""
    return torch.sort(x, dim=axis, descending=descending, stable=True)[0]


def topk(
    x: Any, k: Any, axis: int | None = None, largest: bool = True, sorted: bool = True, name: Any = None
) -> tuple[Any, Any]:
    """(values, indices) of the k largest or smallest elements along axis (the last one)."""
    values, indices = torch.topk(x, int_of(k), -1 if axis is None else axis, largest, sorted)
    return values, indices


def kthvalue(x: Any, k: int, axis: int | None = None, keepdim: bool = False, name: Any = None) -> tuple[Any, Any]:
    """(values, indices) of the k-th smallest elements along axis (the last one)."""
    values, indices = torch.kthvalue(x, k, -1 if axis is None else axis, keepdim)
    return values, indices


def mode(x: Any, axis: int = -1, keepdim: bool = False, name: Any = None) -> tuple[Any, Any]:
    """(values, indices) of the most frequent elements along axis; the last place of each."""
    values, _ = torch.mode(x, axis, True)
    hits = to_dtype(torch.eq(x, values), torch.int64)
    last = x.shape[axis] - 1 - torch.argmax(torch.flip(hits, [axis]), axis, keepdim)
    return values if keepdim else torch.squeeze(values, axis), last


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """x where condition is True, else y, broadcast; with condition alone, its nonzero(as_tuple=True).

    Numbers count as float64 or int64 tensors, as in Paddle. Raises ValueError when only one of x and y is given.
    """
    if x is None and y is None:
        return nonzero(condition, as_tuple=True)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    x, y = (_where_side(side, condition) for side in (x, y))
    if x.dtype != y.dtype:
        if not (x.dtype.is_floating_point and y.dtype.is_floating_point):
            raise ValueError(f"where: x and y must have one dtype, but received {x.dtype} and {y.dtype}")
        x, y = promote(x, y)
    return torch.where(condition, x, y)


def where_(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """where, written into x."""
    return torch_method(x, "copy_", where(condition, x, y))


def _where_side(side: Any, condition: Any) -> Any:
    if isinstance(side, torch.Tensor):
        return side
    dtype = torch.float64 if isinstance(side, float) else torch.bool if isinstance(side, bool) else torch.int64
    return torch.tensor(side, dtype=dtype, device=condition.device)


def nonzero(x: Any, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero: [n, ndim], or ndim columns of [n, 1] as a tuple."""
    places = torch.nonzero(x)
    return tuple(torch.split(places, 1, 1)) if as_tuple else places


def index_select(x: Any, index: Any, axis: int = 0, name: Any = None) -> Any:
    """The slices of x along axis at index, a vector."""
    return torch.index_select(x, axis, index)


def masked_select(x: Any, mask: Any, name: Any = None) -> Any:
    """The elements where mask (broadcast) is True, as a vector."""
    return torch.masked_select(x, mask)


def index_sample(x: Any, index: Any) -> Any:
    """From every row of x [n, m] the elements at that row of index [n, k] -> [n, k]."""
    return torch.gather(x, 1, to_dtype(index, torch.int64))


def searchsorted(
    sorted_sequence: Any, values: Any, out_int32: bool = False, right: bool = False, name: Any = None
) -> Any:
    """Where values would go in (the last axis of) sorted_sequence, before or after equal elements."""
    return torch.searchsorted(sorted_sequence, values, out_int32=out_int32, right=right)


def bucketize(x: Any, sorted_sequence: Any, out_int32: bool = False, right: bool = False, name: Any = None) -> Any:
    """Where the elements of x would go in a sorted vector, before or after equal elements."""
    return torch.bucketize(x, sorted_sequence, out_int32=out_int32, right=right)


def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    dtype: Any = "int64",
    name: Any = None,
) -> Any:
    """The different elements of the flattened x, or its different slices along axis, sorted.

    When asked for, also: the place of each one's first occurrence, every element's place in the result, counts.
    """
    flat, dim = (torch.reshape(x, [-1]), 0) if axis is None else (x, axis)
    values, inverse, counts = torch.unique(flat, sorted=True, return_inverse=True, return_counts=True, dim=dim)
    if not (return_index or return_inverse or return_counts):
        return values
    # Sorted stably by value, the elements start a new value at the running total of the counts.
    first = torch.argsort(inverse, stable=True)[torch.cumsum(counts, 0) - counts]
    kind = dtype_or(dtype)
    extras = ((return_index, first), (return_inverse, inverse), (return_counts, counts))
    return (values, *(to_dtype(extra, kind) for wanted, extra in extras if wanted))


def unique_consecutive(
    x: Any,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    dtype: Any = "int64",
    name: Any = None,
) -> Any:
    """The flattened x, or its slices along axis, without repetitions that follow each other."""
    flat, dim = (torch.reshape(x, [-1]), 0) if axis is None else (x, axis)
    values, inverse, counts = torch.unique_consecutive(flat, return_inverse=True, return_counts=True, dim=dim)
    extras = [
        to_dtype(extra, dtype_or(dtype))
        for wanted, extra in ((return_inverse, inverse), (return_counts, counts))
        if wanted
    ]
    return (values, *extras) if extras else values


METHODS = (
    argmax, argmin, argsort, sort, topk, kthvalue, mode, where, where_, nonzero, index_select, masked_select,
    index_sample, bucketize, unique, unique_consecutive,
)  # fmt: skip
