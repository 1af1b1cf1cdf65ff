"""Beta: a chance whose odds are known in part."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.dirichlet import Dirichlet
from fxtraced.distribution.distribution import of_numbers
from fxtraced.distribution.exponential_family import ExponentialFamily

__all__ = ["Beta"]


class Beta(ExponentialFamily):
    """Beta distributions of two positive parameters, numbers or tensors."""

    def __init__(self, alpha: Any, beta: Any):
        self.alpha, self.beta = of_numbers("Beta", alpha=alpha, beta=beta)
        self._both = Dirichlet(torch.stack([self.alpha, self.beta], -1))
        super().__init__(self.alpha.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def variance(self) -> Any:
        """The variances."""
        total = self.alpha + self.beta
        return self.alpha * self.beta / (torch.square(total) * (total + 1.0))

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape]."""
        return torch.select(self._both.sample(shape), -1, 0)

    def prob(self, value: Any) -> Any:
        """The density at value."""
        return torch.exp(self.log_prob(value))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        return self._both.log_prob(torch.stack([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        """The entropy of each."""
        return self._both.entropy()
