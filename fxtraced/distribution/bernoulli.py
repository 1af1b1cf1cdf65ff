"""Bernoulli: the tossing of a coin."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.distribution.distribution import Distribution, parameters
from fxtraced.tensor.shape import shape_list
from fxtraced.tensor.tensor import as_tensor

__all__ = ["Bernoulli"]


class Bernoulli(Distribution):
    """1 with probability probs, else 0. Raises ValueError (eagerly) unless probs is in [0, 1]."""

    probs: Any

    def __init__(self, probs: Any, name: str | None = None):
        (probs,) = parameters("Bernoulli", probs=probs)
        if not torch._C._len_torch_function_stack() and not bool(torch.all((probs >= 0) & (probs <= 1))):
            raise ValueError("The arg of `probs` must be in range [0, 1].")
        tiny = torch.finfo(probs.dtype).eps
        self.probs = torch.clamp(probs, tiny, 1 - tiny)
        self.logits = torch.log(self.probs / (1 - self.probs))
        self.name = name or "Bernoulli"
        super().__init__(self.probs.shape)

    @property
    def mean(self) -> Any:
        """The probabilities of 1."""
        return self.probs

    @property
    def variance(self) -> Any:
        """The variances."""
        return self.probs * (1 - self.probs)

    def sample(self, shape: Any) -> Any:  # type: ignore[override]
        """Zeros and ones of shape [*shape, *batch_shape]."""
        with torch.no_grad():
            return torch.bernoulli(torch.expand_copy(self.probs, self._extended(shape)))

    def rsample(self, shape: Any, temperature: float = 1.0) -> Any:  # type: ignore[override]
        """Logits of relaxed samples [*shape, *batch_shape], with gradients; their sigmoid is nearly 0 or 1."""
        noise = as_tensor(torch.rand(self._extended(shape), dtype=self.probs.dtype, device=self.probs.device))
        return (torch.logit(noise) + torch.logit(self.probs)) / temperature

    def cdf(self, value: Any) -> Any:
        """The probability of at most value."""
        ones = torch.ones_like(self.probs)
        return torch.where(value < 0, 0 * ones, torch.where(value < 1, ones - self.probs, ones))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of value."""
        logits, value = torch.broadcast_tensors(self.logits, value)
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Any:
        """The entropy of each."""
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def kl_divergence(self, other: Any) -> Any:
        """KL(self || other)."""
        one = torch.sigmoid(self.logits) * (F.logsigmoid(self.logits) - F.logsigmoid(other.logits))
        zero = torch.sigmoid(-self.logits) * (F.logsigmoid(-self.logits) - F.logsigmoid(-other.logits))
        return one + zero

    def _extended(self, shape: Any) -> list[Any]:
        return [*shape_list(shape), *self.probs.shape]
