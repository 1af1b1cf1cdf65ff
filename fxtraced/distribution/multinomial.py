"""Multinomial: how often each of n kinds is drawn."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, extended

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """total_count draws from n kinds with chances proportional to probs [..., n].

    Raises ValueError for a total_count below 1 and for a 0-D probs.
    """

    probs: Any

    def __init__(self, total_count: int, probs: Any):
        if not isinstance(total_count, int) or total_count < 1:
            raise ValueError(f"input parameter 'total_count' must be int type and >= 1, but received {total_count!r}")
        if probs.ndim < 1:
            raise ValueError("probs parameter should not be none and over one dimension")
        self.total_count = total_count
        self.probs = probs / torch.sum(probs, -1, keepdim=True)
        super().__init__(probs.shape[:-1], probs.shape[-1:])

    @property
    def mean(self) -> Any:
        """The means [..., n]."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        """The variances [..., n]."""
        return self.probs * (1.0 - self.probs) * self.total_count

    def prob(self, value: Any) -> Any:
        """The probability of the counts value [..., n]."""
        return torch.exp(self.log_prob(value))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of the counts value [..., n]."""
        ways = torch.lgamma(torch.sum(value, -1) + 1.0) - torch.sum(torch.lgamma(value + 1.0), -1)
        return ways + torch.sum(torch.xlogy(value, self.probs), -1)

    def sample(self, shape: Any = ()) -> Any:
        """Counts of shape [*shape, ..., n]."""
        rows = torch.reshape(torch.expand_copy(self.probs, extended(shape, self.probs)), [-1, self.probs.shape[-1]])
        draws = torch.multinomial(rows, self.total_count, True)
        counts = torch.scatter_add(torch.zeros_like(rows), -1, draws, torch.ones_like(draws, dtype=rows.dtype))
        return torch.reshape(counts, extended(shape, self.probs))
