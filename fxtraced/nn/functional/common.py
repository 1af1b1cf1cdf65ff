"""Linear, dropout, padding, windows and their like (paddle.nn.functional.common)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import check_rank, is_channel_last, per_dim
from fxtraced.nn.functional.class_sampling import class_center_sample
from fxtraced.nn.functional.interpolate import interpolate, upsample
from fxtraced.tensor.shape import int_of, shape_list

__all__ = [
    "alpha_dropout", "bilinear", "class_center_sample", "cosine_similarity", "dropout", "dropout2d", "dropout3d",
    "fold", "interpolate", "label_smooth", "linear", "pad", "unfold", "upsample", "zeropad2d",
]  # fmt: skip


def linear(x: Any, weight: Any, bias: Any = None, name: str | None = None) -> Any:
    """x [..., in] times weight [in, out], plus bias [out]; torch's weight is [out, in]."""
    return F.linear(x, torch.t(weight), bias)


def dropout(
    x: Any, p: Any = 0.5, axis: Any = None, training: bool = True, mode: str = "upscale_in_train",
    name: str | None = None,
) -> Any:  # fmt: skip
    """Zero elements (or whole slices that share their index along axis) with probability p while training.

    "upscale_in_train" scales the rest by 1 / (1 - p); "downscale_in_infer" scales by 1 - p outside training instead.
    """
    if isinstance(p, torch.Tensor):
        p = p.item()
    if not isinstance(p, int | float):
        raise TypeError(f"dropout: p argument should be a number or a tensor, but received {p!r}")
    if p < 0 or p > 1:
        raise ValueError(f"p argument should between 0 and 1, but received {p}")
    if mode not in ("downscale_in_infer", "upscale_in_train"):
        raise ValueError(f"mode argument should be 'downscale_in_infer' or 'upscale_in_train', but received {mode!r}")
    upscale = mode == "upscale_in_train"
    if p == 0:
        return x
    if not training:
        return torch.clone(x) if upscale else x * (1 - p)
    if axis is None:
        return F.dropout(x, p, True) if upscale else F.dropout(x, p, True) * (1 - p)
    axes = [axis] if isinstance(axis, int) else list(axis)
    if min(axes) < 0 or max(axes) > x.ndim - 1:
        raise ValueError(f"dropout: axis must lie in [0, {x.ndim}), but received {axis!r}")
    shape = [x.shape[dim] if dim in axes else 1 for dim in range(x.ndim)]
    keep = torch.rand(shape, device=x.device) >= p
    scaled = x / (1 - p) if upscale and p < 1 else x
    return torch.masked_fill(scaled, torch.logical_not(keep), 0.0)


def dropout2d(x: Any, p: float = 0.5, training: bool = True, data_format: str = "NCHW", name: str | None = None) -> Any:
    """Zero whole channels of x [N, C, H, W] with probability p while training."""
    return dropout(x, p, [0, 3] if is_channel_last(data_format, 2, "dropout2d") else [0, 1], training)


def dropout3d(
    x: Any, p: float = 0.5, training: bool = True, data_format: str = "NCDHW", name: str | None = None
) -> Any:
    """Zero whole channels of x [N, C, D, H, W] with probability p while training."""
    return dropout(x, p, [0, 4] if is_channel_last(data_format, 3, "dropout3d") else [0, 1], training)


def alpha_dropout(x: Any, p: float = 0.5, training: bool = True, name: str | None = None) -> Any:
    """Dropout that keeps the mean and variance of SELU activations."""
    if not isinstance(p, int | float):
        raise TypeError(f"alpha_dropout: p argument should be a float or int, but received {p!r}")
    if p < 0 or p > 1:
        raise ValueError(f"p argument should between 0 and 1, but received {p}")
    if not training:
        return x
    if p == 1:
        return x * 0.0
    low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
    scale = ((1 - p) * (1 + p * low**2)) ** -0.5
    drop = torch.rand_like(x) < p
    return torch.masked_fill(x, drop, low) * scale - scale * low * p


def label_smooth(label: Any, prior_dist: Any = None, epsilon: float = 0.1, name: str | None = None) -> Any:
    """(1 - epsilon) * label + epsilon * prior_dist (uniform over the last axis without one), which has no gradient."""
    if epsilon > 1.0 or epsilon < 0.0:
        raise ValueError(f"The value of epsilon must be between 0 and 1, but received {epsilon}")
    prior = 1.0 / label.shape[-1] if prior_dist is None else torch.detach(prior_dist)
    return label * (1 - epsilon) + prior * epsilon


def pad(
    x: Any, pad: Any, mode: str = "constant", value: float = 0.0, data_format: str = "NCHW", name: str | None = None
) -> Any:
    """Pad x with a constant or by "reflect", "replicate" or "circular".

    A constant pad of 2 * x.ndim numbers goes dimension by dimension, first to last. Any other pad is spatial, in
    torch's order ([left, right, top, bottom, front, back]), and leaves batch and channels alone.
    """
    if mode not in ("reflect", "replicate", "constant", "circular"):
        raise AssertionError(f"mode should be one of constant, reflect, replicate, circular, but got {mode}.")
    amounts = [int_of(x) for x in (pad.tolist() if isinstance(pad, torch.Tensor) else pad)]
    if mode == "constant" and not isinstance(pad, torch.Tensor) and len(amounts) == 2 * x.ndim:
        order = [amount for dim in reversed(range(x.ndim)) for amount in amounts[2 * dim : 2 * dim + 2]]
        return F.pad(x, order, "constant", value)
    layouts = {3: ("NCL", "NLC"), 4: ("NCHW", "NHWC"), 5: ("NCDHW", "NDHWC")}
    if x.ndim not in layouts:
        raise AssertionError(f"input tesor dimension must be in [3, 4, 5] but got {x.ndim}")
    if data_format.upper() not in layouts[x.ndim]:
        raise AssertionError(
            f"input tensor dimension is {x.ndim}, it's data format should be in {layouts[x.ndim]} but got {data_format}"
        )
    if len(amounts) != 2 * (x.ndim - 2):
        raise ValueError(
            f"pad: must hold {2 * (x.ndim - 2)} numbers for the spatial dimensions of an x of {x.ndim} dimensions, "
            f"but received {amounts}"
        )
    last = data_format.upper() == layouts[x.ndim][1]
    if mode == "constant":
        return F.pad(x, [0, 0, *amounts] if last else amounts, "constant", value)
    if last:
        return torch.movedim(F.pad(torch.movedim(x, -1, 1), amounts, mode), 1, -1)
    return F.pad(x, amounts, mode)


def zeropad2d(x: Any, padding: Any, data_format: str = "NCHW", name: str | None = None) -> Any:
    """Pad x [N, C, H, W] with zeros: [left, right, top, bottom]."""
    return pad(x, padding, "constant", 0.0, data_format)


def unfold(
    x: Any, kernel_sizes: Any, strides: Any = 1, paddings: Any = 0, dilations: Any = 1, name: str | None = None
) -> Any:
    """Windows of x [N, C, H, W] as columns [N, C * kh * kw, L]; paddings may be [top, left, bottom, right]."""
    check_rank("unfold", "x", x, 4)
    kernel, dilation, stride = (per_dim(v, 2, n) for v, n in _windows(kernel_sizes, dilations, strides))
    if isinstance(paddings, list | tuple) and len(paddings) == 4:
        top, left, bottom, right = shape_list(paddings)
        return F.unfold(F.pad(x, [left, right, top, bottom]), kernel, dilation, 0, stride)
    return F.unfold(x, kernel, dilation, per_dim(paddings, 2, "paddings"), stride)


def fold(
    x: Any, output_sizes: Any, kernel_sizes: Any, strides: Any = 1, paddings: Any = 0, dilations: Any = 1,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Add columns [N, C * kh * kw, L] up into [N, C, H, W]; paddings may be [top, left, bottom, right]."""
    check_rank("fold", "x", x, 3)
    height, width = per_dim(output_sizes, 2, "output_sizes")
    size: Any = [height, width]
    kernel, dilation, stride = (per_dim(v, 2, n) for v, n in _windows(kernel_sizes, dilations, strides))
    if isinstance(paddings, list | tuple) and len(paddings) == 4:
        top, left, bottom, right = shape_list(paddings)
        size = [height + top + bottom, width + left + right]
        whole = F.fold(x, size, kernel, dilation, 0, stride)
        return torch.narrow(torch.narrow(whole, 2, top, height), 3, left, width)
    return F.fold(x, size, kernel, dilation, per_dim(paddings, 2, "paddings"), stride)


def _windows(kernel_sizes: Any, dilations: Any, strides: Any) -> list[tuple[Any, str]]:
    return [(kernel_sizes, "kernel_sizes"), (dilations, "dilations"), (strides, "strides")]


def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None, name: str | None = None) -> Any:
    """x1 [N, in1] times weight [out, in1, in2] times x2 [N, in2], plus bias [1, out]."""
    out = F.bilinear(x1, x2, weight)
    return out if bias is None else out + bias


def cosine_similarity(x1: Any, x2: Any, axis: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between x1 and x2 along axis."""
    products = torch.sum(x1 * x2, axis)
    norms = torch.sum(x1 * x1, axis) * torch.sum(x2 * x2, axis)
    return products / torch.sqrt(torch.clamp(norms, min=eps * eps))
