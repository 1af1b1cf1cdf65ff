"""Convolutions (paddle.nn.functional.conv): weights [out, in / groups, k...] in every layout."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import (
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

_CONV: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSE: dict[int, Any] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def conv1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
    data_format: str = "NCL", name: str | None = None,
) -> Any:  # fmt: skip
    """Convolve x [N, C, L] (or [N, L, C]) with weight [out, C / groups, k]; padding may be "SAME" or asymmetric."""
    return _conv(1, x, weight, bias, stride, padding, dilation, groups, data_format)


def conv2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
    data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Convolve x [N, C, H, W] (or [N, H, W, C]) with weight [out, C / groups, kh, kw]."""
    return _conv(2, x, weight, bias, stride, padding, dilation, groups, data_format)


def conv3d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
    data_format: str = "NCDHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Convolve x [N, C, D, H, W] (or [N, D, H, W, C]) with weight [out, C / groups, kd, kh, kw]."""
    return _conv(3, x, weight, bias, stride, padding, dilation, groups, data_format)


def conv1d_transpose(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1, output_size: Any = None, data_format: str = "NCL", name: str | None = None,
) -> Any:  # fmt: skip
    """The transposed convolution of x [N, C, L] with weight [C, out / groups, k]."""
    return _transpose(1, x, weight, bias, stride, padding, output_padding, dilation, groups, output_size, data_format)


def conv2d_transpose(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    dilation: Any = 1, groups: int = 1, output_size: Any = None, data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """The transposed convolution of x [N, C, H, W] with weight [C, out / groups, kh, kw]."""
    return _transpose(2, x, weight, bias, stride, padding, output_padding, dilation, groups, output_size, data_format)


def conv3d_transpose(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1, output_size: Any = None, data_format: str = "NCDHW", name: str | None = None,
) -> Any:  # fmt: skip
    """The transposed convolution of x [N, C, D, H, W] with weight [C, out / groups, kd, kh, kw]."""
    return _transpose(3, x, weight, bias, stride, padding, output_padding, dilation, groups, output_size, data_format)


def _conv(
    dims: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int, data_format: str
) -> Any:
    name = f"conv{dims}d"
    check_rank(name, "x", x, dims + 2)
    last = is_channel_last(data_format, dims, name)
    stride, dilation = per_dim(stride, dims, "stride"), per_dim(dilation, dims, "dilation")
    pairs: Any = padding_pairs(padding, dims, last, name)
    x = channels_first(x, last)
    if pairs == "SAME":
        # Paddle ignores the dilation together with "SAME".
        dilation = [1] * dims
        pairs = same_pairs(x.shape[2:], weight.shape[2:], stride)
    if is_symmetric(pairs):
        out = _CONV[dims](x, weight, bias, stride, [before for before, _ in pairs], dilation, groups)
    else:
        padded = F.pad(x, torch_pad_order(pairs))
        out = _CONV[dims](padded, weight, bias, stride, 0, dilation, groups)
    return channels_back(out, last)


def _transpose(
    dims: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, dilation: Any,
    groups: int, output_size: Any, data_format: str,
) -> Any:  # fmt: skip
    name = f"conv{dims}d_transpose"
    check_rank(name, "x", x, dims + 2)
    last = is_channel_last(data_format, dims, name)
    stride, dilation = per_dim(stride, dims, "stride"), per_dim(dilation, dims, "dilation")
    pairs: Any = padding_pairs(padding, dims, last, name)
    x = channels_first(x, last)
    if pairs == "SAME":
        dilation = [1] * dims
        pairs = same_pairs(x.shape[2:], weight.shape[2:], stride)
    extra = per_dim(output_padding, dims, "output_padding")
    if output_size is not None:
        if any(extra):
            raise ValueError(f"{name}: output_padding option is mutually exclusive with output_size")
        wanted = per_dim(output_size, dims, "output_size")
        sizes = zip(wanted, x.shape[2:], weight.shape[2:], stride, dilation, pairs, strict=True)
        extra = [w - ((n - 1) * s + d * (k - 1) + 1 - p[0] - p[1]) for w, n, k, s, d, p in sizes]
    if is_symmetric(pairs):
        pads = [before for before, _ in pairs]
        return channels_back(_TRANSPOSE[dims](x, weight, bias, stride, pads, extra, groups, dilation), last)
    out = _TRANSPOSE[dims](x, weight, bias, stride, 0, extra, groups, dilation)
    for dim, (before, after) in enumerate(pairs):
        out = torch.narrow(out, dim + 2, before, out.shape[dim + 2] - before - after)
    return channels_back(out, last)
