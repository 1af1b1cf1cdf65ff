"""Datasets: a sample by its number, or one after the other."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch.utils.data

from fxtraced.tensor.random import randperm

__all__ = [
    "ChainDataset",
    "ComposeDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]


class Dataset(torch.utils.data.Dataset):
    """Samples by number: a subclass defines __getitem__ and __len__."""

    def __getitem__(self, idx: int) -> Any:
        raise NotImplementedError(f"'__getitem__' not implement in class {type(self).__name__}")

    def __len__(self) -> int:
        raise NotImplementedError(f"'__len__' not implement in class {type(self).__name__}")


class IterableDataset(torch.utils.data.IterableDataset):
    """Samples one after the other: a subclass defines __iter__, which each worker calls for itself."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"'__iter__' not implement in class {type(self).__name__}")

    def __getitem__(self, idx: int) -> Any:
        raise RuntimeError(f"'__getitem__' should not be called for IterableDataset {type(self).__name__}")


class TensorDataset(Dataset):
    """Sample i is the tuple of row i of each tensor. Raises AssertionError unless all have as many rows."""

    def __init__(self, tensors: Sequence[Any]):
        assert all(tensor.shape[0] == tensors[0].shape[0] for tensor in tensors), (
            "tensors not have same shape of the 1st dimension"
        )
        self.tensors = tensors

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class ComposeDataset(Dataset):
    """Sample i has the fields of sample i of each dataset. Raises AssertionError unless all have as many samples."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)
        assert self.datasets, "input datasets should not be empty"
        _check_numbered(self.datasets)
        assert len({len(dataset) for dataset in self.datasets}) == 1, "lengths of datasets should be same"

    def __getitem__(self, idx: int) -> tuple[Any, ...]:
        samples = (dataset[idx] for dataset in self.datasets)
        return tuple(
            itertools.chain.from_iterable(
                sample if isinstance(sample, list | tuple) else (sample,) for sample in samples
            )
        )

    def __len__(self) -> int:
        return len(self.datasets[0])


class ChainDataset(IterableDataset):
    """The samples of one iterable dataset after those of another."""

    def __init__(self, datasets: Iterable[IterableDataset]):
        self.datasets = list(datasets)
        assert self.datasets, "input datasets should not be empty"
        for dataset in self.datasets:
            assert isinstance(dataset, torch.utils.data.IterableDataset), "ChainDataset only support IterableDataset"

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)


class ConcatDataset(Dataset):
    """The samples of one dataset after those of another."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)
        assert self.datasets, "datasets should not be an empty iterable"
        _check_numbered(self.datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, idx: int) -> Any:
        if not -len(self) <= idx < len(self):
            raise ValueError(f"index {idx} is out of range for a dataset of {len(self)} samples")
        idx %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        return self.datasets[which][idx - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class Subset(Dataset):
    """The samples of a dataset at these places."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, idx: int) -> Any:
        return self.dataset[self.indices[idx]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Dataset, lengths: Sequence[int], generator: Any = None) -> list[Subset]:
    """The dataset in parts of these lengths, drawn at random. `generator` changes nothing, as in Paddle.

    Raises ValueError unless the lengths sum to the dataset's.
    """
    if sum(lengths) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    places = randperm(len(dataset)).tolist()
    ends = list(itertools.accumulate(lengths))
    return [Subset(dataset, places[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def _check_numbered(datasets: list[Dataset]) -> None:
    for dataset in datasets:
        assert not isinstance(dataset, torch.utils.data.IterableDataset), "paddle.io.IterableDataset not supported"
