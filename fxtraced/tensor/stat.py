"""Statistics: mean, spread, medians and quantiles."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import is_floating
from fxtraced.tensor.common import dims, one_dim, to_dtype
from fxtraced.tensor.tensor import as_tensor


def mean(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The mean over axis, in x's dtype: integers are cut towards zero; of bools, whether any is True."""
    if is_floating(x.dtype) or x.dtype.is_complex:
        return torch.mean(x, dims(axis, x), keepdim)
    return to_dtype(torch.mean(to_dtype(x, torch.float64), dims(axis, x), keepdim), x.dtype)


def var(x: Any, axis: Any = None, unbiased: bool = True, keepdim: bool = False, name: Any = None) -> Any:
    """The variance over axis, divided by n - 1 or, when not unbiased, by n.

    Differs from torch: of one element it is 0, not NaN.
    """
    axes = dims(axis, x)
    away = torch.square(torch.sub(x, torch.mean(x, axes, True)))
    if not unbiased:
        return torch.mean(away, axes, keepdim)
    count = 1
    for dim in axes:
        count = count * x.shape[dim]
    # n - 1, but 1 when n is 1, without a look at n.
    divisor = count - 1 + 1 // count
    return torch.div(torch.sum(away, axes, keepdim), divisor)


def std(x: Any, axis: Any = None, unbiased: bool = True, keepdim: bool = False, name: Any = None) -> Any:
    """The square root of the variance over axis."""
    return torch.sqrt(var(x, axis, unbiased, keepdim))


def numel(x: Any, name: Any = None) -> Any:
    """The number of elements as a 0-D int64 tensor; `x.size` gives it as an int."""
    return as_tensor(torch.tensor(x.shape.numel(), dtype=torch.int64, device=x.device))


def _middle(x: Any, axis: Any, keepdim: bool, function: Any) -> Any:
    """function(x, axis) along one axis, several or all of them, which are merged into one at the end."""
    axes = [one_dim(d, x, "median") for d in dims(axis, x)]
    rest = [d for d in range(x.ndim) if d not in axes]
    merged = torch.flatten(torch.permute(x, [*rest, *axes]), len(rest)) if x.ndim else torch.reshape(x, [1])
    out = function(merged)
    for d in sorted(axes) if keepdim else []:
        out = torch.unsqueeze(out, d)
    return out


def median(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The median over axis; of an even count the mean of the two in the middle. NaN when there is a NaN.

    Differs from torch.median, which gives the lower one. float64 stays, every other dtype gives float32.
    """
    x = x if x.dtype == torch.float64 else to_dtype(x, torch.float32)
    return _middle(x, axis, keepdim, lambda flat: torch.quantile(flat, 0.5, -1))


def nanmedian(x: Any, axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The median over axis of the elements that are not NaN, in x's dtype: of integers, cut towards zero."""
    floats = x if is_floating(x.dtype) else to_dtype(x, torch.float64)
    return to_dtype(_middle(floats, axis, keepdim, lambda flat: torch.nanquantile(flat, 0.5, -1)), x.dtype)


def quantile(x: Any, q: Any, axis: Any = None, keepdim: bool = False) -> Any:
    """The q-quantile over axis, in float64; a list of q gives them along a new first axis."""
    return _quantile(x, q, axis, keepdim, torch.quantile)


def nanquantile(x: Any, q: Any, axis: Any = None, keepdim: bool = False) -> Any:
    """The q-quantile over axis of the elements that are not NaN, in float64."""
    return _quantile(x, q, axis, keepdim, torch.nanquantile)


def _quantile(x: Any, q: Any, axis: Any, keepdim: bool, function: Any) -> Any:
    x = to_dtype(x, torch.float64)
    found = []
    for value in q if isinstance(q, list | tuple) else [q]:
        if not 0 <= value <= 1:
            raise ValueError(f"q should be in range [0, 1], but received {value}")
        found.append(_middle(x, axis, keepdim, lambda flat, value=value: function(flat, value, -1)))
    return torch.stack(found) if isinstance(q, list | tuple) else found[0]


METHODS = (mean, var, std, numel, median, nanmedian, quantile, nanquantile)
