"""TransformedDistribution: the distribution of a transformed variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fxtraced.distribution.distribution import Distribution
from fxtraced.distribution.independent import Independent
from fxtraced.distribution.transform import ChainTransform, Transform, sum_last

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of x from base after all transforms in turn.

    Raises TypeError for other arguments, ValueError when base has fewer axes than the transforms need.
    """

    def __init__(self, base: Any, transforms: Any):
        if not isinstance(base, Distribution):
            raise TypeError(f"TransformedDistribution: base must be a Distribution, but received {type(base)}")
        if not isinstance(transforms, Sequence) or not all(isinstance(item, Transform) for item in transforms):
            raise TypeError(
                f"TransformedDistribution: transforms must be a sequence of Transforms, but received {transforms!r}"
            )
        self._transforms = transforms
        self._base = base
        if not transforms:
            super().__init__(base.batch_shape, base.event_shape)
            return
        chain = ChainTransform(transforms)
        shape = base.batch_shape + base.event_shape
        more = chain._domain_rank - len(base.event_shape)
        if len(shape) < chain._domain_rank:
            raise ValueError(
                f"TransformedDistribution: base must have {chain._domain_rank} dimensions or more, but has {len(shape)}"
            )
        if more > 0:
            self._base = Independent(base, more)
        shape = tuple(chain.forward_shape(shape))
        batch = len(shape) - chain._codomain_rank - max(-more, 0)
        super().__init__(shape[:batch], shape[batch:])

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape, *event_shape], without gradient."""
        return self._transformed(self._base.sample(shape))

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape, *event_shape], with gradients to the parameters of base."""
        return self._transformed(self._base.rsample(shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        total: Any = 0.0
        rank = len(self.event_shape)
        for transform in reversed(self._transforms):
            before = transform.inverse(value)
            rank += transform._domain_rank - transform._codomain_rank
            total = total - sum_last(transform.forward_log_det_jacobian(before), rank - transform._domain_rank)
            value = before
        return total + sum_last(self._base.log_prob(value), rank - len(self._base.event_shape))

    def _transformed(self, x: Any) -> Any:
        for transform in self._transforms:
            x = transform.forward(x)
        return x
