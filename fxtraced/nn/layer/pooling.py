"""Pooling (paddle.nn.layer.pooling)."""

from __future__ import annotations

from typing import Any

from fxtraced.nn import functional as F
from fxtraced.nn.layer.layers import Layer


class _Window(Layer):
    """A layer whose attributes are the keyword arguments of `_function`: changing one changes the layer.

    `_renamed` has the attributes that Paddle names otherwise than the argument.
    """

    _function: Any
    _renamed: dict[str, str] = {}

    def __init__(self, **arguments: Any):
        super().__init__()
        self._attributes = {argument: self._renamed.get(argument, argument) for argument in arguments}
        for argument, value in arguments.items():
            setattr(self, self._attributes[argument], value)

    def _arguments(self) -> dict[str, Any]:
        return {argument: getattr(self, attribute) for argument, attribute in self._attributes.items()}

    def forward(self, x: Any) -> Any:
        return type(self)._function(x, **self._arguments())

    def extra_repr(self) -> str:
        shown = ["kernel_size", "stride", "padding", "output_size"]
        arguments = self._arguments()
        if "output_size" in arguments:
            shown.append("return_mask")
        return ", ".join(f"{name}={arguments[name]}" for name in shown if name in arguments)


_WINDOW = {"kernel_size": "ksize", "divisor_override": "divisor"}
_ADAPTIVE = {name: f"_{name}" for name in ("output_size", "data_format", "return_mask", "name")}


class _WindowOfInput(_Window):
    """A _Window whose forward takes `input`: the names of Paddle's feeds are not all alike."""

    def forward(self, input: Any) -> Any:  # type: ignore[override]
        return super().forward(input)


class AvgPool1D(_Window):
    """Means of windows of [N, C, L]; see nn.functional.avg_pool1d."""

    _function = F.avg_pool1d

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, exclusive: bool = True, ceil_mode:
        bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, exclusive=exclusive,
            ceil_mode=ceil_mode, name=name,
        )  # fmt: skip


class AvgPool2D(_Window):
    """Means of windows of [N, C, H, W]; see nn.functional.avg_pool2d."""

    _function = F.avg_pool2d
    _renamed = _WINDOW

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, exclusive:
        bool = True, divisor_override: float | None = None, data_format: str = "NCHW", name: str | None =
        None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            exclusive=exclusive, divisor_override=divisor_override, data_format=data_format, name=name,
        )  # fmt: skip


class AvgPool3D(_Window):
    """Means of windows of [N, C, D, H, W]; see nn.functional.avg_pool3d."""

    _function = F.avg_pool3d
    _renamed = _WINDOW

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, exclusive:
        bool = True, divisor_override: float | None = None, data_format: str = "NCDHW", name: str | None =
        None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            exclusive=exclusive, divisor_override=divisor_override, data_format=data_format, name=name,
        )  # fmt: skip


class AdaptiveAvgPool1D(_WindowOfInput):
    """Means of even windows of [N, C, L]; see nn.functional.adaptive_avg_pool1d."""

    _function = F.adaptive_avg_pool1d

    def __init__(self, output_size: Any, name: str | None = None):
        super().__init__(output_size=output_size, name=name)


class AdaptiveAvgPool2D(_Window):
    """Means of even windows of [N, C, H, W]; see nn.functional.adaptive_avg_pool2d."""

    _function = F.adaptive_avg_pool2d
    _renamed = _ADAPTIVE

    def __init__(self, output_size: Any, data_format: str = "NCHW", name: str | None = None):
        super().__init__(output_size=output_size, data_format=data_format, name=name)


class AdaptiveAvgPool3D(_Window):
    """Means of even windows of [N, C, D, H, W]; see nn.functional.adaptive_avg_pool3d."""

    _function = F.adaptive_avg_pool3d
    _renamed = _ADAPTIVE

    def __init__(self, output_size: Any, data_format: str = "NCDHW", name: str | None = None):
        super().__init__(output_size=output_size, data_format=data_format, name=name)


class MaxPool1D(_WindowOfInput):
    """Maxima of windows of [N, C, L]; see nn.functional.max_pool1d."""

    _function = F.max_pool1d

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode:
        bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, return_mask=return_mask,
            ceil_mode=ceil_mode, name=name,
        )  # fmt: skip


class MaxPool2D(_Window):
    """Maxima of windows of [N, C, H, W]; see nn.functional.max_pool2d."""

    _function = F.max_pool2d
    _renamed = _WINDOW

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode:
        bool = False, data_format: str = "NCHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, return_mask=return_mask,
            ceil_mode=ceil_mode, data_format=data_format, name=name,
        )  # fmt: skip


class MaxPool3D(_Window):
    """Maxima of windows of [N, C, D, H, W]; see nn.functional.max_pool3d."""

    _function = F.max_pool3d
    _renamed = _WINDOW

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, return_mask: bool = False, ceil_mode:
        bool = False, data_format: str = "NCDHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, return_mask=return_mask,
            ceil_mode=ceil_mode, data_format=data_format, name=name,
        )  # fmt: skip


class AdaptiveMaxPool1D(_WindowOfInput):
    """Maxima of even windows of [N, C, L]; see nn.functional.adaptive_max_pool1d."""

    _function = F.adaptive_max_pool1d

    def __init__(self, output_size: Any, return_mask: bool = False, name: str | None = None):
        super().__init__(output_size=output_size, return_mask=return_mask, name=name)


class AdaptiveMaxPool2D(_Window):
    """Maxima of even windows of [N, C, H, W]; see nn.functional.adaptive_max_pool2d."""

    _function = F.adaptive_max_pool2d
    _renamed = _ADAPTIVE

    def __init__(self, output_size: Any, return_mask: bool = False, name: str | None = None):
        super().__init__(output_size=output_size, return_mask=return_mask, name=name)


class AdaptiveMaxPool3D(_Window):
    """Maxima of even windows of [N, C, D, H, W]; see nn.functional.adaptive_max_pool3d."""

    _function = F.adaptive_max_pool3d
    _renamed = _ADAPTIVE

    def __init__(self, output_size: Any, return_mask: bool = False, name: str | None = None):
        super().__init__(output_size=output_size, return_mask=return_mask, name=name)


class MaxUnPool1D(Layer):
    """The values of a maximum pool put back; see nn.functional.max_unpool1d."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCL",
        output_size: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.ksize, self.stride, self.padding = kernel_size, stride, padding
        self.data_format, self.output_size, self.name = data_format, output_size, name

    def forward(self, x: Any, indices: Any) -> Any:
        return F.max_unpool1d(x, indices, self.ksize, self.stride, self.padding, self.data_format, self.output_size)


class MaxUnPool2D(Layer):
    """The values of a maximum pool put back; see nn.functional.max_unpool2d."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCHW",
        output_size: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.ksize, self.stride, self.padding = kernel_size, stride, padding
        self.data_format, self.output_size, self.name = data_format, output_size, name

    def forward(self, x: Any, indices: Any) -> Any:
        return F.max_unpool2d(x, indices, self.ksize, self.stride, self.padding, self.data_format, self.output_size)


class MaxUnPool3D(Layer):
    """The values of a maximum pool put back; see nn.functional.max_unpool3d."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, data_format: str = "NCDHW",
        output_size: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.ksize, self.stride, self.padding = kernel_size, stride, padding
        self.data_format, self.output_size, self.name = data_format, output_size, name

    def forward(self, x: Any, indices: Any) -> Any:
        return F.max_unpool3d(x, indices, self.ksize, self.stride, self.padding, self.data_format, self.output_size)
