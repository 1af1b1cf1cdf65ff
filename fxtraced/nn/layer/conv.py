"""Convolutions (paddle.nn.layer.conv)."""

from __future__ import annotations

import math
from typing import Any

from fxtraced.nn import functional as F
from fxtraced.nn.functional._arguments import is_channel_last, per_dim
from fxtraced.nn.initializer import Normal
from fxtraced.nn.layer.layers import Layer

_CONV: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSE: dict[int, Any] = {1: F.conv1d_transpose, 2: F.conv2d_transpose, 3: F.conv3d_transpose}


class _ConvNd(Layer):
    """What all convolutions share. weight is [out, in / groups, k...], transposed [in, out / groups, k...]."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, transposed: bool, dims: int, stride: Any = 1,
        padding: Any = 0, padding_mode: str = "zeros", output_padding: Any = 0, dilation: Any = 1, groups: int = 1,
        weight_attr: Any = None, bias_attr: Any = None, data_format: str = "NCHW",
    ):  # fmt: skip
        super().__init__(dtype=None)
        name = type(self).__name__
        if weight_attr is False:
            raise AssertionError("weight_attr should not be False in Conv.")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"{name}: padding_mode must be zeros, reflect, replicate or circular, not {padding_mode!r}"
            )
        if padding_mode != "zeros" and not isinstance(padding, int):
            raise TypeError(f"{name}: with padding_mode {padding_mode!r}, padding must be an int, not {padding!r}")
        if in_channels % groups:
            raise ValueError(f"{name}: in_channels {in_channels} must be divisible by groups {groups}.")
        is_channel_last(data_format, dims, name)
        self._in_channels, self._out_channels, self._groups = in_channels, out_channels, groups
        self._kernel_size = per_dim(kernel_size, dims, "kernel_size")
        self._stride = per_dim(stride, dims, "stride")
        self._dilation = per_dim(dilation, dims, "dilation")
        self._padding, self._padding_mode, self.output_padding = padding, padding_mode, output_padding
        self._data_format, self._dims = data_format, dims
        self._param_attr, self._bias_attr = weight_attr, bias_attr
        channels = [in_channels, out_channels // groups] if transposed else [out_channels, in_channels // groups]
        default = None if transposed else Normal(0.0, math.sqrt(2.0 / (math.prod(self._kernel_size) * in_channels)))
        self.weight = self.create_parameter(channels + self._kernel_size, weight_attr, default_initializer=default)
        self.bias = self.create_parameter([out_channels], bias_attr, is_bias=True)

    def _convolve(self, x: Any) -> Any:
        padding = self._padding
        if self._padding_mode != "zeros":
            x = F.pad(x, [padding] * (2 * self._dims), self._padding_mode, 0.0, self._data_format)
            padding = 0
        return _CONV[self._dims](
            x, self.weight, self.bias, self._stride, padding, self._dilation, self._groups, self._data_format
        )

    def _convolve_transposed(self, x: Any, output_size: Any) -> Any:
        return _TRANSPOSE[self._dims](
            x, self.weight, self.bias, self._stride, self._padding,
            output_padding=self.output_padding if output_size is None else 0, dilation=self._dilation,
            groups=self._groups, output_size=output_size, data_format=self._data_format,
        )  # fmt: skip

    def extra_repr(self) -> str:
        text = f"{self._in_channels}, {self._out_channels}, kernel_size={self._kernel_size}"
        if self._stride != [1] * self._dims:
            text += f", stride={self._stride}"
        if self._padding != 0:
            text += f", padding={self._padding}"
        if self._padding_mode != "zeros":
            text += f", padding_mode={self._padding_mode}"
        if self.output_padding != 0:
            text += f", output_padding={self.output_padding}"
        if self._dilation != [1] * self._dims:
            text += f", dilation={self._dilation}"
        if self._groups != 1:
            text += f", groups={self._groups}"
        return f"{text}, data_format={self._data_format}"


class Conv1D(_ConvNd):
    """Convolution of [N, C, L]; see nn.functional.conv1d."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, padding_mode: str = "zeros", weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCL",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, False, 1, stride, padding, padding_mode, 0, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self._convolve(x)


class Conv2D(_ConvNd):
    """Convolution of [N, C, H, W]; see nn.functional.conv2d."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, padding_mode: str = "zeros", weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCHW",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, False, 2, stride, padding, padding_mode, 0, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self._convolve(x)


class Conv3D(_ConvNd):
    """Convolution of [N, C, D, H, W]; see nn.functional.conv3d."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, padding_mode: str = "zeros", weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCDHW",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, False, 3, stride, padding, padding_mode, 0, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self._convolve(x)


class Conv1DTranspose(_ConvNd):
    """Transposed convolution of [N, C, L]; see nn.functional.conv1d_transpose."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1, weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCL",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, True, 1, stride, padding, "zeros", output_padding, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any, output_size: Any = None) -> Any:
        return self._convolve_transposed(x, output_size)


class Conv2DTranspose(_ConvNd):
    """Transposed convolution of [N, C, H, W]; see nn.functional.conv2d_transpose."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, dilation: Any = 1, groups: int = 1, weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCHW",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, True, 2, stride, padding, "zeros", output_padding, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any, output_size: Any = None) -> Any:
        return self._convolve_transposed(x, output_size)


class Conv3DTranspose(_ConvNd):
    """Transposed convolution of [N, C, D, H, W]; see nn.functional.conv3d_transpose."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, dilation: Any = 1, groups: int = 1, weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCDHW",
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, True, 3, stride, padding, "zeros", output_padding, dilation, groups,
            weight_attr, bias_attr, data_format,
        )  # fmt: skip

    def forward(self, x: Any, output_size: Any = None) -> Any:
        return self._convolve_transposed(x, output_size)
