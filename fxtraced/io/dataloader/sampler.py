"""Samplers: in which order the samples come. They draw from NumPy's generator, as Paddle's do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import Any

import numpy as np

from fxtraced.tensor.random import randperm

__all__ = ["RandomSampler", "Sampler", "SequenceSampler", "SubsetRandomSampler", "WeightedRandomSampler"]


class Sampler:
    """The places of samples, one after the other: a subclass defines __iter__."""

    def __init__(self, data_source: Any = None):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        raise NotImplementedError


class SequenceSampler(Sampler):
    """All places in order."""

    def __init__(self, data_source: Sized):
        super().__init__(data_source)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All places in a random order; with replacement num_samples of them; or what the iterator `generator` gives."""

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Any = None
    ):
        super().__init__(data_source)
        self.replacement, self.generator, self._num_samples = replacement, generator, num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"expect boolean value for replacement, but got replacement={replacement}")
        if num_samples is not None and not replacement:
            raise ValueError("num_samples should not be specified while replacement is False")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many places come."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        if self.generator is not None:
            for _, place in zip(range(self.num_samples), self.generator, strict=False):
                yield place
            return
        everything = np.arange(len(self.data_source))
        yield from np.random.choice(everything, self.num_samples, replace=self.replacement).tolist()

    def __len__(self) -> int:
        return self.num_samples


class WeightedRandomSampler(Sampler):
    """num_samples places, each as likely as its weight (a list, array or tensor) says."""

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True):
        super().__init__()
        if not isinstance(num_samples, int) or num_samples <= 0:
            raise ValueError("num_samples should be a positive integer")
        if not isinstance(replacement, bool):
            raise ValueError("replacement should be a boolean value")
        self.weights, self.num_samples, self.replacement = np.asarray(weights), num_samples, replacement

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        return iter(np.random.choice(len(chances), self.num_samples, self.replacement, chances).tolist())

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """These places in a random order, which is drawn from paddle.seed's generator."""

    def __init__(self, indices: Sequence[int]):
        super().__init__()
        if len(indices) == 0:
            raise ValueError("The length of `indices` in SubsetRandomSampler should be greater than 0.")
        self.indices = indices

    def __iter__(self) -> Iterator[int]:
        for place in randperm(len(self.indices)).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)
