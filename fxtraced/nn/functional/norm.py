"""Normalisations (paddle.nn.functional.norm)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.framework.calls import named
from fxtraced.nn.functional._arguments import CHANNEL_LAYOUTS, channels_back, channels_first, check_choice
from fxtraced.tensor.common import torch_method


def normalize(x: Any, p: float = 2, axis: int = 1, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """x divided by its p-norm along axis (at least epsilon)."""
    return F.normalize(x, float(p), axis, epsilon)


def batch_norm(
    x: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.9, epsilon: float = 1e-5, data_format: str = "NCHW", use_global_stats: bool | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Normalise each channel by the batch's statistics, or by the running ones.

    The batch's are taken while training, unless use_global_stats says otherwise (False: always, True: never). They
    move the running ones: running = momentum * running + (1 - momentum) * batch, with the biased batch variance.
    """
    check_choice("batch_norm", "data_format", data_format, CHANNEL_LAYOUTS)
    last = data_format[1] != "C"
    x = channels_first(x, last)
    by_batch = training if use_global_stats is None else not use_global_stats
    if not by_batch:
        return channels_back(F.batch_norm(x, running_mean, running_var, weight, bias, False, 0.0, epsilon), last)
    old = running_var * momentum
    # torch moves the running variance by the unbiased batch variance, and keeps it for backward: so it gets a copy.
    moved = torch.clone(running_var)
    out = F.batch_norm(x, running_mean, moved, weight, bias, True, 1 - momentum, epsilon)
    count = x.shape[0] * math.prod(x.shape[2:])
    torch_method(running_var, "copy_", old + (moved - old) * ((count - 1) / count))
    return channels_back(out, last)


def layer_norm(
    x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, epsilon: float = 1e-5, name: str | None = None
) -> Any:
    """Normalise over the last dimensions, whose sizes are normalized_shape; weight and bias may be flat."""
    if isinstance(normalized_shape, list | tuple):
        shape = list(normalized_shape)
    elif isinstance(normalized_shape, int):
        shape = [normalized_shape]
    else:
        raise ValueError("`normalized_shape` should be int, list of ints or tuple of ints.")
    if len(shape) > 1:
        weight, bias = (None if value is None else torch.reshape(value, shape) for value in (weight, bias))
    return F.layer_norm(x, shape, weight, bias, epsilon)


def instance_norm(
    x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.9, eps: float = 1e-5, data_format: str = "NCHW",
    name: str | None = None,
) -> Any:  # fmt: skip
    """Normalise each channel of each sample of x [N, C, ...] by its own statistics; running ones are not used."""
    return torch.instance_norm(x, weight, bias, None, None, True, 0.0, eps, True)


def local_response_norm(
    x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0, data_format: str = "NCHW",
    name: str | None = None,
) -> Any:  # fmt: skip
    """x / (k + alpha * mean of squares over `size` neighbouring channels) ** beta."""
    check_choice("local_response_norm", "data_format", data_format, CHANNEL_LAYOUTS[1:])
    if x.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input, but got {x.ndim} dimensions")
    last = data_format[-1] == "C"
    return channels_back(F.local_response_norm(channels_first(x, last), size, alpha, beta, k), last)


@named
def group_norm(x: Any, num_groups: int, weight: Any, bias: Any, epsilon: float, data_format: str) -> Any:
    last = data_format == "NHWC"
    return channels_back(F.group_norm(channels_first(x, last), num_groups, weight, bias, epsilon), last)
