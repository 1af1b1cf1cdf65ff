"""Native: what a C++ compiler made of the C++ client's kernels for Python, where a user had it built.

Nothing needs it. With it, kernels for this CPU calculate what they are the fastest for, as in the C++ client, and
changed weights are looked for in C++.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import logging
import os
import sysconfig
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import torch

# The folder that it lies in; empty to go without.
VARIABLE = "FXTRACED_NATIVE"
NAME = "fxtraced_native"

_CPP = Path(__file__).resolve().parents[1] / "cpp"
SOURCE = _CPP / "native" / "native.cpp"
INCLUDE = _CPP / "include"

_log = logging.getLogger("fxtraced")
_loaded: dict[Path, Any] = {}
_missed: set[Path] = set()


def native() -> Any:
    """The native module; None where none was built for this Python, torch and fxtraced, or the user wants none."""
    path = native_path()
    if path is None:
        return None
    if path in _loaded:
        return _loaded[path]
    if path.is_file():
        try:
            _loaded[path] = load(path)
        except ImportError as error:
            warnings.warn(
                f"{path} was built for this Python, torch and fxtraced, and does not load ({error}): nothing is "
                "calculated by it. Build it again with `python -m fxtraced.sysconfig --build-native`, or delete it",
                stacklevel=2,
            )
    elif path not in _missed:
        _missed.add(path)
        _log.info(
            "graphs run without the native module, which makes most of them faster: there is no %s, which is for this "
            "Python, torch and fxtraced. Where there is a C++ compiler, `python -m fxtraced.sysconfig --build-native` "
            "builds it",
            path,
        )
    return _loaded.get(path)


def native_path() -> Path | None:
    """Where the native module for this Python, torch and fxtraced lies or would lie; None where the user wants none."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fxtraced")
    return Path(folder).absolute() / _file_name() if folder else None


def load(path: Path) -> Any:
    """The native module in a file. Raises ImportError where it does not load."""
    loader = importlib.machinery.ExtensionFileLoader(NAME, str(path))
    spec = importlib.util.spec_from_file_location(NAME, path, loader=loader)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


@cache
def _file_name() -> str:
    """One for each Python, torch and state of the sources."""
    sources = [SOURCE, *sorted(INCLUDE.glob("**/*.h"))]
    text = b"\0".join([torch.__version__.encode(), *(x.read_bytes() for x in sources)])
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return f"{NAME}-{hashlib.sha256(text).hexdigest()[:16]}{suffix}"
