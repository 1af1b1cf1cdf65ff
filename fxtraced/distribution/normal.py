"""Normal: the normal distribution."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.distribution.distribution import Distribution, parameters
from fxtraced.tensor.shape import shape_list
from fxtraced.tensor.tensor import as_tensor

__all__ = ["Normal"]


class Normal(Distribution):
    """Normal distributions with means loc and standard deviations scale, numbers, lists, arrays or tensors.

    Raises TypeError for other types, ValueError when one is a tensor and the other is not.
    """

    def __init__(self, loc: Any, scale: Any, name: str | None = None):
        self.loc, self.scale = parameters("Normal", loc=loc, scale=scale)
        self.name = name or "Normal"
        super().__init__(self.loc.shape)

    @property
    def mean(self) -> Any:
        """The means."""
        return self.loc

    @property
    def variance(self) -> Any:
        """The squares of the standard deviations."""
        return torch.square(self.scale)

    def sample(self, shape: Any = (), seed: int = 0) -> Any:
        """Samples of shape [*shape, *batch_shape], without gradient; a seed other than 0 repeats them."""
        with torch.no_grad():
            return self._draw(shape, seed)

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape], with gradients to loc and scale."""
        return self._draw(shape, 0)

    def entropy(self) -> Any:
        """The entropy of each."""
        return torch.add(torch.log(self.scale), 0.5 + 0.5 * math.log(2 * math.pi))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        squares = torch.square(torch.div(torch.sub(value, self.loc), self.scale))
        return torch.sub(torch.mul(squares, -0.5), torch.add(torch.log(self.scale), 0.5 * math.log(2 * math.pi)))

    def _draw(self, shape: Any, seed: int) -> Any:
        sizes = [*shape_list(shape), *self.loc.shape]
        options: dict[str, Any] = {"dtype": self.loc.dtype, "device": self.loc.device}
        if seed:
            options["generator"] = torch.Generator(self.loc.device).manual_seed(seed)
        noise = as_tensor(torch.randn(sizes, **options))
        return torch.add(torch.mul(noise, self.scale), self.loc)
