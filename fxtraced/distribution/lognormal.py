"""LogNormal: its logarithm is normal."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution
from fxtraced.distribution.normal import Normal

__all__ = ["LogNormal"]


class LogNormal(Distribution):
    """exp of normal distributions with means loc and standard deviations scale, given like Normal's."""

    def __init__(self, loc: Any, scale: Any):
        self._base = Normal(loc, scale)
        self.loc, self.scale = self._base.loc, self._base.scale
        super().__init__(self.loc.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return torch.exp(self.loc + torch.square(self.scale) / 2)

    @property
    def variance(self) -> Any:
        """The variances."""
        squares = torch.square(self.scale)
        return torch.expm1(squares) * torch.exp(self.loc * 2 + squares)

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], without gradient."""
        return torch.exp(self._base.sample(shape))

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], with gradients to loc and scale."""
        return torch.exp(self._base.rsample(shape))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        logarithm = torch.log(value)
        return self._base.log_prob(logarithm) - logarithm

    def entropy(self) -> Any:
        """The entropy of each."""
        return self._base.entropy() + self.loc

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other), that of the normal distributions."""
        return self._base.kl_divergence(other._base)
