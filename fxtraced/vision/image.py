"""Images from files, as Pillow, OpenCV or tensors give them (paddle.vision)."""

from __future__ import annotations

import importlib
from typing import Any

from fxtraced.vision.transforms import functional as F

_BACKENDS = ("pil", "cv2", "tensor")
_chosen = "pil"


def set_image_backend(backend: str) -> None:
    """Choose what image_load and the datasets give from now on: "pil", "cv2" or "tensor". Raises ValueError."""
    global _chosen
    _chosen = check_backend(backend)


def get_image_backend() -> str:
    """The chosen one; "pil" at first."""
    return _chosen


def image_load(path: Any, backend: str | None = None) -> Any:
    """The image in a file: "pil" an image of Pillow, "cv2" an array [H, W, C] whose first channel is blue.

    "tensor" is a float32 tensor [C, H, W] in [0, 1]. Each needs its package, Pillow or OpenCV.
    """
    backend = check_backend(_chosen if backend is None else backend)
    if backend == "cv2":
        return importlib.import_module("cv2").imread(str(path))
    image = importlib.import_module("PIL.Image").open(path)
    return image if backend == "pil" else F.to_tensor(image)


def check_backend(backend: str, allowed: tuple[str, ...] = _BACKENDS) -> str:
    if backend not in allowed:
        raise ValueError(f"Expected backend are one of {list(allowed)}, but got {backend}")
    return backend
