"""MNIST and Fashion-MNIST from their packed files."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np

from fxtraced.vision.datasets._arrays import ArrayDataset, check_given


class MNIST(ArrayDataset):
    """(image of 28 x 28, [label]) from image_path and label_path, the two .gz files of a mode."""

    def __init__(
        self,
        image_path: Any = None,
        label_path: Any = None,
        mode: str = "train",
        transform: Any = None,
        download: bool = True,
        backend: str | None = None,
    ):
        super().__init__(mode, transform, backend)
        self.image_path = check_given(image_path, "image_path", type(self).__name__)
        self.label_path = check_given(label_path, "label_path", type(self).__name__)
        self.images = _unpacked(self.image_path).astype("float32")
        self.labels = _unpacked(self.label_path).astype("int64")[:, None]

    def __getitem__(self, idx: int) -> tuple[Any, np.ndarray]:
        return self._made(self.images[idx], self.labels[idx])

    def __len__(self) -> int:
        return len(self.labels)


class FashionMNIST(MNIST):
    """Like MNIST, whose format its files have."""


def _unpacked(path: str) -> np.ndarray:
    """The bytes of a file, in the shape that its head tells: 2 zeros, the type, how many axes, and their sizes."""
    with gzip.open(path, "rb") as file:
        content = file.read()
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape.tolist())
