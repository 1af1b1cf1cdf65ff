"""What the data sets that are read into memory share."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from fxtraced.framework.dtype import get_default_dtype
from fxtraced.io.dataloader.dataset import Dataset
from fxtraced.vision.image import check_backend, get_image_backend


class ArrayDataset(Dataset):
    """(image, label) from arrays: "pil" gives images of Pillow, "cv2" arrays of the default dtype."""

    def __init__(self, mode: str, transform: Any, backend: str | None):
        if mode.lower() not in ("train", "test"):
            raise AssertionError(f"mode should be 'train' or 'test', but got {mode}")
        self.mode, self.transform = mode.lower(), transform
        self.backend = check_backend(get_image_backend() if backend is None else backend, ("pil", "cv2"))
        self.dtype = get_default_dtype()

    def _made(self, pixels: np.ndarray, label: Any) -> tuple[Any, np.ndarray]:
        """Of the pixels [H, W] or [H, W, 3]."""
        image: Any = pixels
        if self.backend == "pil":
            image = importlib.import_module("PIL.Image").fromarray(pixels.astype(np.uint8))
        if self.transform is not None:
            image = self.transform(image)
        label = np.array(label).astype("int64")
        return (image, label) if self.backend == "pil" else (image.astype(self.dtype), label)


def check_given(path: Any, name: str, dataset: str) -> str:
    """Raises ValueError for a file that Paddle would download."""
    if path is None:
        raise ValueError(f"{dataset}: fxtraced downloads nothing. Give {name}, the path of a file that you have")
    return str(path)
