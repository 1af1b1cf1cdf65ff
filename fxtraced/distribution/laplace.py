"""Laplace: exponential to both sides."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, extended, of_numbers

__all__ = ["Laplace"]


class Laplace(Distribution):
    """Laplace distributions about loc with this scale, numbers or tensors. Raises TypeError for other types."""

    def __init__(self, loc: Any, scale: Any):
        self.loc, self.scale = of_numbers("Laplace", loc=loc, scale=scale)
        super().__init__(self.loc.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return self.loc

    @property
    def stddev(self) -> Any:
        """The standard deviations."""
        return self.scale * math.sqrt(2.0)

    @property
    def variance(self) -> Any:
        """The variances."""
        return torch.square(self.stddev)

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], without gradient."""
        with torch.no_grad():
            return self.rsample(shape)

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], with gradients to loc and scale."""
        noise = torch.rand_like(torch.expand_copy(self.loc, extended(shape, self.loc)))
        return self.icdf(torch.clamp(noise, torch.finfo(noise.dtype).eps))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        return -torch.log(self.scale * 2.0) - torch.abs(value - self.loc) / self.scale

    def cdf(self, value: Any) -> Any:
        """The probability of at most value."""
        away = value - self.loc
        return 0.5 - 0.5 * torch.sign(away) * torch.expm1(-torch.abs(away) / self.scale)

    def icdf(self, value: Any) -> Any:
        """Where the probability is value."""
        away = value - 0.5
        return self.loc - self.scale * torch.sign(away) * torch.log1p(torch.abs(away) * -2.0)

    def entropy(self) -> Any:
        """The entropy of each."""
        return torch.log(self.scale * 2.0) + 1.0

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other)."""
        ratio = self.scale / other.scale
        away = torch.abs(self.loc - other.loc)
        return -torch.log(ratio) + ratio * torch.exp(-away / self.scale) + away / other.scale - 1.0
