"""Batch samplers: which samples make a batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sized
from typing import Any

import numpy as np
import torch.utils.data

from fxtraced.distributed import get_rank, get_world_size
from fxtraced.io.dataloader.sampler import RandomSampler, SequenceSampler

__all__ = ["BatchSampler", "DistributedBatchSampler"]


class BatchSampler:
    """Lists of batch_size places of a dataset, in order or shuffled, or of what a sampler gives.

    Raises AssertionError for both or neither of dataset and sampler, shuffle with a sampler, and a batch_size below 1.
    """

    def __init__(
        self, dataset: Any = None, sampler: Any = None, shuffle: bool = False, batch_size: int = 1,
        drop_last: bool = False,
    ):  # fmt: skip
        if dataset is None:
            assert sampler is not None, "either dataset or sampler should be set"
            assert not shuffle, "shuffle should be False when sampler is set"
            self.sampler = sampler
        else:
            assert not isinstance(dataset, torch.utils.data.IterableDataset), (
                "dataset should not be a paddle.io.IterableDataset"
            )
            assert sampler is None, "should not set both dataset and sampler"
            self.sampler = RandomSampler(dataset) if shuffle else SequenceSampler(dataset)
        self.batch_size, self.shuffle, self.drop_last = _batch_size(batch_size), shuffle, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        yield from _batches(self.sampler, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        return _number(len(self.sampler), self.batch_size, self.drop_last)


class DistributedBatchSampler(BatchSampler):
    """The batches of one process of several: every batch in turn goes to the next process.

    Shuffles by the epoch's number, so that all processes agree; samples are repeated until all have as many.
    """

    def __init__(
        self, dataset: Sized, batch_size: int, num_replicas: int | None = None, rank: int | None = None,
        shuffle: bool = False, drop_last: bool = False,
    ):  # fmt: skip
        self.dataset, self.shuffle, self.drop_last = dataset, shuffle, drop_last
        self.batch_size = _batch_size(batch_size)
        self.nranks = get_world_size() if num_replicas is None else num_replicas
        self.local_rank = get_rank() if rank is None else rank
        self.epoch = 0
        self.num_samples = math.ceil(len(dataset) / self.nranks)
        self.total_size = self.num_samples * self.nranks

    def __iter__(self) -> Iterator[list[int]]:
        count = len(self.dataset)
        places = [*range(count), *range(self.total_size - count)]
        if self.shuffle:
            np.random.RandomState(self.epoch).shuffle(places)
            self.epoch += 1
        step = self.batch_size * self.nranks
        whole = self.total_size - self.total_size % step
        own = [
            place
            for start in range(self.local_rank * self.batch_size, whole, step)
            for place in places[start : start + self.batch_size]
        ]
        rest = (self.total_size - whole) // self.nranks
        own += places[whole:][self.local_rank * rest : (self.local_rank + 1) * rest]
        yield from _batches(own, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        return _number(self.num_samples, self.batch_size, self.drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle as in this epoch next time."""
        self.epoch = epoch


def _batch_size(value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise AssertionError(f"batch_size should be a positive integer, but got {value}")
    return value


def _batches(places: Iterable[int], size: int, drop_last: bool) -> Iterator[list[int]]:
    left = iter(places)
    while batch := list(itertools.islice(left, size)):
        if len(batch) == size or not drop_last:
            yield batch


def _number(count: int, size: int, drop_last: bool) -> int:
    return count // size if drop_last else math.ceil(count / size)
