"""Distribution: the base of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import default_dtype
from fxtraced.tensor.creation import to_tensor
from fxtraced.tensor.shape import shape_list

__all__ = ["Distribution"]


class Distribution:
    """The base of distributions. batch_shape: independent ones; event_shape: the axes of one sample."""

    def __init__(self, batch_shape: Any = (), event_shape: Any = ()):
        self._batch_shape, self._event_shape = tuple(batch_shape), tuple(event_shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self._batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self._event_shape

    @property
    def mean(self) -> Any:
        """The means."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def variance(self) -> Any:
        """The variances."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    def sample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape, *event_shape], without gradient."""
        raise NotImplementedError(f"{type(self).__name__} has no sample")

    def rsample(self, shape: Any = ()) -> Any:
        """Samples of shape [*shape, *batch_shape, *event_shape], with gradients to the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no rsample")

    def entropy(self) -> Any:
        """The entropy of each."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy")

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density at value."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def prob(self, value: Any) -> Any:
        """The density at value."""
        return torch.exp(self.log_prob(value))

    def probs(self, value: Any) -> Any:
        """The density at value."""
        return self.prob(value)

    def kl_divergence(self, other: Any) -> Any:
        """The divergence of this distribution from another of its kind."""
        from fxtraced.distribution.kl import kl_divergence

        return kl_divergence(self, other)


def parameters(kind: str, **given: Any) -> list[Any]:
    """The parameters of a distribution as tensors of one shape; floating ones, unless they are tensors themselves.

    Raises TypeError for other types than numbers, lists, arrays and tensors, ValueError when only some are tensors.
    """
    tensors = [isinstance(value, torch.Tensor) for value in given.values()]
    if any(tensors) and not all(tensors):
        raise ValueError(f"{kind}: if {' or '.join(given)} is a tensor, both must be")
    # float64 arrays keep their dtype, and the other parameter follows.
    double = any(isinstance(value, np.ndarray) and value.dtype == np.float64 for value in given.values())
    dtype = torch.float64 if double else default_dtype()
    for name, value in given.items():
        if not isinstance(value, torch.Tensor | int | float | list | tuple | np.ndarray):
            raise TypeError(f"{kind}: {name} must be a number, list, array or tensor, but received {type(value)}")
    if all(tensors):
        values = list(given.values())
    else:
        values = [to_tensor(np.asarray(value), dtype) for value in given.values()]
    return list(torch.broadcast_tensors(*values)) if len(values) > 1 else values


def of_numbers(kind: str, **given: Any) -> list[Any]:
    """The parameters of a distribution, numbers or tensors, as tensors of one shape. Raises TypeError for others."""
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, torch.Tensor | int | float):
            raise TypeError(f"{kind}: {name} must be a number or tensor, but received {type(value)}")
    values = [value if isinstance(value, torch.Tensor) else to_tensor(float(value)) for value in given.values()]
    return list(torch.broadcast_tensors(*values)) if len(values) > 1 else values


def extended(shape: Any, parameter: Any) -> list[Any]:
    """The sizes of samples: [*shape, *parameter.shape]."""
    return [*shape_list(shape), *parameter.shape]
