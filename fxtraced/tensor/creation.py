"""Tensors made from nothing, from data, or in the likeness of another."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import default_dtype, is_floating
from fxtraced.framework.place import convert_place
from fxtraced.tensor.common import check_tensor, dtype_or, inplace, new_device, to_dtype, torch_method
from fxtraced.tensor.shape import int_of, shape_list
from fxtraced.tensor.tensor import as_tensor

_complex = builtins.complex


def to_tensor(data: Any, dtype: Any = None, place: Any = None, stop_gradient: bool = True) -> Any:
    """A new tensor from a number, a NumPy array, a tensor, or nested lists of these.

    A NumPy array, a NumPy number and a tensor keep their dtype; Python floats, and floats in lists, get the
    default one. A uint16 array holds bfloat16 numbers, as Paddle's `numpy()` gives them.
    Raises TypeError for another type and ValueError for ragged lists.
    """
    device = convert_place(place) if place is not None else new_device(data)
    if isinstance(data, torch.Tensor):
        tensor = torch.clone(torch_method(torch.detach(data), "to", device))
    else:
        tensor = _from_data(data, device)
    tensor = as_tensor(tensor if dtype is None else to_dtype(tensor, dtype_or(dtype)))
    if not stop_gradient:
        tensor.stop_gradient = False
    return tensor


def _from_data(data: Any, device: torch.device) -> Any:
    if isinstance(data, list | tuple):
        return _from_list(data, device)
    if isinstance(data, np.ndarray | np.generic):
        if data.dtype == np.uint16:
            return torch.tensor(np.asarray(data).view(np.int16), device=device).view(torch.bfloat16)
        return torch.tensor(data, device=device)
    if isinstance(data, bool | int | float | _complex):
        return torch.tensor(data, dtype=_python_dtype(data), device=device)
    raise TypeError(
        f"Can't constructs a 'paddle.Tensor' with data type {type(data)}, "
        "data type must be scalar|list|tuple|np.ndarray|paddle.Tensor"
    )


def _from_list(data: Any, device: torch.device) -> Any:
    leaves = list(_leaves(data))
    if any(isinstance(leaf, torch.Tensor) for leaf in leaves):
        items = torch.stack([_from_data(item, device) if _is_plain(item) else item for item in data])
        # As of Python's numbers.
        if is_floating(items.dtype):
            return to_dtype(items, default_dtype())
        return to_dtype(items, torch.int64) if items.dtype == torch.int32 else items
    if any(isinstance(leaf, np.ndarray | np.generic) for leaf in leaves):
        array = np.array(data)
        dtype = default_dtype() if array.dtype.kind == "f" else None
        return torch.tensor(array, dtype=dtype, device=device)
    unknown = [leaf for leaf in leaves if not isinstance(leaf, bool | int | float | _complex)]
    if unknown:
        raise TypeError(f"to_tensor: data holds {unknown[0]!r} of {type(unknown[0])}, expected numbers or tensors")
    dtypes = {_python_dtype(leaf) for leaf in leaves} or {default_dtype()}
    dtype = next(iter(dtypes))
    for other in dtypes:
        dtype = torch.promote_types(dtype, other)
    return torch.tensor(data, dtype=dtype, device=device)


def _is_plain(item: Any) -> bool:
    return not isinstance(item, torch.Tensor)


def _leaves(data: Any) -> Any:
    for item in data:
        if isinstance(item, list | tuple):
            yield from _leaves(item)
        else:
            yield item


def _python_dtype(value: Any) -> torch.dtype:
    if isinstance(value, bool):
        return torch.bool
    if isinstance(value, int):
        return torch.int64
    if isinstance(value, float):
        return default_dtype()
    return torch.complex128 if default_dtype() == torch.float64 else torch.complex64


def zeros(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros of this shape; dtype defaults to the default floating one."""
    return as_tensor(torch.zeros(shape_list(shape), dtype=dtype_or(dtype), device=new_device()))


def ones(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones of this shape; dtype defaults to the default floating one."""
    return as_tensor(torch.ones(shape_list(shape), dtype=dtype_or(dtype), device=new_device()))


def empty(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """A tensor of this shape with arbitrary contents."""
    return as_tensor(torch.empty(shape_list(shape), dtype=dtype_or(dtype), device=new_device()))


def full(shape: Any, fill_value: Any, dtype: Any = None, name: Any = None) -> Any:
    """A tensor filled with fill_value: a number, its text ("0.5"), or a one-element tensor.

    Differs from torch: the dtype defaults to the default floating one, whatever fill_value is. Raises ValueError for
    another text.
    """
    value = _number(fill_value, "full")
    if isinstance(value, _complex) and dtype is None:
        raise TypeError(f"full: fill_value {value!r} is complex, give a complex dtype")
    return as_tensor(torch.full(shape_list(shape), value, dtype=dtype_or(dtype), device=new_device()))


def zeros_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros of x's shape, in x's dtype unless given."""
    return as_tensor(torch.zeros_like(x, dtype=dtype_or(dtype, x.dtype)))


def ones_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones of x's shape, in x's dtype unless given."""
    return as_tensor(torch.ones_like(x, dtype=dtype_or(dtype, x.dtype)))


def empty_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """A tensor of x's shape with arbitrary contents."""
    return as_tensor(torch.empty_like(x, dtype=dtype_or(dtype, x.dtype)))


def full_like(x: Any, fill_value: Any, dtype: Any = None, name: Any = None) -> Any:
    """A tensor of x's shape filled with fill_value (as in full), in x's dtype unless given."""
    return as_tensor(torch.full_like(x, _number(fill_value, "full_like"), dtype=dtype_or(dtype, x.dtype)))


def _number(fill_value: Any, function: str) -> Any:
    """What fill_value says. Raises ValueError for a text that is no number."""
    if not isinstance(fill_value, str):
        return int_of(fill_value)
    try:
        return float(fill_value)
    except ValueError:
        raise ValueError(f"{function}: fill_value must be a number or its text, but received {fill_value!r}") from None


def arange(start: Any = 0, end: Any = None, step: Any = 1, dtype: Any = None, name: Any = None) -> Any:
    """The numbers start, start + step, ... before end; arange(n) counts from 0.

    int64 for integers; the default floating dtype when a bound or the step is a float.
    """
    device = new_device(start, end, step)
    given = [value for value in (start, end, step) if value is not None]
    if dtype is None:
        tensors = [value.dtype for value in given if isinstance(value, torch.Tensor)]
        floats = any(isinstance(value, float) for value in given) or any(is_floating(kind) for kind in tensors)
        dtype = (tensors[0] if tensors else default_dtype()) if floats else torch.int64
    start, end, step = int_of(start), int_of(end), int_of(step)
    if end is None:
        start, end = 0, start
    return as_tensor(torch.arange(start, end, step, dtype=dtype_or(dtype), device=device))


def linspace(start: Any, stop: Any, num: Any, dtype: Any = None, name: Any = None) -> Any:
    """num evenly spaced numbers from start to stop, both included."""
    device = new_device(start, stop)
    dtype = dtype_or(dtype, _own_dtype(start, stop))
    values = torch.linspace(int_of(start), int_of(stop), int_of(num), dtype=_floating(dtype), device=device)
    return as_tensor(to_dtype(values, dtype))


def logspace(start: Any, stop: Any, num: Any, base: Any = 10.0, dtype: Any = None, name: Any = None) -> Any:
    """num numbers from base ** start to base ** stop, evenly spaced on a logarithmic scale."""
    device = new_device(start, stop)
    dtype = dtype_or(dtype, _own_dtype(start, stop))
    values = torch.logspace(
        int_of(start), int_of(stop), int_of(num), base=int_of(base), dtype=_floating(dtype), device=device
    )
    return as_tensor(to_dtype(values, dtype))


def _own_dtype(*values: Any) -> torch.dtype | None:
    return next((value.dtype for value in values if isinstance(value, torch.Tensor)), None)


def _floating(dtype: torch.dtype) -> torch.dtype:
    return dtype if is_floating(dtype) else torch.float64


def eye(num_rows: Any, num_columns: Any = None, dtype: Any = None, name: Any = None) -> Any:
    """The identity matrix [num_rows, num_columns]; num_columns defaults to num_rows."""
    columns = num_rows if num_columns is None else num_columns
    return as_tensor(torch.eye(int_of(num_rows), int_of(columns), dtype=dtype_or(dtype), device=new_device()))


def meshgrid(*args: Any, **kwargs: Any) -> Any:
    """Coordinate grids of k vectors, given one by one or in a list: k tensors of shape [n_1, ..., n_k]."""
    vectors = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
    return [torch.clone(grid) for grid in torch.meshgrid(list(vectors), indexing="ij")]


def diag(x: Any, offset: int = 0, padding_value: Any = 0, name: Any = None) -> Any:
    """A vector [n] becomes the (offset) diagonal of a matrix filled with padding_value; of a matrix, its diagonal.

    A 0-D tensor counts as a vector.
    """
    x = torch.reshape(x, [1]) if x.ndim == 0 else x
    if x.ndim != 1 or padding_value == 0:
        return torch.diag(x, offset)
    mask = torch.diag(torch.ones_like(x, dtype=torch.bool), offset)
    return torch.where(mask, torch.diag(x, offset), torch.full_like(torch.diag(x, offset), padding_value))


def diagflat(x: Any, offset: int = 0, name: Any = None) -> Any:
    """A matrix with the flattened x on its (offset) diagonal."""
    return torch.diagflat(x, offset)


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with the last axis of input on their diagonals: [..., n] -> [..., n, n]."""
    return torch.diag_embed(input, offset, dim1, dim2)


def tril(x: Any, diagonal: int = 0, name: Any = None) -> Any:
    """The lower triangles of matrices [..., h, w]; zero above the diagonal."""
    return torch.tril(x, diagonal)


def triu(x: Any, diagonal: int = 0, name: Any = None) -> Any:
    """The upper triangles of matrices [..., h, w]; zero below the diagonal."""
    return torch.triu(x, diagonal)


def tril_indices(row: int, col: int, offset: int = 0, dtype: Any = "int64") -> Any:
    """The coordinates [2, n] of the lower triangle of a row x col matrix."""
    return as_tensor(torch.tril_indices(row, col, offset=offset, dtype=dtype_or(dtype), device=new_device()))


def triu_indices(row: int, col: int | None = None, offset: int = 0, dtype: Any = "int64") -> Any:
    """The coordinates [2, n] of the upper triangle of a row x col matrix; col defaults to row."""
    columns = row if col is None else col
    return as_tensor(torch.triu_indices(row, columns, offset=offset, dtype=dtype_or(dtype), device=new_device()))


def assign(x: Any, output: Any = None) -> Any:
    """A copy of a tensor, an array, a list or a number ([1]); written into output when given.

    float64 numbers that are not a tensor become float32. Raises TypeError for another type.
    """
    if isinstance(x, torch.Tensor):
        value = torch.clone(x)
    elif isinstance(x, bool | int | float | _complex | list | tuple | np.ndarray | np.generic):
        value = to_tensor([x] if isinstance(x, bool | int | float | _complex | np.generic) else x)
        value = to_dtype(value, torch.float32) if value.dtype == torch.float64 else value
    else:
        raise TypeError(f"assign: input must be a tensor, an array, a list or a number, but received {type(x)}")
    if output is None:
        return value
    check_tensor(output, "output", "assign")
    torch_method(output, "copy_", value)
    return output


def clone(x: Any, name: Any = None) -> Any:
    """A copy; gradients flow through it."""
    return torch.clone(x)


def complex(real: Any, imag: Any, name: Any = None) -> Any:
    """real + i imag, broadcast: float32 gives complex64, float64 complex128."""
    real, imag = torch.broadcast_tensors(real, imag)
    return torch.complex(real, imag)


def polar(abs: Any, angle: Any, name: Any = None) -> Any:
    """abs * exp(i angle)."""
    # torch.polar has the gradient of another sign where abs is negative.
    return torch.complex(abs * torch.cos(angle), abs * torch.sin(angle))


tril_ = inplace(tril)
triu_ = inplace(triu)

METHODS = (clone, diag, diagflat, diag_embed, tril, triu, tril_, triu_, polar)
