"""Distribution: the base of all of them."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["Distribution"]


class Distribution:
    """The base of distributions. batch_shape: independent ones; event_shape: the axes of one sample."""

    def __init__(self, batch_shape: Any = (), event_shape: Any = ()):
        self._batch_shape, self._event_shape = tuple(batch_shape), tuple(event_shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self._batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self._event_shape

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        raise TypeError(f"{type(self).__name__} has no log_prob")

    def prob(self, value: Any) -> Any:
        """The density at value."""
        return torch.exp(self.log_prob(value))

    def probs(self, value: Any) -> Any:
        """The density at value."""
        return self.prob(value)

    def kl_divergence(self, other: Any) -> Any:
        """The divergence of this distribution from another of its kind."""
        from fxtraced.distribution.kl import kl_divergence

        return kl_divergence(self, other)
