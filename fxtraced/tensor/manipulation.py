"""Shapes and layouts: reshape, concat, split, expand, flip and their like. Gathers and scatters are in indexing.py."""

from __future__ import annotations

import builtins
from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype
from fxtraced.tensor.common import check_tensor, dtype_or, inplace, one_dim, replace_data, torch_method
from fxtraced.tensor.shape import int_of, shape_list
from fxtraced.tensor.tensor import as_tensor


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype; a new tensor in any case."""
    dtype = dtype_or(dtype)
    return torch.clone(x) if x.dtype == dtype else torch_method(x, "to", dtype)


def astype(x: Any, dtype: Any) -> Any:
    """x in another dtype; a new tensor in any case."""
    return cast(x, dtype)


def reshape(x: Any, shape: Any, name: Any = None) -> Any:
    """x with these sizes. -1 (once) is worked out; 0 keeps x's size at that place.

    Raises ValueError when shape is no list, tuple or tensor, or does not fit.
    """
    if not isinstance(shape, list | tuple | torch.Tensor):
        raise ValueError(f"shape must be an instance of `list`, `tuple` `Variable`, got '{type(shape)}.'")
    return torch.reshape(x, _filled(shape_list(shape), x))


def _filled(sizes: list[Any], x: Any) -> list[Any]:
    """The sizes with 0 replaced by x's size at that place."""
    # A traced int is a size that was computed: asking whether it is 0 would pin it down.
    return [x.shape[i] if type(size) is int and size == 0 else size for i, size in enumerate(sizes)]


def view(x: Any, shape_or_dtype: Any, name: Any = None) -> Any:
    """The same memory under other sizes (as in reshape) or another dtype."""
    if isinstance(shape_or_dtype, list | tuple):
        return torch_method(x, "view", _filled(shape_list(shape_or_dtype), x))
    return torch_method(x, "view", convert_dtype(shape_or_dtype))


def view_as(x: Any, other: Any, name: Any = None) -> Any:
    """The same memory under other's sizes."""
    return torch_method(x, "view", list(other.shape))


def flatten(x: Any, start_axis: int = 0, stop_axis: int = -1, name: Any = None) -> Any:
    """The axes from start_axis to stop_axis merged into one; a 0-D tensor becomes [1].

    Raises ValueError for axes out of range.
    """
    for argument, axis in (("start_axis", start_axis), ("stop_axis", stop_axis)):
        if x.ndim and not -x.ndim <= axis < x.ndim:
            raise ValueError(f"The {argument} should be a int, and in range [-rank(x), rank(x)), got {axis}")
    return torch.flatten(x, start_axis, stop_axis)


def squeeze(x: Any, axis: Any = None, name: Any = None) -> Any:
    """x without the axes of size 1: all of them, or those of `axis` (an int or a list) that have size 1."""
    axes = [] if axis is None else shape_list(axis)
    return torch.squeeze(x, axes) if axes else torch.squeeze(x)


def unsqueeze(x: Any, axis: Any, name: Any = None) -> Any:
    """x with axes of size 1 put in at `axis`, an int or a list; a list is worked off from left to right."""
    for dim in shape_list(axis):
        x = torch.unsqueeze(x, dim)
    return x


def concat(x: Any, axis: Any = 0, name: Any = None) -> Any:
    """A list of tensors joined along an axis that exists. Raises ValueError unless all have one dtype."""
    tensors = _tensor_list(x, "concat")
    other = next((tensor for tensor in tensors if tensor.dtype != tensors[0].dtype), None)
    if other is not None:
        raise ValueError(f"concat: x holds tensors of different dtypes, {tensors[0].dtype} and {other.dtype}")
    return torch.cat(tensors, int_of(axis))


def stack(x: Any, axis: Any = 0, name: Any = None) -> Any:
    """A list of tensors of one shape joined along a new axis."""
    return torch.stack(_tensor_list(x, "stack"), int_of(axis))


def _tensor_list(x: Any, function: str) -> list[Any]:
    if isinstance(x, torch.Tensor) or not isinstance(x, list | tuple):
        raise ValueError(f"{function}(): argument 'x' must be list of Tensors, but got {type(x).__name__}")
    for tensor in x:
        check_tensor(tensor, "x", function)
    return list(x)


def split(x: Any, num_or_sections: Any, axis: Any = 0, name: Any = None) -> list[Any]:
    """x cut along axis: into this many equal parts, or into parts of these sizes, one of which may be -1.

    Differs from torch.split, where an int is the size of a part and the parts are views of x. Raises ValueError when x
    does not divide evenly.
    """
    dim = one_dim(axis, x, "split")
    size = x.shape[dim]
    if isinstance(num_or_sections, list | tuple):
        sections = shape_list(num_or_sections)
        if -1 in [section for section in sections if type(section) is int]:
            at = sections.index(-1)
            sections[at] = size - builtins.sum(sections[:at] + sections[at + 1 :])
        return _copies(torch.split(x, sections, dim))
    parts = int_of(num_or_sections)
    if size % parts != 0:
        raise ValueError(f"split: axis {axis} of size {size} does not divide into {parts} equal parts")
    return _copies(torch.split(x, size // parts, dim))


def _copies(views: Any) -> list[Any]:
    """Tensors of their own, as Paddle's: what is written into one of these views reaches nothing else."""
    return [torch.clone(view) for view in views]


def chunk(x: Any, chunks: int, axis: Any = 0, name: Any = None) -> list[Any]:
    """x cut along axis into this many equal parts. Raises ValueError when it does not divide evenly."""
    return split(x, chunks, axis)


def vsplit(x: Any, num_or_sections: Any, name: Any = None) -> list[Any]:
    """x cut along axis 0, as split does."""
    return split(x, num_or_sections, 0)


def unbind(input: Any, axis: int = 0) -> list[Any]:
    """The slices along axis, as a list of tensors without it."""
    return list(torch.unbind(input, axis))


def unstack(x: Any, axis: int = 0, num: int | None = None) -> list[Any]:
    """The slices along axis, as a list of tensors without it. Raises ValueError unless there are num, when given.

    Differs from unbind, whose slices are views of x.
    """
    parts = _copies(torch.unbind(x, axis))
    if num is not None and len(parts) != num:
        raise ValueError(f"unstack: num is {num}, but axis {axis} has {len(parts)} slices")
    return parts


def expand(x: Any, shape: Any, name: Any = None) -> Any:
    """x broadcast to these sizes; -1 keeps x's. Differs from torch.Tensor.expand, which gives a view of x."""
    return _copies([torch_method(x, "expand", shape_list(shape))])[0]


def broadcast_to(x: Any, shape: Any, name: Any = None) -> Any:
    """x broadcast to these sizes; -1 keeps x's."""
    return expand(x, shape)


def expand_as(x: Any, y: Any, name: Any = None) -> Any:
    """x broadcast to y's sizes."""
    return expand(x, list(y.shape))


def broadcast_tensors(input: Any, name: Any = None) -> list[Any]:
    """A list of tensors broadcast against each other."""
    return _copies(torch.broadcast_tensors(*input))


def tile(x: Any, repeat_times: Any, name: Any = None) -> Any:
    """x repeated along its axes; repeat_times is aligned at the last axis."""
    return torch.tile(x, shape_list(repeat_times))


def repeat_interleave(x: Any, repeats: Any, axis: int | None = None, name: Any = None) -> Any:
    """Every element (of the flattened x, or along axis) repeated: as often each, or by a tensor of counts."""
    return torch.repeat_interleave(x, repeats, axis)


def flip(x: Any, axis: Any, name: Any = None) -> Any:
    """x with the order along these axes reversed."""
    return torch.flip(x, shape_list(axis))


def reverse(x: Any, axis: Any, name: Any = None) -> Any:
    """x with the order along these axes reversed."""
    return flip(x, axis)


def tolist(x: Any) -> Any:
    """The values as nested lists; a number for a 0-D tensor."""
    return as_tensor(x).tolist()


def roll(x: Any, shifts: Any, axis: Any = None, name: Any = None) -> Any:
    """x shifted along the axes, what leaves at the end coming back at the start; flattened when axis is None."""
    return torch.roll(x, shape_list(shifts)) if axis is None else torch.roll(x, shape_list(shifts), shape_list(axis))


def rot90(x: Any, k: int = 1, axes: Any = [0, 1], name: Any = None) -> Any:  # noqa: B006
    """x turned k times by 90 degrees in the plane of two axes."""
    return torch.rot90(x, k, list(axes))


def moveaxis(x: Any, source: Any, destination: Any, name: Any = None) -> Any:
    """x with the axes of source moved to destination, the others keeping their order."""
    return torch.movedim(x, shape_list(source), shape_list(destination))


def slice(input: Any, axes: Any, starts: Any, ends: Any) -> Any:
    """input[start:end] along each of the axes; negative places count from the end, places past it are cut."""
    for axis, start, end in zip(shape_list(axes), shape_list(starts), shape_list(ends), strict=True):
        input = _cut(input, axis, start, end, 1)
    return input


def strided_slice(x: Any, axes: Any, starts: Any, ends: Any, strides: Any, name: Any = None) -> Any:
    """x[start:end:stride] along each of the axes; a negative stride walks backwards.

    Differs from Python: walking backwards, the end -1 means past the first element, and an end before the first
    element stops in front of it.
    """
    for axis, start, end, stride in zip(*map(shape_list, (axes, starts, ends, strides)), strict=True):
        if stride < 0 and end < 0:
            end = None if end == -1 else max(end + x.shape[axis], 0)
        x = _cut(x, axis, start, end, stride)
    return x


def _cut(x: Any, axis: Any, start: Any, end: Any, stride: Any) -> Any:
    items = [builtins.slice(None)] * (axis % x.ndim) + [builtins.slice(start, end, stride)]
    return as_tensor(x)[tuple(items)]


def crop(x: Any, shape: Any = None, offsets: Any = None, name: Any = None) -> Any:
    """A box of x: `shape` gives its sizes (-1 or None: up to the end), `offsets` its corner (0)."""
    sizes = [-1] * x.ndim if shape is None else shape_list(shape)
    corner = [0] * x.ndim if offsets is None else shape_list(offsets)
    for dim, (size, start) in enumerate(zip(sizes, corner, strict=True)):
        x = torch.narrow(x, dim, start, x.shape[dim] - start if type(size) is int and size == -1 else size)
    return _copies([x])[0]


def unfold(x: Any, axis: int, size: int, step: int, name: Any = None) -> Any:
    """Windows of `size` along axis, every `step`: the windows count along axis, their contents are a new last axis."""
    return torch_method(x, "unfold", axis, size, step)


def unflatten(x: Any, axis: int, shape: Any, name: Any = None) -> Any:
    """One axis split into several of these sizes; -1 (once) is worked out."""
    return torch.unflatten(x, axis, shape_list(shape))


def as_strided(x: Any, shape: Any, stride: Any, offset: int = 0, name: Any = None) -> Any:
    """A view of x's memory with these sizes and strides (in elements)."""
    return torch.as_strided(x, shape_list(shape), shape_list(stride), offset)


def as_complex(x: Any, name: Any = None) -> Any:
    """Pairs as complex numbers: [..., 2] -> [...]."""
    return torch.view_as_complex(x)


def as_real(x: Any, name: Any = None) -> Any:
    """Complex numbers as pairs: [...] -> [..., 2]."""
    return torch.view_as_real(x)


def atleast_1d(*inputs: Any, name: Any = None) -> Any:
    """Each tensor with at least one axis; a list of them when there are several."""
    return _at_least(torch.atleast_1d, inputs)


def atleast_2d(*inputs: Any, name: Any = None) -> Any:
    """Each tensor with at least two axes; a list of them when there are several."""
    return _at_least(torch.atleast_2d, inputs)


def atleast_3d(*inputs: Any, name: Any = None) -> Any:
    """Each tensor with at least three axes; a list of them when there are several."""
    return _at_least(torch.atleast_3d, inputs)


def _at_least(function: Any, inputs: Any) -> Any:
    out = [function(x if isinstance(x, torch.Tensor) else as_tensor(torch.tensor(x))) for x in inputs]
    return out[0] if len(out) == 1 else out


def contiguous(x: Any) -> Any:
    """x itself, or a copy whose memory lies in order."""
    return torch_method(x, "contiguous")


def shard_index(input: Any, index_num: int, nshards: int, shard_id: int, ignore_value: int = -1) -> Any:
    """Global indices as places in one of nshards equal shards; those of other shards become ignore_value."""
    if not 0 <= shard_id < nshards:
        raise ValueError(f"The shard_id({shard_id}) should be in [0, {nshards})")
    size = (index_num + nshards - 1) // nshards
    inside = torch.eq(torch.div(input, size, rounding_mode="floor"), shard_id)
    return torch.where(inside, torch.remainder(input, size), torch.full_like(input, ignore_value))


def reshape_(x: Any, shape: Any, name: Any = None) -> Any:
    """reshape in place: the same tensor with other sizes.

    One whose memory does not lie in order, as after transpose, which copies in Paddle, gets memory of its own. Raises
    ValueError where a gradient of something else needs it as it was.
    """
    return _restride(x, reshape(x, shape), "reshape_")


def flatten_(x: Any, start_axis: int = 0, stop_axis: int = -1, name: Any = None) -> Any:
    """flatten in place."""
    return _restride(x, flatten(x, start_axis, stop_axis), "flatten_")


def squeeze_(x: Any, axis: Any = None, name: Any = None) -> Any:
    """squeeze in place."""
    return _restride(x, squeeze(x, axis), "squeeze_")


def unsqueeze_(x: Any, axis: Any, name: Any = None) -> Any:
    """unsqueeze in place."""
    return _restride(x, unsqueeze(x, axis), "unsqueeze_")


def _restride(x: Any, view: Any, function: str) -> Any:
    """Give x the sizes and strides of a view of it."""
    # A leaf with a gradient is refused by torch, as by Paddle.
    is_leaf = torch.is_grad_enabled() and x.requires_grad and x.is_leaf
    if not is_leaf and not torch_method(x, "is_contiguous") and function in ("reshape_", "flatten_"):
        return _become(x, torch_method(view, "contiguous"), function)
    torch.as_strided_(x, list(view.shape), list(torch_method(view, "stride")))
    return x


def _become(x: Any, value: Any, function: str) -> Any:
    """Make x the tensor that value is, with its gradient."""
    if not (torch.is_grad_enabled() and x.requires_grad):
        replace_data(x, value)
        return x
    try:
        torch.utils.swap_tensors(x, value)
    except RuntimeError as error:
        raise ValueError(
            f"{function}: the tensor's memory does not lie in order, and a gradient needs it as it is; use "
            f"{function[:-1]}"
        ) from error
    return x


cast_ = inplace(cast, may_reform=True)

METHODS = (
    cast, cast_, astype, reshape, view, view_as, flatten, squeeze, unsqueeze, concat, stack, split, chunk, vsplit,
    unbind, unstack, expand, broadcast_to, expand_as, broadcast_tensors, tile, repeat_interleave, flip, reverse, roll,
    rot90, moveaxis, slice, strided_slice, unfold, unflatten, as_strided, as_complex, as_real, atleast_1d, atleast_2d,
    atleast_3d, contiguous, shard_index, reshape_, flatten_, squeeze_, unsqueeze_,
)  # fmt: skip

# Paddle has these here too.
# fmt: off
# isort: off
from fxtraced.tensor.indexing import (  # noqa: E402, F401
    diagonal_scatter, fill_, fill_diagonal_, fill_diagonal_tensor, fill_diagonal_tensor_, gather, gather_nd,
    index_add, index_add_, index_fill, index_fill_, index_put, index_put_, masked_fill, masked_fill_, put_along_axis,
    put_along_axis_, scatter, scatter_, scatter_nd, scatter_nd_add, select_scatter, take_along_axis, zero_,
)
# isort: on
# fmt: on
