"""Convolution, normalisation and activation in a row (paddle.vision.ops.ConvNormActivation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fxtraced import nn


class ConvNormActivation(nn.Sequential):
    """x [N, in_channels, H, W] -> [N, out_channels, H / stride, W / stride], with "same" padding unless one is given.

    norm_layer is called with the number of channels, activation_layer without arguments; None leaves a step out.
    bias: by default the convolution has one only where no norm_layer follows.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any = 3,
        stride: Any = 1,
        padding: Any = None,
        groups: int = 1,
        norm_layer: Callable[..., Any] | None = nn.BatchNorm2D,
        activation_layer: Callable[..., Any] | None = nn.ReLU,
        dilation: int = 1,
        bias: bool | None = None,
    ):
        if padding is None:
            padding = (kernel_size - 1) // 2 * dilation
        has_bias = norm_layer is None if bias is None else bias
        convolution = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation=dilation,
            groups=groups,
            bias_attr=None if has_bias else False,
        )
        steps = [convolution]
        if norm_layer is not None:
            steps.append(norm_layer(out_channels))
        if activation_layer is not None:
            steps.append(activation_layer())
        super().__init__(*steps)
