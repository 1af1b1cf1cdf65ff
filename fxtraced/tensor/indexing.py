"""x[index], gathers, scatters and fills (Paddle keeps the functions in manipulation.py)."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import torch

from fxtraced.tensor.common import inplace, operand, to_dtype, torch_method
from fxtraced.tensor.shape import int_of, shape_list


def read_index(x: Any, item: Any) -> tuple[Any, tuple[Any, ...]]:
    """(y, index) such that y[index] in torch is x[item] in Paddle.

    Lists, ranges and arrays become index tensors; along an axis with a negative step y is x turned round.
    """
    items = list(item) if isinstance(item, tuple) else [item]
    index = [_entry(x, entry) for entry in items]
    dim = 0
    for at, entry in enumerate(index):
        if entry is Ellipsis:
            dim = x.ndim - builtins.sum(map(_consumed, index[at + 1 :]))
            continue
        if isinstance(entry, slice) and isinstance(entry.step, int) and entry.step < 0:
            x, index[at] = _turned(x, dim, entry)
        dim += _consumed(entry)
    return x, tuple(index)


def write_index(x: Any, item: Any) -> tuple[Any, ...]:
    """The index with which torch writes what `x[item] = ...` means in Paddle."""
    items = list(item) if isinstance(item, tuple) else [item]
    index = [_entry(x, entry) for entry in items]
    dim = 0
    for at, entry in enumerate(index):
        if entry is Ellipsis:
            dim = x.ndim - builtins.sum(map(_consumed, index[at + 1 :]))
            continue
        if isinstance(entry, slice) and isinstance(entry.step, int) and entry.step < 0:
            index[at] = torch.arange(*entry.indices(x.shape[dim]), device=x.device)
        dim += _consumed(entry)
    return tuple(index)


def written(x: Any, value: Any) -> Any:
    """What `x[...] = value` writes: lists and arrays as tensors, tensors in x's dtype, a part of x as it is now."""
    value = operand(x, np.asarray(value) if isinstance(value, list | tuple) else value)
    if not isinstance(value, torch.Tensor):
        return value
    if torch_method(x, "untyped_storage")._cdata == torch_method(value, "untyped_storage")._cdata:
        return to_dtype(torch.clone(value), x.dtype)
    return to_dtype(value, x.dtype)


def _entry(x: Any, entry: Any) -> Any:
    if isinstance(entry, list | tuple | range):
        entry = list(entry)
        if any(isinstance(part, torch.Tensor) for part in entry):
            return torch.stack([part if isinstance(part, torch.Tensor) else torch.tensor(part) for part in entry])
        return torch.tensor(entry, device=x.device) if entry else torch.zeros([0], dtype=torch.int64, device=x.device)
    if isinstance(entry, np.ndarray):
        return torch.tensor(entry, device=x.device)
    if isinstance(entry, np.generic):
        return entry.item()
    if isinstance(entry, torch.Tensor) and entry.dtype == torch.int32:
        return to_dtype(entry, torch.int64)
    return entry


def _consumed(entry: Any) -> int:
    """How many axes of x an entry of the index uses up."""
    if entry is None or entry is Ellipsis or isinstance(entry, bool):
        return 0
    return entry.ndim if isinstance(entry, torch.Tensor) and entry.dtype == torch.bool else 1


def _turned(x: Any, dim: int, entry: slice) -> tuple[Any, slice]:
    if entry.start is None and entry.stop is None:
        return torch.flip(x, [dim]), slice(None, None, -entry.step)
    places = torch.arange(*entry.indices(x.shape[dim]), device=x.device)
    return torch.index_select(x, dim, places), slice(None)


def gather(x: Any, index: Any, axis: Any = None, name: Any = None) -> Any:
    """The slices of x along axis (0) at index, [n], [n, 1] or a 0-D tensor, which drops the axis.

    Differs from torch.gather, which is take_along_axis.
    """
    dim = 0 if axis is None else int_of(axis)
    if index.ndim == 0:
        return torch.squeeze(torch.index_select(x, dim, torch.reshape(index, [1])), dim)
    return torch.index_select(x, dim, torch.reshape(index, [-1]))


def gather_nd(x: Any, index: Any, name: Any = None) -> Any:
    """The slices of x at the coordinates in index's last axis: index [..., k] -> [..., *x.shape[k:]]."""
    # The bare index, which x[...] of either world understands.
    return x[tuple(_coordinates(index))]


def _coordinates(index: Any) -> list[Any]:
    return list(torch.unbind(to_dtype(index, torch.int64), -1))


def scatter(x: Any, index: Any, updates: Any, overwrite: bool = True, name: Any = None) -> Any:
    """A copy of x whose rows at index hold the rows of updates; not overwriting, their sum (x's own rows left out)."""
    index = to_dtype(torch.reshape(index, [-1]), torch.int64)
    if overwrite:
        return torch.index_put(x, [index], updates)
    return torch.index_add(torch.index_fill(x, 0, index, 0), 0, index, updates)


def scatter_nd_add(x: Any, index: Any, updates: Any, name: Any = None) -> Any:
    """A copy of x to which updates are added at the coordinates in index's last axis; repeated ones add up."""
    return torch.index_put(x, _coordinates(index), updates, accumulate=True)


def scatter_nd(index: Any, updates: Any, shape: Any, name: Any = None) -> Any:
    """Zeros of this shape to which updates are added at the coordinates in index's last axis."""
    zeros = torch.zeros(shape_list(shape), dtype=updates.dtype, device=updates.device)
    return scatter_nd_add(zeros, index, updates)


def take_along_axis(arr: Any, indices: Any, axis: int, broadcast: bool = True) -> Any:
    """arr's elements along axis at indices (of arr's rank), which are broadcast to arr's other sizes."""
    indices = _broadcast_indices(arr, indices, axis) if broadcast else indices
    return torch.gather(arr, axis, to_dtype(indices, torch.int64))


def _broadcast_indices(arr: Any, indices: Any, axis: int) -> Any:
    sizes = list(arr.shape)
    sizes[axis] = indices.shape[axis]
    return torch_method(indices, "expand", sizes)


def put_along_axis(
    arr: Any,
    indices: Any,
    values: Any,
    axis: int,
    reduce: str = "assign",
    include_self: bool = True,
    broadcast: bool = True,
) -> Any:
    """A copy of arr with values put along axis at indices: "assign"ed, "add"ed, "mul"tiplied, "mean", "amin" or "amax".

    Raises ValueError for another reduce.
    """
    indices = to_dtype(_broadcast_indices(arr, indices, axis) if broadcast else indices, torch.int64)
    if isinstance(values, torch.Tensor):
        values = torch_method(to_dtype(values, arr.dtype), "expand", list(indices.shape))
    else:
        values = torch.full_like(indices, values, dtype=arr.dtype)
    if reduce == "assign":
        return torch.scatter(arr, axis, indices, values)
    kinds = {"add": "sum", "mul": "prod", "multiply": "prod", "mean": "mean", "amin": "amin", "amax": "amax"}
    if reduce not in kinds:
        raise ValueError(
            f"put_along_axis: reduce must be 'assign' or one of {', '.join(kinds)}, but received {reduce!r}"
        )
    return torch.scatter_reduce(arr, axis, indices, values, kinds[reduce], include_self=include_self)


def index_add(x: Any, index: Any, axis: int, value: Any, name: Any = None) -> Any:
    """A copy of x to whose slices along axis at index (a vector) the slices of value are added."""
    return torch.index_add(x, axis, index, value)


def index_put(x: Any, indices: Any, value: Any, accumulate: bool = False, name: Any = None) -> Any:
    """A copy of x with value (broadcast) written, or added, at a tuple of index tensors or a mask."""
    return torch.index_put(x, list(indices), to_dtype(value, x.dtype), accumulate)


def index_fill(x: Any, index: Any, axis: int, value: Any, name: Any = None) -> Any:
    """A copy of x whose slices along axis at index (a vector) hold value, a number or a 0-D tensor."""
    return torch.index_fill(x, axis, to_dtype(index, torch.int64), value)


def masked_fill(x: Any, mask: Any, value: Any, name: Any = None) -> Any:
    """A copy of x that holds value, a number or a 0-D tensor, where mask (broadcast) is True."""
    value = operand(x, value)
    return torch.masked_fill(x, mask, to_dtype(value, x.dtype) if isinstance(value, torch.Tensor) else value)


def fill_(x: Any, value: Any) -> Any:
    """Every element of x set to value, in place."""
    return torch.fill_(x, value)


def zero_(x: Any) -> Any:
    """Every element of x set to 0, in place."""
    return torch.zero_(x)


def fill_diagonal_(x: Any, value: Any, offset: int = 0, wrap: bool = False, name: Any = None) -> Any:
    """A diagonal of x set to value, in place; a tall matrix starts again below when wrap is True."""
    if offset == 0:
        torch_method(x, "fill_diagonal_", value, wrap)
    else:
        torch.fill_(torch.diagonal(x, offset), value)
    return x


def fill_diagonal_tensor(x: Any, y: Any, offset: int = 0, dim1: int = 0, dim2: int = 1, name: Any = None) -> Any:
    """A copy of x whose diagonal in the plane (dim1, dim2) holds y."""
    return torch.diagonal_scatter(x, y, offset, dim1, dim2)


def diagonal_scatter(x: Any, y: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, name: Any = None) -> Any:
    """A copy of x whose diagonal in the plane (axis1, axis2) holds y, which has no gradient."""
    return torch.diagonal_scatter(x, torch.detach(y), offset, axis1, axis2)


def select_scatter(x: Any, values: Any, axis: int, index: int, name: Any = None) -> Any:
    """A copy of x whose slice number index along axis holds values."""
    return torch.select_scatter(x, values, axis, index)


scatter_ = inplace(scatter)
put_along_axis_ = inplace(put_along_axis, without="broadcast")
index_add_ = inplace(index_add)
index_put_ = inplace(index_put)
index_fill_ = inplace(index_fill)
masked_fill_ = inplace(masked_fill)
fill_diagonal_tensor_ = inplace(fill_diagonal_tensor)

METHODS = (
    gather, gather_nd, scatter, scatter_, scatter_nd, scatter_nd_add, take_along_axis, put_along_axis, put_along_axis_,
    index_add, index_add_, index_put, index_put_, index_fill, index_fill_, masked_fill, masked_fill_, fill_, zero_,
    fill_diagonal_, fill_diagonal_tensor, fill_diagonal_tensor_, diagonal_scatter, select_scatter,
)  # fmt: skip
