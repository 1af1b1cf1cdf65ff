"""Categorical: the choice of one of several."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.distribution.distribution import Distribution, parameters
from fxtraced.tensor.shape import shape_list

__all__ = ["Categorical"]


class Categorical(Distribution):
    """The choice of one of the entries of the last axis of logits [..., n].

    As in Paddle, sample, entropy and kl_divergence take softmax(logits) for the probabilities, and probs and log_prob
    logits / sum(logits).
    """

    def __init__(self, logits: Any, name: str | None = None):
        (self.logits,) = parameters("Categorical", logits=logits)
        self.name = name or "Categorical"
        super().__init__()

    def sample(self, shape: Any) -> Any:  # type: ignore[override]
        """Indices int64 of shape [*shape, *logits.shape[:-1]]."""
        shape = shape_list(shape)
        rows = torch.reshape(torch.softmax(self.logits, -1), [-1, self.logits.shape[-1]])
        drawn = torch.multinomial(torch.detach(rows), math.prod(shape), True)
        return torch.reshape(torch.t(drawn), [*shape, *self.logits.shape[:-1]])

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other) [..., 1]."""
        mine, others = F.log_softmax(self.logits, -1), F.log_softmax(other.logits, -1)
        return torch.sum(torch.exp(mine) * (mine - others), -1, keepdim=True)

    def entropy(self) -> Any:
        """The entropy of each."""
        logs = F.log_softmax(self.logits, -1)
        return -torch.sum(torch.exp(logs) * logs, -1)

    def probs(self, value: Any) -> Any:
        """The probability of the entries value: integers [...] for one choice, [..., k] or [k] for several."""
        chances = self.logits / torch.sum(self.logits, -1, keepdim=True)
        if chances.ndim == 1:
            return torch.reshape(torch.index_select(chances, 0, torch.flatten(value)), value.shape)
        if value.ndim == 1:
            value = torch.expand_copy(value, [*chances.shape[:-1], value.shape[0]])
        return torch.gather(chances, -1, value)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of probs(value)."""
        return torch.log(self.probs(value))
