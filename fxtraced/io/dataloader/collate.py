"""Samples to batches, and batches to tensors."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from fxtraced.tensor.creation import to_tensor
from fxtraced.tensor.tensor import as_tensor

__all__ = ["default_collate_fn", "default_convert_fn"]


def default_collate_fn(batch: list[Any]) -> Any:
    """The samples of a batch, field by field: arrays and tensors stacked, numbers as an array, texts as a list.

    Raises TypeError for samples of another kind.
    """
    sample = batch[0]
    if isinstance(sample, torch.Tensor):
        return as_tensor(torch.stack(batch))
    if isinstance(sample, np.ndarray):
        return np.stack(batch)
    if isinstance(sample, numbers.Number | np.generic):
        return np.asarray(batch)
    if isinstance(sample, str | bytes):
        return batch
    if isinstance(sample, Mapping):
        return {key: default_collate_fn([one[key] for one in batch]) for key in sample}
    if isinstance(sample, Sequence):
        if any(len(one) != len(sample) for one in batch):
            raise RuntimeError("fields number not same among samples in a batch")
        return [default_collate_fn(list(field)) for field in zip(*batch, strict=True)]
    raise TypeError(
        f"batch data con only contains: tensor, numpy.ndarray, dict, list, number, but got {type(sample)}: "
        "give the loader a collate_fn"
    )


def default_convert_fn(batch: Any) -> Any:
    """The batch with tensors for its arrays, at any depth."""
    if isinstance(batch, np.ndarray):
        return to_tensor(batch)
    if isinstance(batch, Mapping):
        return {key: default_convert_fn(value) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return [default_convert_fn(value) for value in batch]
    return batch
