"""Pooling (paddle.nn.functional.pooling)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import (
    LAYOUTS,
    cast,
    channels_back,
    channels_first,
    check_rank,
    is_channel_last,
    is_symmetric,
    padding_pairs,
    per_dim,
    same_pairs,
    torch_pad_order,
)

_AVG: dict[int, Any] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_MAX: dict[int, Any] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_MAX_MASK: dict[int, Any] = {1: F.max_pool1d_with_indices, 2: F.max_pool2d_with_indices, 3: F.max_pool3d_with_indices}
_UNPOOL: dict[int, Any] = {1: F.max_unpool1d, 2: F.max_unpool2d, 3: F.max_unpool3d}
_ADAPTIVE_AVG: dict[int, Any] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
_ADAPTIVE_MAX: dict[int, Any] = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
_ADAPTIVE_MAX_MASK: dict[int, Any] = {
    1: F.adaptive_max_pool1d_with_indices,
    2: F.adaptive_max_pool2d_with_indices,
    3: F.adaptive_max_pool3d_with_indices,
}


def avg_pool1d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, exclusive: bool = True, ceil_mode: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Means of windows of x [N, C, L]; exclusive leaves the padding out of the mean."""
    check_rank("avg_pool1d", "x", x, 3)
    out = _avg(2, torch.unsqueeze(x, 2), *_flat(kernel_size, stride, padding), ceil_mode, exclusive, None, "NCHW")
    return torch.squeeze(out, 2)


def avg_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, exclusive: bool = True,
    divisor_override: float | None = None, data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Means of windows of x [N, C, H, W]; exclusive leaves the padding out of the mean."""
    return _avg(2, x, kernel_size, stride, padding, ceil_mode, exclusive, divisor_override, data_format)


def avg_pool3d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, exclusive: bool = True,
    divisor_override: float | None = None, data_format: str = "NCDHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Means of windows of x [N, C, D, H, W]; exclusive leaves the padding out of the mean."""
    return _avg(3, x, kernel_size, stride, padding, ceil_mode, exclusive, divisor_override, data_format)


def max_pool1d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Maxima of windows of x [N, C, L], and with return_mask their int32 positions."""
    return _max(1, x, kernel_size, stride, padding, return_mask, ceil_mode, "NCL")


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode: bool = False,
    data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Maxima of windows of x [N, C, H, W], and with return_mask their int32 positions in H * W."""
    return _max(2, x, kernel_size, stride, padding, return_mask, ceil_mode, data_format)


def max_pool3d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode: bool = False,
    data_format: str = "NCDHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Maxima of windows of x [N, C, D, H, W], and with return_mask their int32 positions in D * H * W."""
    return _max(3, x, kernel_size, stride, padding, return_mask, ceil_mode, data_format)


def max_unpool1d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCL",
    output_size: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The values of max_pool1d put back at their positions, zeros elsewhere."""
    return _unpool(1, x, indices, kernel_size, stride, padding, data_format, output_size)


def max_unpool2d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCHW",
    output_size: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The values of max_pool2d put back at their positions, zeros elsewhere."""
    return _unpool(2, x, indices, kernel_size, stride, padding, data_format, output_size)


def max_unpool3d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCDHW",
    output_size: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The values of max_pool3d put back at their positions, zeros elsewhere."""
    return _unpool(3, x, indices, kernel_size, stride, padding, data_format, output_size)


def adaptive_avg_pool1d(x: Any, output_size: Any, name: str | None = None) -> Any:
    """Means of output_size even windows of x [N, C, L]."""
    return _adaptive_avg(1, x, output_size, "NCL")


def adaptive_avg_pool2d(x: Any, output_size: Any, data_format: str = "NCHW", name: str | None = None) -> Any:
    """Means of even windows of x [N, C, H, W]; a None in output_size keeps that size."""
    return _adaptive_avg(2, x, output_size, data_format)


def adaptive_avg_pool3d(x: Any, output_size: Any, data_format: str = "NCDHW", name: str | None = None) -> Any:
    """Means of even windows of x [N, C, D, H, W]; a None in output_size keeps that size."""
    return _adaptive_avg(3, x, output_size, data_format)


def adaptive_max_pool1d(x: Any, output_size: Any, return_mask: bool = False, name: str | None = None) -> Any:
    """Maxima of output_size even windows of x [N, C, L], and with return_mask their int32 positions."""
    return _adaptive_max(1, x, output_size, return_mask)


def adaptive_max_pool2d(x: Any, output_size: Any, return_mask: bool = False, name: str | None = None) -> Any:
    """Maxima of even windows of x [N, C, H, W], and with return_mask their int32 positions in H * W."""
    return _adaptive_max(2, x, output_size, return_mask)


def adaptive_max_pool3d(x: Any, output_size: Any, return_mask: bool = False, name: str | None = None) -> Any:
    """Maxima of even windows of x [N, C, D, H, W], and with return_mask their int32 positions in D * H * W."""
    return _adaptive_max(3, x, output_size, return_mask)


def _flat(kernel_size: Any, stride: Any, padding: Any) -> tuple[Any, Any, Any]:
    """One-dimensional arguments as two-dimensional ones over a height of 1: torch's 1-D pool has no divisor."""
    kernel = [1, *per_dim(kernel_size, 1, "kernel_size")]
    if not isinstance(padding, str):
        padding = [0, 0, *[amount for pair in padding_pairs(padding, 1, False, "avg_pool1d") for amount in pair]]
    return kernel, kernel if stride is None else [1, *per_dim(stride, 1, "stride")], padding


def _window(
    dims: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, last: bool, name: str
) -> tuple[list[Any], list[Any], list[tuple[Any, Any]]]:
    kernel = per_dim(kernel_size, dims, "kernel_size")
    strides = kernel if stride is None else per_dim(stride, dims, "stride")
    if isinstance(padding, str) and padding.upper() == "VALID" and ceil_mode:
        raise ValueError('When Attr(padding) is "VALID", Attr(ceil_mode) must be False. Received ceil_mode: True.')
    pairs: Any = padding_pairs(padding, dims, last, name)
    return kernel, strides, same_pairs(x.shape[2:], kernel, strides) if pairs == "SAME" else pairs


def _fits(kernel: list[Any], pairs: list[tuple[Any, Any]]) -> bool:
    """Whether torch's pools take these paddings: alike on both sides and at most half the window."""
    return is_symmetric(pairs) and all(2 * before <= k for k, (before, _) in zip(kernel, pairs, strict=True))


def _avg(
    dims: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, exclusive: bool, divisor: Any,
    data_format: str,
) -> Any:  # fmt: skip
    name = f"avg_pool{dims}d"
    check_rank(name, "x", x, dims + 2)
    last = is_channel_last(data_format, dims, name)
    x = channels_first(x, last)
    kernel, strides, pairs = _window(dims, x, kernel_size, stride, padding, ceil_mode, last, name)
    if _fits(kernel, pairs):
        out = _AVG[dims](x, kernel, strides, [before for before, _ in pairs], ceil_mode, not exclusive)
    else:
        out = _avg_of_padded(dims, x, kernel, strides, pairs, ceil_mode, exclusive)
    if divisor is not None:
        if divisor == 0:
            raise ValueError(f"{name}: divisor_override must not be 0")
        out = out * (math.prod(kernel) / divisor)
    return channels_back(out, last)


def _avg_of_padded(
    dims: int, x: Any, kernel: Any, strides: Any, pairs: list[tuple[Any, Any]], ceil_mode: bool, exclusive: bool
) -> Any:
    """Means over an input that is padded before: sums of the values over sums of what counts."""
    # Without exclusive, Paddle counts the padding before, and as much of the padding after.
    counted = [(before, min(before, after)) for before, after in pairs]
    rest = [(0, after - min(before, after)) for before, after in pairs]
    inside = F.pad(torch.ones_like(x), torch_pad_order(counted), value=0.0 if exclusive else 1.0)
    inside = F.pad(inside, torch_pad_order(rest))
    values = F.pad(x, torch_pad_order(pairs))
    sums, counts = (_AVG[dims](part, kernel, strides, 0, ceil_mode, True, 1) for part in (values, inside))
    return sums / counts


def _max(
    dims: int, x: Any, kernel_size: Any, stride: Any, padding: Any, return_mask: bool, ceil_mode: bool, data_format: str
) -> Any:
    name = f"max_pool{dims}d"
    check_rank(name, "x", x, dims + 2)
    last = is_channel_last(data_format, dims, name)
    if return_mask and last:
        raise ValueError(f"{name}: with return_mask, data_format must put channels first, but received {data_format!r}")
    x = channels_first(x, last)
    if return_mask and isinstance(padding, str) and padding.upper() == "SAME":
        # Paddle's pool with a mask does not pad for "SAME".
        padding = 0
    kernel, strides, pairs = _window(dims, x, kernel_size, stride, padding, ceil_mode, last, name)
    pads = [before for before, _ in pairs]
    if not _fits(kernel, pairs):
        if return_mask:
            raise ValueError(f"{name}: with return_mask, padding must be alike on both sides, but received {padding!r}")
        x = F.pad(x, torch_pad_order(pairs), value=-math.inf)
        pads = [0] * dims
    if return_mask:
        out, mask = _MAX_MASK[dims](x, kernel, strides, pads, 1, ceil_mode)
        return out, cast(mask, torch.int32)
    return channels_back(_MAX[dims](x, kernel, strides, pads, 1, ceil_mode), last)


def _unpool(
    dims: int, x: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, data_format: str, output_size: Any
) -> Any:
    if is_channel_last(data_format, dims, f"max_unpool{dims}d"):
        raise ValueError(
            f"max_unpool{dims}d: data_format must be {LAYOUTS[dims][0]!r}, channels first, but received {data_format!r}"
        )
    check_rank(f"max_unpool{dims}d", "x", x, dims + 2)
    kernel = per_dim(kernel_size, dims, "kernel_size")
    strides = kernel if stride is None else per_dim(stride, dims, "stride")
    pads = per_dim(padding, dims, "padding")
    if output_size is None:
        sizes = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(x.shape[2:], strides, kernel, pads, strict=True)]
    else:
        sizes = list(output_size)[-dims:]
    return _UNPOOL[dims](x, cast(indices, torch.int64), kernel, strides, pads, sizes)


def _adaptive_avg(dims: int, x: Any, output_size: Any, data_format: str) -> Any:
    check_rank(f"adaptive_avg_pool{dims}d", "x", x, dims + 2)
    last = is_channel_last(data_format, dims, f"adaptive_avg_pool{dims}d")
    out = _ADAPTIVE_AVG[dims](channels_first(x, last), per_dim(output_size, dims, "output_size"))
    return channels_back(out, last)


def _adaptive_max(dims: int, x: Any, output_size: Any, return_mask: bool) -> Any:
    check_rank(f"adaptive_max_pool{dims}d", "x", x, dims + 2)
    sizes = per_dim(output_size, dims, "output_size")
    if not return_mask:
        return _ADAPTIVE_MAX[dims](x, sizes)
    out, mask = _ADAPTIVE_MAX_MASK[dims](x, sizes)
    return out, cast(mask, torch.int32)
