"""Cauchy: heavy on both sides."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, extended, of_numbers

__all__ = ["Cauchy"]


class Cauchy(Distribution):
    """Cauchy distributions about loc with this scale, numbers or tensors. Raises TypeError for other types."""

    def __init__(self, loc: Any, scale: Any, name: str | None = None):
        self.loc, self.scale = of_numbers("Cauchy", loc=loc, scale=scale)
        self.name = name or "Cauchy"
        super().__init__(self.loc.shape)

    def sample(self, shape: Any, name: str | None = None) -> Any:  # type: ignore[override]
        """Samples of shape [*shape, *batch_shape], without gradient."""
        with torch.no_grad():
            return self.rsample(shape)

    def rsample(self, shape: Any, name: str | None = None) -> Any:  # type: ignore[override]
        """Samples of shape [*shape, *batch_shape], with gradients to loc and scale."""
        noise = torch.rand_like(torch.expand_copy(self.loc, extended(shape, self.loc)))
        return self.loc + self.scale * torch.tan((noise - 0.5) * math.pi)

    def prob(self, value: Any) -> Any:
        """The density at value."""
        return torch.exp(self.log_prob(value))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        return -torch.log1p(torch.square((value - self.loc) / self.scale)) - torch.log(self.scale) - math.log(math.pi)

    def cdf(self, value: Any) -> Any:
        """The probability of at most value."""
        return torch.atan((value - self.loc) / self.scale) / math.pi + 0.5

    def entropy(self) -> Any:
        """The entropy of each."""
        return torch.log(self.scale) + math.log(4.0 * math.pi)

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other)."""
        distance = torch.square(self.scale + other.scale) + torch.square(self.loc - other.loc)
        return torch.log(distance / (self.scale * other.scale * 4.0))
