"""Dirichlet: shares that sum to 1."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import extended
from fxtraced.distribution.exponential_family import ExponentialFamily

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """Dirichlet distributions over n shares: concentration [..., n]. Raises ValueError for a 0-D one."""

    def __init__(self, concentration: Any):
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one dimensional")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:])

    @property
    def mean(self) -> Any:
        """The means [..., n]."""
        return self.concentration / torch.sum(self.concentration, -1, keepdim=True)

    @property
    def variance(self) -> Any:
        """The variances [..., n]."""
        total = torch.sum(self.concentration, -1, keepdim=True)
        return self.concentration * (total - self.concentration) / (torch.square(total) * (total + 1.0))

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, ..., n]."""
        return torch._sample_dirichlet(torch.expand_copy(self.concentration, extended(shape, self.concentration)))

    def prob(self, value: Any) -> Any:
        """The density at value [..., n]."""
        return torch.exp(self.log_prob(value))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value [..., n]."""
        powers = torch.sum(torch.log(value) * (self.concentration - 1.0), -1)
        return powers - self._log_normaliser()

    def entropy(self) -> Any:
        """The entropy of each."""
        total = torch.sum(self.concentration, -1)
        parts = torch.sum((self.concentration - 1.0) * torch.digamma(self.concentration), -1)
        return self._log_normaliser() - (self.concentration.shape[-1] - total) * torch.digamma(total) - parts

    def _log_normaliser(self) -> Any:
        return torch.sum(torch.lgamma(self.concentration), -1) - torch.lgamma(torch.sum(self.concentration, -1))
