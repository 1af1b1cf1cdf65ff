"""Sums, products, extremes and running totals (Paddle keeps them in math.py).

`axis` is an int, a list, or None for all axes; `keepdim` keeps the reduced axes with size 1.
"""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import dims, dtype_or, inplace, to_dtype
from fxtraced.tensor.shape import int_of


def sum(x: Any, axis: Any = None, dtype: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The sum over axis. bool and int32 sum to int64; the other dtypes stay."""
    return torch.sum(x, dims(axis, x), keepdim, dtype=_sum_dtype(x, dtype))


def nansum(x: Any, axis: Any = None, dtype: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The sum over axis, NaN counting as 0."""
    return torch.nansum(x, dims(axis, x), keepdim, dtype=_sum_dtype(x, dtype))


def _sum_dtype(x: Any, dtype: Any) -> torch.dtype:
    return dtype_or(dtype, torch.int64 if x.dtype in (torch.bool, torch.int32) else x.dtype)


def nanmean(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The mean over axis of the elements that are not NaN."""
    return torch.nanmean(x, dims(axis, x), keepdim)


def prod(x: Any, axis: Any = None, keepdim: bool = False, dtype: Any = None, name: Any = None) -> Any:
    """The product over axis, in x's dtype unless given."""
    out = to_dtype(x, dtype_or(dtype, x.dtype))
    for dim in sorted((d % x.ndim for d in dims(axis, x)), reverse=True):
        out = torch.prod(out, dim, keepdim, dtype=out.dtype)
    return torch.clone(out) if x.ndim == 0 else out


def max(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The largest element over axis: values only, where torch.max with an axis also gives indices.

    Each of several equal ones gets the whole gradient.
    """
    return _extreme(torch.amax, x, axis, keepdim)


def min(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The smallest element over axis: values only, where torch.min with an axis also gives indices.

    Each of several equal ones gets the whole gradient.
    """
    return _extreme(torch.amin, x, axis, keepdim)


def _extreme(function: Any, x: Any, axis: Any, keepdim: bool) -> Any:
    axes = dims(axis, x)
    if x.requires_grad and torch.is_grad_enabled():
        return _WholeGradient.apply(x, function, axes, keepdim)
    return function(x, axes, keepdim)


class _WholeGradient(torch.autograd.Function):
    """torch.amax or torch.amin, without the gradient's being shared among equal elements."""

    @staticmethod
    def forward(ctx: Any, x: Any, function: Any, axes: Any, keepdim: bool) -> Any:
        ctx.save_for_backward(x)
        ctx.found = lambda x: function(x, axes, True)
        return function(x, axes, keepdim)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (x,) = ctx.saved_tensors
        found = ctx.found(x)
        return torch.mul(torch.reshape(gradient, found.shape), torch.eq(x, found)), None, None, None


def amax(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The largest element over axis; equal ones share the gradient."""
    return torch.amax(x, dims(axis, x), keepdim)


def amin(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The smallest element over axis; equal ones share the gradient."""
    return torch.amin(x, dims(axis, x), keepdim)


def all(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """True where every element over axis is true (not zero)."""
    return torch.all(torch.ne(x, 0) if x.dtype == torch.uint8 else x, dims(axis, x), keepdim)


def any(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """True where some element over axis is true (not zero)."""
    return torch.any(torch.ne(x, 0) if x.dtype == torch.uint8 else x, dims(axis, x), keepdim)


def count_nonzero(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """How many elements over axis are not zero, as int64."""
    return torch.sum(torch.ne(x, 0), dims(axis, x), keepdim)


def logsumexp(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """log(sum(exp(x))) over axis, without overflow."""
    return torch.logsumexp(x, dims(axis, x), keepdim)


def _running(x: Any, axis: Any, dtype: Any) -> tuple[Any, Any]:
    """(tensor, axis) of a running total: without an axis it runs over the flattened tensor."""
    x = to_dtype(x, dtype_or(dtype, x.dtype))
    return (torch.reshape(x, [-1]), 0) if axis is None else (x, int_of(axis))


def cumsum(x: Any, axis: Any = None, dtype: Any = None, name: Any = None) -> Any:
    """The running sum along axis, in x's dtype unless given; over the flattened x when axis is None."""
    x, dim = _running(x, axis, dtype)
    return torch.cumsum(x, dim, dtype=x.dtype)


def cumprod(x: Any, dim: Any = None, dtype: Any = None, name: Any = None) -> Any:
    """The running product along dim, in x's dtype unless given. Raises ValueError when dim is None."""
    if dim is None:
        raise ValueError("cumprod: dim must be an int, but received None")
    x, dim = _running(x, dim, dtype)
    return torch.cumprod(x, dim, dtype=x.dtype)


def cummax(x: Any, axis: Any = None, dtype: Any = "int64", name: Any = None) -> Any:
    """(running maximum along axis, its indices in dtype); over the flattened x when axis is None."""
    values, indices = torch.cummax(*_running(x, axis, None))
    return values, to_dtype(indices, dtype_or(dtype))


def cummin(x: Any, axis: Any = None, dtype: Any = "int64", name: Any = None) -> Any:
    """(running minimum along axis, its indices in dtype); over the flattened x when axis is None."""
    values, indices = torch.cummin(*_running(x, axis, None))
    return values, to_dtype(indices, dtype_or(dtype))


def logcumsumexp(x: Any, axis: Any = None, dtype: Any = None, name: Any = None) -> Any:
    """The logarithm of the running sum of exp(x) along axis; over the flattened x when axis is None."""
    return torch.logcumsumexp(*_running(x, axis, dtype))


cumsum_ = inplace(cumsum, may_reform=True)
cumprod_ = inplace(cumprod, may_reform=True)

METHODS = (
    sum, nansum, nanmean, prod, max, min, amax, amin, all, any, count_nonzero, logsumexp, cumsum, cumsum_, cumprod,
    cumprod_, cummax, cummin, logcumsumexp,
)  # fmt: skip
