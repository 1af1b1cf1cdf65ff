"""Writing files so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import IO, Any

# Where Linux has the open files of a process, by their numbers.
OPEN_FILES = "/proc/self/fd"


def write_atomically(path: str, write: Callable[[IO[bytes]], Any]) -> None:
    """Let write(file) fill a file under a temporary name, make it durable, and rename it to path.

    path: a symbolic link stays, and the file that it names is replaced. The file may be read and written.
    What write raises comes through; the temporary file is gone then and an existing file stays as it was.
    """
    directory, name = os.path.split(os.path.realpath(path))
    temporary = os.path.join(directory, f".{name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, "x+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(directory, name))
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    _sync_directory(directory)


def name_of_open(file: IO[bytes]) -> str:
    """A name by which this open file is opened again, whatever has its own by then; its own where there is none."""
    name = f"{OPEN_FILES}/{file.fileno()}"
    return name if os.path.exists(name) else str(file.name)


def _sync_directory(directory: str) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
