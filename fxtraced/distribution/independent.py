"""Independent: several distributions as one of vectors."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution

__all__ = ["Independent"]


class Independent(Distribution):
    """The last reinterpreted_batch_rank batch axes of base as axes of its samples. Raises ValueError for too many."""

    def __init__(self, base: Any, reinterpreted_batch_rank: int):
        if not isinstance(base, Distribution):
            raise TypeError(f"Expected type of 'base' is Distribution, but got {type(base)}")
        rank = len(base.batch_shape)
        if not 0 < reinterpreted_batch_rank <= rank:
            raise ValueError(f"Expected 0 < reinterpreted_batch_rank <= {rank}, but got {reinterpreted_batch_rank}")
        self._base, self._rank = base, reinterpreted_batch_rank
        shape = (*base.batch_shape, *base.event_shape)
        super().__init__(shape[: rank - reinterpreted_batch_rank], shape[rank - reinterpreted_batch_rank :])

    @property
    def mean(self) -> Any:
        """The means."""
        return self._base.mean

    @property
    def variance(self) -> Any:
        """The variances."""
        return self._base.variance

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape, *event_shape]."""
        return self._base.sample(shape)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        return self._summed(self._base.log_prob(value))

    def prob(self, value: Any) -> Any:
        """The density at value."""
        return torch.exp(self.log_prob(value))

    def entropy(self) -> Any:
        """The entropy of each."""
        return self._summed(self._base.entropy())

    def _summed(self, value: Any) -> Any:
        return torch.sum(value, list(range(-self._rank, 0)))
