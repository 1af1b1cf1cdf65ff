"""try_import (paddle.utils.lazy_import)."""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["try_import"]


def try_import(module_name: str, err_msg: str | None = None) -> ModuleType:
    """Import a module. Raises ImportError with err_msg, or with the package to install."""
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        package = "opencv-python" if module_name == "cv2" else module_name.split(".")[0]
        raise ImportError(err_msg or f"{module_name} cannot be imported; `pip install {package}` adds it") from error
