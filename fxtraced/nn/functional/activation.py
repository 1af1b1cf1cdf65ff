"""Activations (paddle.nn.functional.activation)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.framework.dtype import convert_dtype
from fxtraced.nn.functional._arguments import CHANNEL_LAYOUTS, cast, check_choice, is_last
from fxtraced.tensor.common import torch_method


def celu(x: Any, alpha: float = 1.0, name: str | None = None) -> Any:
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)). Raises ZeroDivisionError for alpha 0."""
    if alpha == 0:
        raise ZeroDivisionError("alpha cannot be 0 for celu")
    return F.celu(x, alpha)


def elu(x: Any, alpha: float = 1.0, name: str | None = None) -> Any:
    """x where positive, else alpha * (exp(x) - 1)."""
    return F.elu(x, alpha)


def elu_(x: Any, alpha: float = 1.0, name: str | None = None) -> Any:
    """elu in place."""
    return F.elu_(x, alpha)


def gelu(x: Any, approximate: bool = False, name: str | None = None) -> Any:
    """x * Phi(x), or its tanh approximation."""
    return F.gelu(x, approximate="tanh" if approximate else "none")


def hardshrink(x: Any, threshold: float = 0.5, name: str | None = None) -> Any:
    """x outside [-threshold, threshold], else 0."""
    return F.hardshrink(x, threshold)


def hardtanh(x: Any, min: float = -1.0, max: float = 1.0, name: str | None = None) -> Any:
    """x clipped to [min, max]."""
    return F.hardtanh(x, min, max)


def hardtanh_(x: Any, min: float = -1.0, max: float = 1.0, name: str | None = None) -> Any:
    """hardtanh in place."""
    return F.hardtanh_(x, min, max)


def hardsigmoid(x: Any, slope: float = 0.1666667, offset: float = 0.5, name: str | None = None) -> Any:
    """clip(slope * x + offset, 0, 1); torch's has a fixed slope of 1/6."""
    return torch.clamp(x * slope + offset, 0.0, 1.0)


def hardswish(x: Any, name: str | None = None) -> Any:
    """x * clip(x + 3, 0, 6) / 6."""
    return F.hardswish(x)


def leaky_relu(x: Any, negative_slope: float = 0.01, name: str | None = None) -> Any:
    """x where positive, else negative_slope * x."""
    return F.leaky_relu(x, negative_slope)


def leaky_relu_(x: Any, negative_slope: float = 0.01, name: str | None = None) -> Any:
    """leaky_relu in place."""
    return F.leaky_relu_(x, negative_slope)


def log_sigmoid(x: Any, name: str | None = None) -> Any:
    """log(sigmoid(x))."""
    return F.logsigmoid(x)


def log_softmax(x: Any, axis: int = -1, dtype: Any = None, name: str | None = None) -> Any:
    """log(softmax(x)) along axis, cast to dtype first."""
    return F.log_softmax(_as(x, dtype), axis)


def maxout(x: Any, groups: int, axis: int = 1, name: str | None = None) -> Any:
    """The maximum of each group of `groups` neighbouring channels along axis."""
    if x.ndim != 4 or groups < 2:
        raise ValueError(
            f"maxout: x must have 4 dimensions and groups be at least 2, but received {x.ndim} and {groups}"
        )
    axis = axis % x.ndim
    return torch.amax(torch.unflatten(x, axis, [-1, groups]), axis + 1)


def mish(x: Any, name: str | None = None) -> Any:
    """x * tanh(softplus(x))."""
    return F.mish(x)


def prelu(x: Any, weight: Any, data_format: str = "NCHW", name: str | None = None) -> Any:
    """x where positive, else weight * x; weight has one element or one for each channel."""
    check_choice("prelu", "data_format", data_format, CHANNEL_LAYOUTS)
    if weight.ndim == 1 and is_last(data_format):
        return torch.where(x > 0, x, x * weight)
    if weight.ndim == 0 or x.ndim < 2:
        return torch.where(x > 0, x, x * weight)
    return F.prelu(x, weight)


def relu(x: Any, name: str | None = None) -> Any:
    """max(x, 0)."""
    return F.relu(x)


def relu_(x: Any, name: str | None = None) -> Any:
    """relu in place."""
    return F.relu_(x)


def relu6(x: Any, name: str | None = None) -> Any:
    """min(max(x, 0), 6)."""
    return F.relu6(x)


def rrelu(x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = True, name: str | None = None) -> Any:
    """x where positive, else x times a random slope in [lower, upper) (their mean outside training)."""
    if not isinstance(lower, float) or not isinstance(upper, float):
        raise TypeError(f"rrelu: lower and upper must be floats, but received {lower!r} and {upper!r}")
    if not 0 <= lower <= upper <= 1:
        raise ValueError(f"rrelu: 0 <= lower <= upper <= 1 must hold, but received lower={lower}, upper={upper}")
    return F.rrelu(x, lower, upper, training)


def selu(
    x: Any, scale: float = 1.0507009873554804934193349852946, alpha: float = 1.6732632423543772848170429916717,
    name: str | None = None,
) -> Any:  # fmt: skip
    """scale * (x where positive, else alpha * (exp(x) - 1)). Raises ValueError for scale <= 1 or alpha < 0."""
    if scale <= 1.0:
        raise ValueError(f"The scale must be greater than 1.0. Received: {scale}.")
    if alpha < 0:
        raise ValueError(f"The alpha must be no less than zero. Received: {alpha}.")
    return F.elu(x, alpha) * scale


def sigmoid(x: Any, name: str | None = None) -> Any:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(x)


def silu(x: Any, name: str | None = None) -> Any:
    """x * sigmoid(x)."""
    return F.silu(x)


def softmax(x: Any, axis: int = -1, dtype: Any = None, name: str | None = None) -> Any:
    """exp(x) normalised to sum 1 along axis, cast to dtype first."""
    return F.softmax(_as(x, dtype), axis)


def softmax_(x: Any, axis: int = -1, dtype: Any = None, name: str | None = None) -> Any:
    """softmax in place."""
    return torch_method(x, "copy_", F.softmax(_as(x, dtype), axis))


def softplus(x: Any, beta: float = 1, threshold: float = 20, name: str | None = None) -> Any:
    """log(1 + exp(beta * x)) / beta, x itself where beta * x > threshold."""
    return F.softplus(x, beta, threshold)


def softshrink(x: Any, threshold: float = 0.5, name: str | None = None) -> Any:
    """x moved towards 0 by threshold. Raises ValueError for a negative threshold."""
    if threshold < 0:
        raise ValueError(f"The threshold must be no less than zero. Received: {threshold}.")
    return F.softshrink(x, threshold)


def softsign(x: Any, name: str | None = None) -> Any:
    """x / (1 + |x|)."""
    return F.softsign(x)


def swish(x: Any, name: str | None = None) -> Any:
    """x * sigmoid(x)."""
    return F.silu(x)


def tanh(x: Any, name: str | None = None) -> Any:
    """The hyperbolic tangent."""
    return torch.tanh(x)


def tanh_(x: Any, name: str | None = None) -> Any:
    """tanh in place."""
    return torch.tanh_(x)


def tanhshrink(x: Any, name: str | None = None) -> Any:
    """x - tanh(x)."""
    return F.tanhshrink(x)


def thresholded_relu(x: Any, threshold: float = 1.0, name: str | None = None) -> Any:
    """x where it exceeds threshold, else 0."""
    return F.threshold(x, threshold, 0.0)


def thresholded_relu_(x: Any, threshold: float = 1.0, name: str | None = None) -> Any:
    """thresholded_relu in place."""
    return torch.threshold_(x, threshold, 0.0)


def glu(x: Any, axis: int = -1, name: str | None = None) -> Any:
    """The first half of x along axis times the sigmoid of the second."""
    return F.glu(x, axis)


def gumbel_softmax(
    x: Any, temperature: float = 1.0, hard: bool = False, axis: int = -1, name: str | None = None
) -> Any:
    """A sample of the Gumbel-softmax distribution of logits x, one-hot when hard."""
    if temperature == 0:
        raise ValueError("gumbel_softmax: temperature must not be 0")
    return F.gumbel_softmax(x, temperature, hard, dim=axis)


def _as(x: Any, dtype: Any) -> Any:
    return x if dtype is None else cast(x, convert_dtype(dtype))
