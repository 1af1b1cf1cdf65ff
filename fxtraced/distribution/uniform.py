"""Uniform: the uniform distribution."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, parameters
from fxtraced.tensor.common import to_dtype
from fxtraced.tensor.shape import shape_list
from fxtraced.tensor.tensor import as_tensor

__all__ = ["Uniform"]


class Uniform(Distribution):
    """Uniform distributions between low and high: numbers, lists, arrays or tensors (then both)."""

    def __init__(self, low: Any, high: Any, name: str | None = None):
        self._of_numbers = isinstance(low, int | float) and isinstance(high, int | float)
        self.low, self.high = parameters("Uniform", low=low, high=high)
        self.name = name or "Uniform"
        super().__init__(self.low.shape)

    def sample(self, shape: Any, seed: int = 0) -> Any:  # type: ignore[override]
        """Samples of shape [*shape, *batch_shape]; a seed other than 0 repeats them."""
        options: dict[str, Any] = {"dtype": self.low.dtype, "device": self.low.device}
        if seed:
            options["generator"] = torch.Generator(self.low.device).manual_seed(seed)
        noise = as_tensor(torch.rand([*shape_list(shape), *self.low.shape], **options))
        return noise * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        """The entropy of each."""
        return torch.log(self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value: -inf outside."""
        return torch.log(self._inside(value)) - torch.log(self.high - self.low)

    def probs(self, value: Any) -> Any:
        """The density at value."""
        return self._inside(value) / (self.high - self.low)

    def _inside(self, value: Any) -> Any:
        return to_dtype((self.low < value) & (value < self.high), self.low.dtype)
