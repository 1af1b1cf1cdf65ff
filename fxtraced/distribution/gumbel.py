"""Gumbel: the largest of many."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, extended, of_numbers

_EULER = 0.57721566490153286060

__all__ = ["Gumbel"]


class Gumbel(Distribution):
    """Gumbel distributions with place loc and scale, numbers or tensors. Raises TypeError for other types."""

    def __init__(self, loc: Any, scale: Any):
        self.loc, self.scale = of_numbers("Gumbel", loc=loc, scale=scale)
        super().__init__(self.loc.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return self.loc + self.scale * _EULER

    @property
    def stddev(self) -> Any:
        """The standard deviations."""
        return torch.sqrt(self.variance)

    @property
    def variance(self) -> Any:
        """The variances."""
        return torch.square(self.scale) * (math.pi**2 / 6.0)

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], without gradient."""
        with torch.no_grad():
            return self.rsample(shape)

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], with gradients to loc and scale."""
        noise = torch.rand_like(torch.expand_copy(self.loc, extended(shape, self.loc)))
        tiny = torch.finfo(noise.dtype).eps
        return self.loc - self.scale * torch.log(-torch.log(torch.clamp(noise, tiny, 1.0 - tiny)))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        steps = (value - self.loc) / self.scale
        return -(steps + torch.exp(-steps)) - torch.log(self.scale)

    def cdf(self, value: Any) -> Any:
        """The probability of at most value."""
        return torch.exp(-torch.exp((self.loc - value) / self.scale))

    def entropy(self) -> Any:
        """The entropy of each."""
        return torch.log(self.scale) + 1.0 + _EULER
