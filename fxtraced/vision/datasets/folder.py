"""Images in folders."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

from fxtraced.framework.dtype import get_default_dtype
from fxtraced.io.dataloader.dataset import Dataset
from fxtraced.vision.image import get_image_backend, image_load

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class _Files(Dataset):
    """What both have: `samples`, how one is read, and what is made of it."""

    def __init__(self, root: str, loader: Any, extensions: Sequence[str] | None, transform: Any):
        self.root, self.transform = root, transform
        self.extensions = IMG_EXTENSIONS if extensions is None else extensions
        self.loader = default_loader if loader is None else loader
        self.samples: list[Any] = []

    def __len__(self) -> int:
        return len(self.samples)

    def _below(self, folder: str) -> list[str]:
        """The files in a folder, however deep, that have one of the extensions."""
        endings = tuple(ending.lower() for ending in self.extensions)
        return [
            os.path.join(parent, file)
            for parent, _, files in sorted(os.walk(folder, followlinks=True))
            for file in sorted(files)
            if file.lower().endswith(endings)
        ]

    def _check_found(self, what: str) -> None:
        if not self.samples:
            raise RuntimeError(
                f"Found 0 {what} in subfolders of: {self.root}\nSupported extensions are: {','.join(self.extensions)}"
            )

    def _read(self, path: str) -> Any:
        sample = self.loader(path)
        return sample if self.transform is None else self.transform(sample)


class DatasetFolder(_Files):
    """(sample, number of its class) of the files in root/<class>/, however deep; the classes are sorted by name.

    extensions: of the files to take, images' if None. is_valid_file is not looked at, as in Paddle. Raises
    RuntimeError when there is no such file.
    """

    def __init__(
        self,
        root: str,
        loader: Callable[[str], Any] | None = None,
        extensions: Sequence[str] | None = None,
        transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
    ):
        super().__init__(root, loader, extensions, transform)
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples = [
            (path, number)
            for name, number in self.class_to_idx.items()
            for path in self._below(os.path.join(os.path.expanduser(root), name))
        ]
        self._check_found("directories")
        self.targets = [number for _, number in self.samples]
        self.dtype = get_default_dtype()

    def __getitem__(self, index: int) -> tuple[Any, int]:
        path, target = self.samples[index]
        return self._read(path), target


class ImageFolder(_Files):
    """[sample] of the files in root, however deep. See DatasetFolder for the arguments."""

    def __init__(
        self,
        root: str,
        loader: Callable[[str], Any] | None = None,
        extensions: Sequence[str] | None = None,
        transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
    ):
        super().__init__(root, loader, extensions, transform)
        self.samples = self._below(os.path.expanduser(root))
        self._check_found("files")

    def __getitem__(self, index: int) -> list[Any]:
        return [self._read(self.samples[index])]


def pil_loader(path: str) -> Any:
    """The image of Pillow in a file, in RGB."""
    with open(path, "rb") as file:
        return image_load(file, "pil").convert("RGB")


def cv2_loader(path: str) -> Any:
    """The array [H, W, 3] in a file, red first."""
    cv2 = importlib.import_module("cv2")
    return cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)


def default_loader(path: str) -> Any:
    return cv2_loader(path) if get_image_backend() == "cv2" else pil_loader(path)
