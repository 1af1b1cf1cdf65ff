"""fold_batch_norm: a batch norm becomes part of the weights before it.

Requires: a graph for one kind of device. Ensures: same values within rounding; a batch norm by running statistics
after a convolution, transposed convolution or linear call that nothing else reads is gone, and that call has weights
derived from both. One that takes the batch's statistics stays, and so does one in a graph that writes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.state_values import derived_call, is_float32, products, state_values

_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
_TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
_NORM = ("running_mean", "running_var", "weight", "bias")
# Multiplications below which a call is so short that nothing is gained.
_WORTHWHILE = 1 << 18
# Elements of a weight that are multiplied at a time.
_AT_ONCE = 1 << 17


def fold_batch_norm(graph: fx.Graph, at_any_size: bool = False) -> int:
    """Fold batch norms into the calls before them, in place; returns how many. at_any_size: into short calls, too."""
    least = 0 if at_any_size else _WORTHWHILE
    changed = 0
    state = state_values(graph)
    for node in list(graph.nodes):
        if is_call(node, "batch_norm") and _can_fold(node, state, least):
            _fold(graph, node)
            changed += 1
    return changed


def scaled_weight(weight: Any, variance: Any, scale: Any, epsilon: float, groups: int, transposed: bool) -> Any:
    """weight with each output channel times scale / sqrt(variance + epsilon)."""
    factors = _factors(variance, scale, epsilon)
    if not transposed:
        return _multiplied(weight, factors.reshape([-1] + [1] * (weight.ndim - 1)))
    # [in, out / groups, k...]: each group of input channels has output channels of its own.
    grouped = weight.reshape([groups, -1, *weight.shape[1:]])
    factors = factors.reshape([groups, 1, -1] + [1] * (weight.ndim - 2))
    return _multiplied(grouped, factors).reshape(weight.shape)


def _multiplied(weight: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """weight * factors, rounded once; a piece at a time, as in double it would take two more weights of memory."""
    result = torch.empty_like(weight, memory_format=torch.contiguous_format)
    size = max(1, _AT_ONCE // max(1, weight[:1].numel()))
    pieces = (x.split(size) for x in (weight, factors.expand(weight.shape), result))
    for part, own, into in zip(*pieces, strict=True):
        into.copy_(part * own)
    return result


def shifted_bias(bias: Any, mean: Any, variance: Any, scale: Any, shift: Any, epsilon: float) -> Any:
    """The bias that goes with scaled_weight; bias, scale and shift may be None."""
    moved = -mean.double() if bias is None else bias.double() - mean
    moved = moved * _factors(variance, scale, epsilon)
    return (moved if shift is None else moved + shift).to(mean.dtype)


def _factors(variance: Any, scale: Any, epsilon: float) -> Any:
    factors = torch.rsqrt(variance.double() + epsilon)
    return factors if scale is None else factors * scale


def _can_fold(norm: fx.Node, state: set[fx.Node], least: int) -> bool:
    before = argument(norm, 0, "input")
    if not is_call(before, *_CONVOLUTIONS, *_TRANSPOSED, "linear") or list(before.users) != [norm]:
        return False
    weight, bias = argument(before, 1, "weight"), argument(before, 2, "bias")
    mean, variance, scale, shift = _statistics(norm)
    if argument(norm, 5, "training", False) is not False or mean is None or variance is None:
        return False
    # A linear call has its channels last, a batch norm in the second dimension.
    if is_call(before, "linear") and len(before.meta["shape"]) != 2:
        return False
    values = [x for x in (weight, bias, mean, variance, scale, shift) if x is not None]
    return all(x in state for x in values) and is_float32(before, *values) and products(before, weight) >= least


def _fold(graph: fx.Graph, norm: fx.Node) -> None:
    before: Any = argument(norm, 0, "input")
    weight, bias = argument(before, 1, "weight"), argument(before, 2, "bias")
    mean, variance, scale, shift = _statistics(norm)
    epsilon = argument(norm, 7, "eps", 1e-5)
    transposed = is_call(before, *_TRANSPOSED)
    groups = argument(before, 6, "groups", 1) if transposed else 1
    with graph.inserting_before(norm):
        new_weight = derived_call(
            graph, scaled_weight, (weight, variance, scale, epsilon, groups, transposed), like=weight
        )
        new_bias = derived_call(graph, shifted_bias, (bias, mean, variance, scale, shift, epsilon), like=mean)
    args = (argument(before, 0, "input"), new_weight, new_bias, *before.args[3:])
    kwargs = {k: v for k, v in before.kwargs.items() if k not in ("input", "weight", "bias")}
    replace_calls(graph, [before, norm], before.target, args, kwargs)


def _statistics(norm: fx.Node) -> tuple[Any, ...]:
    return tuple(argument(norm, place, name) for place, name in enumerate(_NORM, 1))
