"""Geometric: failures before the first success."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, extended, of_numbers

__all__ = ["Geometric"]


class Geometric(Distribution):
    """How often a coin with chance probs in (0, 1), a number or tensor, fails first."""

    probs: Any

    def __init__(self, probs: Any):
        (self.probs,) = of_numbers("Geometric", probs=probs)
        super().__init__(self.probs.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return 1.0 / self.probs - 1.0

    @property
    def variance(self) -> Any:
        """The variances."""
        return (1.0 / self.probs - 1.0) / self.probs

    @property
    def stddev(self) -> Any:
        """The standard deviations."""
        return torch.sqrt(self.variance)

    def pmf(self, k: Any) -> Any:
        """The probability of k failures."""
        return torch.pow(1.0 - self.probs, k) * self.probs

    def log_pmf(self, k: Any) -> Any:
        """The logarithm of the probability of k failures."""
        return torch.log(1.0 - self.probs) * k + torch.log(self.probs)

    def cdf(self, k: Any) -> Any:
        """The probability of at most k failures."""
        return 1.0 - torch.pow(1.0 - self.probs, k + 1)

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], without gradient."""
        with torch.no_grad():
            return self.rsample(shape)

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape]."""
        noise = torch.rand_like(torch.expand_copy(self.probs, extended(shape, self.probs)))
        return torch.floor(torch.log(torch.clamp(noise, torch.finfo(noise.dtype).tiny)) / torch.log1p(-self.probs))

    def entropy(self) -> Any:
        """The entropy of each."""
        fails = 1.0 - self.probs
        return -(fails * torch.log(fails) + self.probs * torch.log(self.probs)) / self.probs

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other)."""
        p, q = self.probs, other.probs
        return p * torch.log(p / q) + (1.0 - p) * torch.log((1.0 - p) / (1.0 - q))
