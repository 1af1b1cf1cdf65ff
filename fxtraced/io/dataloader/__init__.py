"""The parts of the loader, by Paddle's own paths."""

from fxtraced.io.dataloader.batch_sampler import BatchSampler, DistributedBatchSampler
from fxtraced.io.dataloader.dataset import Dataset, IterableDataset, TensorDataset, random_split
from fxtraced.io.dataloader.sampler import RandomSampler, Sampler, SequenceSampler
from fxtraced.io.dataloader.worker import get_worker_info

__all__ = [
    "BatchSampler",
    "Dataset",
    "DistributedBatchSampler",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequenceSampler",
    "TensorDataset",
    "get_worker_info",
    "random_split",
]
