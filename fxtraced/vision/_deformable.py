"""Deformable convolution (paddle.vision.ops)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import per_dim
from fxtraced.nn.initializer import Normal
from fxtraced.nn.layer.layers import Layer


def deform_conv2d(
    x: Any, offset: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    deformable_groups: int = 1, groups: int = 1, mask: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Convolve x [N, C, H, W] with weight [out, C / groups, kh, kw] at moved places: version 2 with a mask, else 1.

    offset [N, 2 * deformable_groups * kh * kw, out_h, out_w] holds pairs (down, right) of a place in the kernel;
    mask [N, deformable_groups * kh * kw, out_h, out_w] weighs the places. Outside of x there are zeros.
    """
    stride, padding, dilation = (
        per_dim(value, 2, key) for value, key in ((stride, "stride"), (padding, "padding"), (dilation, "dilation"))
    )
    height, width = weight.shape[2], weight.shape[3]
    places = height * width
    _check_channels(offset, "offset", 2 * deformable_groups * places)
    batch, channels, out_height, out_width = x.shape[0], x.shape[1], offset.shape[2], offset.shape[3]
    moved = torch.reshape(offset, [batch * deformable_groups, height, width, 2, out_height, out_width])
    down = _grid(x, height, out_height, stride[0], padding[0], dilation[0])
    right = _grid(x, width, out_width, stride[1], padding[1], dilation[1])
    rows = moved[:, :, :, 0] + torch.reshape(down, [1, height, 1, out_height, 1])
    columns = moved[:, :, :, 1] + torch.reshape(right, [1, 1, width, 1, out_width])
    # grid_sample counts from -1 to 1 over the whole image, edges of pixels included.
    grid = torch.stack([(2 * columns + 1) / x.shape[3] - 1, (2 * rows + 1) / x.shape[2] - 1], -1)
    grid = torch.reshape(grid, [batch * deformable_groups, places * out_height, out_width, 2])
    parts = torch.reshape(x, [batch * deformable_groups, channels // deformable_groups, x.shape[2], x.shape[3]])
    sampled = F.grid_sample(parts, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    if mask is not None:
        _check_channels(mask, "mask", deformable_groups * places)
        sampled = sampled * torch.reshape(mask, [batch * deformable_groups, 1, places * out_height, out_width])
    features = torch.reshape(sampled, [batch, groups, channels // groups * places, out_height * out_width])
    filters = torch.reshape(weight, [groups, weight.shape[0] // groups, channels // groups * places])
    out = torch.reshape(torch.matmul(filters, features), [batch, weight.shape[0], out_height, out_width])
    return out if bias is None else out + torch.reshape(bias, [1, -1, 1, 1])


class DeformConv2D(Layer):
    """Deformable convolution of [N, C, H, W]; see vision.ops.deform_conv2d."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, deformable_groups: int = 1, groups: int = 1, weight_attr: Any = None, bias_attr: Any = None,
    ):  # fmt: skip
        super().__init__()
        if weight_attr is False:
            raise AssertionError("weight_attr should not be False in Conv.")
        if in_channels % groups:
            raise ValueError(f"DeformConv2D: in_channels {in_channels} must be divisible by groups {groups}.")
        self._in_channels, self._out_channels = in_channels, out_channels
        self._deformable_groups, self._groups = deformable_groups, groups
        self._stride, self._padding = per_dim(stride, 2, "stride"), per_dim(padding, 2, "padding")
        self._dilation, self._kernel_size = per_dim(dilation, 2, "dilation"), per_dim(kernel_size, 2, "kernel_size")
        default = Normal(0.0, math.sqrt(2.0 / (math.prod(self._kernel_size) * in_channels)))
        shape = [out_channels, in_channels // groups, *self._kernel_size]
        self.weight = self.create_parameter(shape, weight_attr, default_initializer=default)
        self.bias = self.create_parameter([out_channels], bias_attr, is_bias=True)

    def forward(self, x: Any, offset: Any, mask: Any = None) -> Any:
        return deform_conv2d(
            x, offset, self.weight, self.bias, self._stride, self._padding, self._dilation, self._deformable_groups,
            self._groups, mask,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"{self._in_channels}, {self._out_channels}, kernel_size={self._kernel_size}, stride={self._stride}"


def _grid(x: Any, size: int, outputs: Any, stride: int, padding: int, dilation: int) -> Any:
    """[size, outputs]: where the kernel's places lie on one axis of x before they are moved."""
    starts = torch.arange(outputs, dtype=x.dtype, device=x.device) * stride - padding
    places = torch.arange(size, dtype=x.dtype, device=x.device) * dilation
    return torch.unsqueeze(places, 1) + torch.unsqueeze(starts, 0)


def _check_channels(tensor: Any, argument: str, wanted: int) -> None:
    if tensor.ndim != 4 or tensor.shape[1] != wanted:
        raise ValueError(
            f"deform_conv2d: {argument} must be [N, {wanted}, out_h, out_w], but its shape is {list(tensor.shape)}"
        )
