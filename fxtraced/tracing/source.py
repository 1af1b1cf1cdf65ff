"""Where in the user's code we are."""

from __future__ import annotations

import linecache
import os
import sys

import numpy as np
import torch

from fxtraced.framework.errors import SourceLine

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_TORCH = os.path.dirname(os.path.abspath(torch.__file__))
_NUMPY = os.path.dirname(os.path.abspath(np.__file__))
_STANDARD = os.path.dirname(os.path.abspath(os.__file__))
# Models that we ship are user code: a guard in one of them is best explained by its own line.
_MODELS = os.path.join(_PACKAGE, "vision", "models")

_is_user_file: dict[str, bool] = {}


def user_line() -> SourceLine | None:
    """The innermost line that belongs neither to fxtraced, torch and NumPy nor to Python; None when there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_user_file(frame.f_code.co_filename):
            return source_line(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None


def source_line(file: str, line: int) -> SourceLine:
    """A line with its text."""
    return SourceLine(file, line, linecache.getline(file, line).strip())


def is_user_file(file: str) -> bool:
    """True for code that belongs neither to fxtraced, torch and NumPy nor to Python."""
    user = _is_user_file.get(file)
    if user is None:
        user = _is_user_file[file] = _belongs_to_user(file)
    return user


def _belongs_to_user(file: str) -> bool:
    if file.startswith(_MODELS):
        return True
    if file.startswith(_STANDARD) and "-packages" not in file:
        return False
    return not file.startswith((_PACKAGE, _TORCH, _NUMPY, "<frozen"))
