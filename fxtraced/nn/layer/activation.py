"""Activations (paddle.nn.layer.activation): layers around nn.functional's functions."""

from __future__ import annotations

from typing import Any

from fxtraced.nn import functional as F
from fxtraced.nn.initializer import Constant
from fxtraced.nn.layer.layers import Layer


class CELU(Layer):
    """nn.functional.celu as a layer."""

    def __init__(self, alpha: float = 1.0, name: str | None = None):
        super().__init__()
        self._alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.celu(x, alpha=self._alpha)

    def extra_repr(self) -> str:
        return f"alpha={self._alpha}"


class ELU(Layer):
    """nn.functional.elu as a layer."""

    def __init__(self, alpha: float = 1.0, name: str | None = None):
        super().__init__()
        self._alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.elu(x, alpha=self._alpha)

    def extra_repr(self) -> str:
        return f"alpha={self._alpha}"


class GELU(Layer):
    """nn.functional.gelu as a layer."""

    def __init__(self, approximate: bool = False, name: str | None = None):
        super().__init__()
        self._approximate = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, approximate=self._approximate)

    def extra_repr(self) -> str:
        return f"approximate={self._approximate}"


class Hardshrink(Layer):
    """nn.functional.hardshrink as a layer."""

    def __init__(self, threshold: float = 0.5, name: str | None = None):
        super().__init__()
        self._threshold = threshold

    def forward(self, x: Any) -> Any:
        return F.hardshrink(x, threshold=self._threshold)

    def extra_repr(self) -> str:
        return f"threshold={self._threshold}"


class Hardswish(Layer):
    """nn.functional.hardswish as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.hardswish(x)


class Tanh(Layer):
    """nn.functional.tanh as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class Hardtanh(Layer):
    """nn.functional.hardtanh as a layer."""

    def __init__(self, min: float = -1.0, max: float = 1.0, name: str | None = None):
        super().__init__()
        self._min = min
        self._max = max

    def forward(self, x: Any) -> Any:
        return F.hardtanh(x, min=self._min, max=self._max)

    def extra_repr(self) -> str:
        return f"min={self._min}, max={self._max}"


class ReLU(Layer):
    """nn.functional.relu as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class ReLU6(Layer):
    """nn.functional.relu6 as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.relu6(x)


class SELU(Layer):
    """nn.functional.selu as a layer."""

    def __init__(self, scale: float = 1.0507009873554805, alpha: float = 1.6732632423543772, name: str | None = None):
        super().__init__()
        self._scale = scale
        self._alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.selu(x, scale=self._scale, alpha=self._alpha)

    def extra_repr(self) -> str:
        return f"scale={self._scale}, alpha={self._alpha}"


class LeakyReLU(Layer):
    """nn.functional.leaky_relu as a layer."""

    def __init__(self, negative_slope: float = 0.01, name: str | None = None):
        super().__init__()
        self._negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, negative_slope=self._negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self._negative_slope}"


class Sigmoid(Layer):
    """nn.functional.sigmoid as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x)


class Silu(Layer):
    """nn.functional.silu as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class Mish(Layer):
    """nn.functional.mish as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.mish(x)


class Hardsigmoid(Layer):
    """nn.functional.hardsigmoid as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.hardsigmoid(x)


class Softplus(Layer):
    """nn.functional.softplus as a layer."""

    def __init__(self, beta: float = 1, threshold: float = 20, name: str | None = None):
        super().__init__()
        self._beta = beta
        self._threshold = threshold

    def forward(self, x: Any) -> Any:
        return F.softplus(x, beta=self._beta, threshold=self._threshold)

    def extra_repr(self) -> str:
        return f"beta={self._beta}, threshold={self._threshold}"


class Softshrink(Layer):
    """nn.functional.softshrink as a layer."""

    def __init__(self, threshold: float = 0.5, name: str | None = None):
        super().__init__()
        self._threshold = threshold

    def forward(self, x: Any) -> Any:
        return F.softshrink(x, threshold=self._threshold)

    def extra_repr(self) -> str:
        return f"threshold={self._threshold}"


class Softsign(Layer):
    """nn.functional.softsign as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.softsign(x)


class Swish(Layer):
    """nn.functional.swish as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.swish(x)


class Tanhshrink(Layer):
    """nn.functional.tanhshrink as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.tanhshrink(x)


class ThresholdedReLU(Layer):
    """nn.functional.thresholded_relu as a layer."""

    def __init__(self, threshold: float = 1.0, name: str | None = None):
        super().__init__()
        self._threshold = threshold

    def forward(self, x: Any) -> Any:
        return F.thresholded_relu(x, threshold=self._threshold)

    def extra_repr(self) -> str:
        return f"threshold={self._threshold}"


class LogSigmoid(Layer):
    """nn.functional.log_sigmoid as a layer."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        return F.log_sigmoid(x)


class Softmax(Layer):
    """nn.functional.softmax as a layer."""

    def __init__(self, axis: int = -1, name: str | None = None):
        super().__init__()
        self._axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, axis=self._axis)

    def extra_repr(self) -> str:
        return f"axis={self._axis}"


class LogSoftmax(Layer):
    """nn.functional.log_softmax as a layer."""

    def __init__(self, axis: int = -1, name: str | None = None):
        super().__init__()
        self._axis = axis

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, axis=self._axis)

    def extra_repr(self) -> str:
        return f"axis={self._axis}"


class Maxout(Layer):
    """nn.functional.maxout as a layer."""

    def __init__(self, groups: int, axis: int = 1, name: str | None = None):
        super().__init__()
        self._groups = groups
        self._axis = axis

    def forward(self, x: Any) -> Any:
        return F.maxout(x, groups=self._groups, axis=self._axis)

    def extra_repr(self) -> str:
        return f"groups={self._groups}, axis={self._axis}"


class GLU(Layer):
    """nn.functional.glu as a layer."""

    def __init__(self, axis: int = -1, name: str | None = None):
        super().__init__()
        self._axis = axis

    def forward(self, x: Any) -> Any:
        return F.glu(x, axis=self._axis)

    def extra_repr(self) -> str:
        return f"axis={self._axis}"


class Softmax2D(Layer):
    """Softmax over the channels of [C, H, W] or [N, C, H, W]."""

    def __init__(self, name: str | None = None):
        super().__init__()

    def forward(self, x: Any) -> Any:
        if x.ndim not in (3, 4):
            raise AssertionError(f"Softmax2D requires a 3D or 4D tensor as input. Received: {x.ndim}D.")
        return F.softmax(x, -3)


class RReLU(Layer):
    """nn.functional.rrelu as a layer."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, name: str | None = None):
        super().__init__()
        self._lower, self._upper = lower, upper

    def forward(self, x: Any) -> Any:
        return F.rrelu(x, self._lower, self._upper, self.training)

    def extra_repr(self) -> str:
        return f"lower={self._lower}, upper={self._upper}, training={self.training}"


class PReLU(Layer):
    """x where positive, else `_weight` * x with one learned slope or one a channel."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, weight_attr: Any = None, data_format: str = "NCHW",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        self._num_parameters, self._init, self._data_format = num_parameters, init, data_format
        self._weight = self.create_parameter([num_parameters], weight_attr, default_initializer=Constant(init))

    def forward(self, x: Any) -> Any:
        return F.prelu(x, self._weight, self._data_format)

    def extra_repr(self) -> str:
        return f"num_parameters={self._num_parameters}, data_format={self._data_format}, init={self._init}"
