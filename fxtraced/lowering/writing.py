"""Writing a scripted module to a file that may be on a full disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import IO, Any

import torch

from fxtraced.framework.files import OPEN_FILES

_CHUNK = 1 << 20


def write_scripted(module: Any, file: IO[bytes], extra_files: dict[str, str]) -> None:
    """Write a scripted module to an open file as torch.jit.save does; within quiet().

    libtorch ends the process where a file cannot take what its writer of files has for it, and holds everything four
    times to fill a buffer. So it writes to a file in memory first, where the system has those.
    Raises OSError when the file cannot be written.
    """
    memory = _file_in_memory()
    if memory is None:
        torch.jit.save(module, file, _extra_files=extra_files)
        return
    with memory, tempfile.TemporaryDirectory() as folder:
        # The name is the zip file's top folder, which is the same in each archive.
        name = os.path.join(folder, "archive")
        os.symlink(f"{OPEN_FILES}/{memory.fileno()}", name)
        torch.jit.save(module, name, _extra_files=extra_files)
        shutil.copyfileobj(memory, file, _CHUNK)


def _file_in_memory() -> IO[bytes] | None:
    """A new file in memory that can be opened by a name; None where there is none."""
    if not (hasattr(os, "memfd_create") and os.path.isdir(OPEN_FILES)):
        return None
    import resource

    # A limit to the size of files is for those in memory, too.
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return None
    try:
        # The name needs a folder.
        tempfile.gettempdir()
        return open(os.memfd_create("fxtraced"), "rb")
    except OSError:
        # A sandbox has no such folder, or forbids such files.
        return None
