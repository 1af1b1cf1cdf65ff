"""DataLoader: batches of tensors from a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch.utils.data

from fxtraced.io.dataloader.batch_sampler import BatchSampler
from fxtraced.io.dataloader.collate import default_collate_fn, default_convert_fn

__all__ = ["DataLoader"]


def _itself(sample: Any) -> Any:
    return sample


class DataLoader:
    """Batches of a dataset, as tensors on the current device, read by num_workers processes of torch's loader.

    batch_size=None gives the samples one by one. feed_list, places, return_list, use_buffer_reader and
    use_shared_memory are Paddle's and change nothing here.
    """

    def __init__(
        self, dataset: Any, feed_list: Any = None, places: Any = None, return_list: bool = True,
        batch_sampler: Any = None, batch_size: int | None = 1, shuffle: bool = False, drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None, num_workers: int = 0, use_buffer_reader: bool = True,
        prefetch_factor: int = 2, use_shared_memory: bool = True, timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None, persistent_workers: bool = False,
    ):  # fmt: skip
        assert num_workers >= 0, f"num_workers should be a non-negative value, but got {num_workers}"
        self.dataset, self.num_workers, self.batch_size, self.drop_last = dataset, num_workers, batch_size, drop_last
        iterable = isinstance(dataset, torch.utils.data.IterableDataset)
        if iterable and shuffle:
            raise ValueError(f"IterableDataset not support shuffle, but got shuffle={shuffle}")
        if iterable and batch_sampler is not None:
            raise ValueError("IterableDataset expect unspecified batch_sampler")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or drop_last:
                raise AssertionError("batch_size/shuffle/drop_last should not be set when batch_sampler is given")
        elif batch_size is not None and not iterable:
            batch_sampler = BatchSampler(dataset, shuffle=shuffle, batch_size=batch_size, drop_last=drop_last)
        self.batch_sampler, self.collate_fn = batch_sampler, collate_fn
        batches: dict[str, Any] = {"batch_size": batch_size, "drop_last": drop_last}
        if batch_sampler is not None:
            batches = {"batch_sampler": batch_sampler}
        self._loader = torch.utils.data.DataLoader(
            dataset,
            **batches,
            collate_fn=collate_fn or (_itself if batch_size is None and batch_sampler is None else default_collate_fn),
            num_workers=num_workers,
            prefetch_factor=prefetch_factor if num_workers else None,
            timeout=timeout,
            worker_init_fn=worker_init_fn,
            persistent_workers=persistent_workers,
        )

    def __iter__(self) -> Iterator[Any]:
        for batch in self._loader:
            yield default_convert_fn(batch)

    def __call__(self) -> Iterator[Any]:
        return iter(self)

    def __len__(self) -> int:
        """How many batches there are. Raises ValueError for an IterableDataset, which does not know."""
        if isinstance(self.dataset, torch.utils.data.IterableDataset):
            raise ValueError("length of IterableDataset not supported")
        return len(self.dataset) if self.batch_sampler is None else len(self.batch_sampler)
