"""Initializer: the base class, the fans of a shape, gains and the global default."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.tensor.common import replace_data

GAINS: dict[str, float] = {
    "sigmoid": 1,
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv1d_transpose": 1,
    "conv2d_transpose": 1,
    "conv3d_transpose": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}

_global_weight: Initializer | None = None
_global_bias: Initializer | None = None


class Initializer:
    """Fills a parameter in place when it is called with one. A subclass gives `values`."""

    def __call__(self, param: torch.Tensor, block: Any = None) -> torch.Tensor:
        with torch.no_grad():
            value = self.values(tuple(param.shape), param.device)
            if value.shape != param.shape:
                replace_data(param, torch.empty(value.shape, dtype=param.dtype, device=param.device))
            torch.Tensor.copy_(param, value)
        return param

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        """Fresh values, float32 unless the initializer knows better. The parameter takes their shape."""
        raise TypeError(f"{type(self).__name__} gives no values(shape, device)")


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) as Paddle counts them: a matrix is [in, out], a filter is [out, in, ...]."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    if len(shape) == 2:
        return shape[0], shape[1]
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The recommended gain of a nonlinearity; param is the slope of leaky_relu (0.01 without one).

    Raises ValueError for an unknown name.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(
            f"calculate_gain: nonlinearity must be one of {', '.join(GAINS)}, but received {nonlinearity!r}"
        )
    return GAINS[nonlinearity]


def set_global_initializer(weight_init: Initializer | None, bias_init: Initializer | None = None) -> None:
    """Use these for every later parameter whose attribute names none; None takes the layers' own defaults again."""
    global _global_weight, _global_bias
    for value, name in ((weight_init, "weight_init"), (bias_init, "bias_init")):
        if value is not None and not isinstance(value, Initializer):
            raise TypeError(f"set_global_initializer: {name} must be an Initializer or None, but received {value!r}")
    _global_weight, _global_bias = weight_init, bias_init


def global_initializer(is_bias: bool) -> Initializer | None:
    """What set_global_initializer chose for weights or biases."""
    return _global_bias if is_bias else _global_weight
