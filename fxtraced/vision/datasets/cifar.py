"""CIFAR-10 and CIFAR-100 from their archive of pickled batches."""

from __future__ import annotations

import tarfile
from typing import Any

import numpy as np

from fxtraced.framework.unpickler import read_pickle
from fxtraced.vision.datasets._arrays import ArrayDataset, check_given


class Cifar10(ArrayDataset):
    """(image of 32 x 32, label) from data_file, a cifar-10-python.tar.gz; reading its pickles runs no code."""

    flags = {"train": "data_batch", "test": "test_batch"}

    def __init__(
        self,
        data_file: Any = None,
        mode: str = "train",
        transform: Any = None,
        download: bool = True,
        backend: str | None = None,
    ):
        super().__init__(mode, transform, backend)
        self.data_file = check_given(data_file, "data_file", type(self).__name__)
        self.flag = self.flags[self.mode]
        self.data: list[tuple[np.ndarray, int]] = []
        with tarfile.open(self.data_file) as archive:
            for name in sorted(name for name in archive.getnames() if self.flag in name):
                opened = archive.extractfile(name)
                if opened is None:
                    continue
                found = read_pickle(opened, f"{self.data_file}, {name}")
                # Python 2 wrote the keys as bytes, which are read as text.
                batch = {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()}
                labels = batch["labels"] if "labels" in batch else batch["fine_labels"]
                self.data += zip(batch["data"], labels, strict=True)

    def __getitem__(self, idx: int) -> tuple[Any, np.ndarray]:
        pixels, label = self.data[idx]
        return self._made(pixels.reshape(3, 32, 32).transpose(1, 2, 0), label)

    def __len__(self) -> int:
        return len(self.data)


class Cifar100(Cifar10):
    """Like Cifar10, from a cifar-100-python.tar.gz; the labels are the fine ones."""

    flags = {"train": "train", "test": "test"}
