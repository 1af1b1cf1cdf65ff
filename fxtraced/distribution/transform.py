"""Transforms of random variables, with the logarithms of their Jacobian determinants."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional as TF

from fxtraced.distribution.distribution import Distribution
from fxtraced.framework.dtype import default_dtype
from fxtraced.tensor.tensor import as_tensor

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "ChainTransform",
    "ExpTransform",
    "IndependentTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
]


class Transform:
    """The base of transforms (paddle.distribution.Transform): y = forward(x), x = inverse(y).

    A subclass gives _forward, _inverse and _forward_log_det_jacobian. Called with a distribution, a transform is the
    distribution of the transformed variable; with another transform, the two in a chain.
    """

    # How many trailing axes one x has, and one y.
    _domain_rank = 0
    _codomain_rank = 0
    _injective = True

    def __call__(self, input: Any) -> Any:
        from fxtraced.distribution.transformed_distribution import TransformedDistribution

        if isinstance(input, Distribution):
            return TransformedDistribution(input, [self])
        return ChainTransform([self, input]) if isinstance(input, Transform) else self.forward(input)

    def forward(self, x: Any) -> Any:
        """The y of an x. Raises TypeError unless it is a tensor, ValueError when it has too few axes."""
        return self._forward(self._checked("forward", x, self._domain_rank))

    def inverse(self, y: Any) -> Any:
        """The x of a y, two of them of an AbsTransform. Raises as forward does."""
        return self._inverse(self._checked("inverse", y, self._codomain_rank))

    def forward_log_det_jacobian(self, x: Any) -> Any:
        """log |det dy/dx| at x. Raises NotImplementedError where y does not determine x."""
        self._checked("forward_log_det_jacobian", x, self._domain_rank)
        if not self._injective:
            raise NotImplementedError(f"{type(self).__name__} is not injective and has no Jacobian determinant")
        return self._forward_log_det_jacobian(x)

    def inverse_log_det_jacobian(self, y: Any) -> Any:
        """log |det dx/dy| at y."""
        self._checked("inverse_log_det_jacobian", y, self._codomain_rank)
        return self._inverse_log_det_jacobian(y)

    def forward_shape(self, shape: Any) -> Any:
        """The shape of the y of an x of this shape."""
        return self._forward_shape(_sequence("forward_shape", shape))

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of the x of a y of this shape."""
        return self._inverse_shape(_sequence("inverse_shape", shape))

    def _forward(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no inverse")

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward_log_det_jacobian")

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return torch.neg(self._forward_log_det_jacobian(self._inverse(y)))

    def _forward_shape(self, shape: Any) -> Any:
        return shape

    def _inverse_shape(self, shape: Any) -> Any:
        return shape

    def _checked(self, method: str, value: Any, rank: int) -> Any:
        where = f"{type(self).__name__}.{method}"
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{where}: expected a tensor, but received {type(value)}")
        if value.ndim < rank:
            raise ValueError(f"{where}: expected {rank} dimensions or more, but received {value.ndim}")
        return value


class AbsTransform(Transform):
    """y = |x|; the inverse gives both, -y and y."""

    _injective = False

    def _forward(self, x: Any) -> Any:
        return torch.abs(x)

    def _inverse(self, y: Any) -> Any:
        return torch.neg(y), y

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        zero = as_tensor(torch.zeros([], dtype=y.dtype, device=y.device))
        return zero, zero


class AffineTransform(Transform):
    """y = loc + scale * x, both tensors."""

    def __init__(self, loc: Any, scale: Any):
        self._loc, self._scale = _tensor("AffineTransform", "loc", loc), _tensor("AffineTransform", "scale", scale)

    @property
    def loc(self) -> Any:
        return self._loc

    @property
    def scale(self) -> Any:
        return self._scale

    def _forward(self, x: Any) -> Any:
        return self._loc + self._scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self._loc) / self._scale

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return torch.log(torch.abs(self._scale))

    def _forward_shape(self, shape: Any) -> Any:
        return tuple(torch.broadcast_shapes(tuple(shape), tuple(self._loc.shape), tuple(self._scale.shape)))

    _inverse_shape = _forward_shape


class ChainTransform(Transform):
    """One transform after the other, the first of the list first."""

    def __init__(self, transforms: Any):
        self.transforms = _transforms("ChainTransform", transforms)
        # What any of them needs of the axes, seen from the first and from the last.
        before = after = 0
        for transform in reversed(transforms):
            before = max(before + transform._domain_rank - transform._codomain_rank, transform._domain_rank)
        for transform in transforms:
            after = max(after + transform._codomain_rank - transform._domain_rank, transform._codomain_rank)
        self._domain_rank, self._codomain_rank = before, after
        self._injective = all(transform._injective for transform in transforms)

    def _forward(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform.forward(x)
        return x

    def _inverse(self, y: Any) -> Any:
        for transform in reversed(self.transforms):
            y = transform.inverse(y)
        return y

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        total: Any = 0.0
        rank = self._domain_rank
        for transform in self.transforms:
            total = total + sum_last(transform.forward_log_det_jacobian(x), rank - transform._domain_rank)
            x = transform.forward(x)
            rank += transform._codomain_rank - transform._domain_rank
        return total

    def _forward_shape(self, shape: Any) -> Any:
        for transform in self.transforms:
            shape = transform.forward_shape(shape)
        return shape

    def _inverse_shape(self, shape: Any) -> Any:
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        return shape


class ExpTransform(Transform):
    """y = exp(x)."""

    def _forward(self, x: Any) -> Any:
        return torch.exp(x)

    def _inverse(self, y: Any) -> Any:
        return torch.log(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return x


class IndependentTransform(Transform):
    """base, with reinterpreted_batch_rank more axes in one sample: its Jacobian determinants are summed over them."""

    def __init__(self, base: Any, reinterpreted_batch_rank: int):
        if not isinstance(base, Transform):
            raise TypeError(f"IndependentTransform: base must be a Transform, but received {type(base)}")
        if reinterpreted_batch_rank <= 0:
            raise ValueError(
                f"IndependentTransform: reinterpreted_batch_rank must be positive, not {reinterpreted_batch_rank}"
            )
        self._base, self._rank = base, reinterpreted_batch_rank
        self._domain_rank = base._domain_rank + reinterpreted_batch_rank
        self._codomain_rank = base._codomain_rank + reinterpreted_batch_rank
        self._injective = base._injective

    def _forward(self, x: Any) -> Any:
        return self._base.forward(x)

    def _inverse(self, y: Any) -> Any:
        return self._base.inverse(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return sum_last(self._base.forward_log_det_jacobian(x), self._rank)

    def _forward_shape(self, shape: Any) -> Any:
        return self._base.forward_shape(shape)

    def _inverse_shape(self, shape: Any) -> Any:
        return self._base.inverse_shape(shape)


class PowerTransform(Transform):
    """y = x ** power, for positive x and a tensor power."""

    def __init__(self, power: Any):
        self._power = _tensor("PowerTransform", "power", power)

    @property
    def power(self) -> Any:
        return self._power

    def _forward(self, x: Any) -> Any:
        return torch.pow(x, self._power)

    def _inverse(self, y: Any) -> Any:
        return torch.pow(y, 1 / self._power)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return torch.log(torch.abs(self._power * torch.pow(x, self._power - 1)))

    def _forward_shape(self, shape: Any) -> Any:
        return tuple(torch.broadcast_shapes(tuple(shape), tuple(self._power.shape)))

    _inverse_shape = _forward_shape


class ReshapeTransform(Transform):
    """The trailing axes in_event_shape as out_event_shape. Raises ValueError when these have other sizes in all."""

    def __init__(self, in_event_shape: Any, out_event_shape: Any):
        self._in = tuple(_sequence("ReshapeTransform", in_event_shape))
        self._out = tuple(_sequence("ReshapeTransform", out_event_shape))
        if math.prod(self._in) != math.prod(self._out):
            raise ValueError(
                f"ReshapeTransform: {in_event_shape} and {out_event_shape} have different numbers of elements"
            )
        self._domain_rank, self._codomain_rank = len(self._in), len(self._out)

    @property
    def in_event_shape(self) -> tuple[int, ...]:
        return self._in

    @property
    def out_event_shape(self) -> tuple[int, ...]:
        return self._out

    def _forward(self, x: Any) -> Any:
        return torch.reshape(x, [*x.shape[: x.ndim - len(self._in)], *self._out])

    def _inverse(self, y: Any) -> Any:
        return torch.reshape(y, [*y.shape[: y.ndim - len(self._out)], *self._in])

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return as_tensor(torch.zeros(x.shape[: x.ndim - len(self._in)], dtype=x.dtype, device=x.device))

    def _forward_shape(self, shape: Any) -> Any:
        return _replaced(shape, self._in, self._out)

    def _inverse_shape(self, shape: Any) -> Any:
        return _replaced(shape, self._out, self._in)


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    def _forward(self, x: Any) -> Any:
        return torch.sigmoid(x)

    def _inverse(self, y: Any) -> Any:
        return torch.log(y) - torch.log1p(-y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return -TF.softplus(-x) - TF.softplus(x)


class SoftmaxTransform(Transform):
    """y = softmax(x) along the last axis; the inverse is the logarithm, one x of many."""

    _domain_rank = _codomain_rank = 1
    _injective = False

    def _forward(self, x: Any) -> Any:
        return TF.softmax(x, -1)

    def _inverse(self, y: Any) -> Any:
        return torch.log(y)

    def _forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError(f"SoftmaxTransform: expected a shape of one dimension or more, but received {shape}")
        return shape

    _inverse_shape = _forward_shape


class StackTransform(Transform):
    """Each transform on its slice of an axis."""

    def __init__(self, transforms: Any, axis: int = 0):
        self._transforms = _transforms("StackTransform", transforms)
        if not isinstance(axis, int):
            raise TypeError(f"StackTransform: axis must be an int, but received {type(axis)}")
        self._axis = axis
        self._injective = all(transform._injective for transform in transforms)

    @property
    def transforms(self) -> Any:
        return self._transforms

    @property
    def axis(self) -> int:
        return self._axis

    def _forward(self, x: Any) -> Any:
        return self._each(x, [transform.forward for transform in self._transforms])

    def _inverse(self, y: Any) -> Any:
        return self._each(y, [transform.inverse for transform in self._transforms])

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return self._each(x, [transform.forward_log_det_jacobian for transform in self._transforms])

    def _each(self, value: Any, steps: list[Callable[[Any], Any]]) -> Any:
        if not -value.ndim <= self._axis < value.ndim or value.shape[self._axis] != len(steps):
            raise ValueError(
                f"StackTransform: axis {self._axis} must have size {len(steps)}, but the shape is {list(value.shape)}"
            )
        parts = [step(part) for step, part in zip(steps, torch.unbind(value, self._axis), strict=True)]
        return torch.stack(parts, self._axis)


class StickBreakingTransform(Transform):
    """n numbers as n + 1 parts of a stick, along the last axis."""

    _domain_rank = _codomain_rank = 1

    def _forward(self, x: Any) -> Any:
        part = torch.sigmoid(x - _left(x, x.shape[-1]))
        rest = torch.cumprod(1 - part, -1)
        return TF.pad(part, [0, 1], value=1.0) * TF.pad(rest, [1, 0], value=1.0)

    def _inverse(self, y: Any) -> Any:
        parts = y[..., :-1]
        return torch.log(parts) - torch.log(1 - torch.cumsum(parts, -1)) + _left(y, y.shape[-1] - 1)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        shifted = x - _left(x, x.shape[-1])
        return torch.sum(-shifted + TF.logsigmoid(shifted) + torch.log(self._forward(x)[..., :-1]), -1)

    def _forward_shape(self, shape: Any) -> Any:
        return self._longer(shape, 1)

    def _inverse_shape(self, shape: Any) -> Any:
        return self._longer(shape, -1)

    def _longer(self, shape: Any, more: int) -> Any:
        if not shape:
            raise ValueError(f"StickBreakingTransform: expected a shape of one dimension or more, but received {shape}")
        return (*shape[:-1], shape[-1] + more)


class TanhTransform(Transform):
    """y = tanh(x)."""

    def _forward(self, x: Any) -> Any:
        return torch.tanh(x)

    def _inverse(self, y: Any) -> Any:
        return torch.atanh(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return 2.0 * (math.log(2.0) - x - TF.softplus(-2.0 * x))


def sum_last(value: Any, axes: int) -> Any:
    """The sum over the last axes."""
    return torch.sum(value, list(range(-axes, 0))) if axes > 0 else value


def _left(like: Any, count: Any) -> Any:
    """log([count, count - 1, ..., 1]), in the default dtype as in Paddle, on the device of `like`."""
    return torch.log(count - torch.arange(count, dtype=default_dtype(), device=like.device))


def _replaced(shape: Any, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    """shape with the sizes `new` for `old` at its end. Raises ValueError when it does not end so."""
    kept = len(shape) - len(old)
    if kept < 0 or tuple(shape[kept:]) != old:
        raise ValueError(f"ReshapeTransform: expected a shape that ends in {old}, but received {shape}")
    return (*shape[:kept], *new)


def _sequence(where: str, value: Any) -> Any:
    if not isinstance(value, Sequence):
        raise TypeError(f"{where}: expected a sequence of ints as shape, but received {type(value)}")
    return value


def _tensor(where: str, name: str, value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{where}: {name} must be a tensor, but received {type(value)}")
    return value


def _transforms(where: str, value: Any) -> Any:
    if not value or not isinstance(value, Sequence) or not all(isinstance(item, Transform) for item in value):
        raise TypeError(f"{where}: transforms must be a sequence of Transforms, but received {value!r}")
    return value
