"""Memory that ran out, which torch says in many texts and this package in one error, and memory that is given back."""

from __future__ import annotations

import ctypes
import os
import re

from fxtraced.framework.errors import OutOfMemoryError

# torch's allocators for GPUs and the CPU, cuBLAS and cuDNN. TorchScript leaves the text of an error, not its type.
_TEXTS = re.compile(
    r"CUDA out of memory|can't allocate memory|not enough memory: you tried to allocate"
    r"|CUDA error: out of memory|CU(?:BLAS|DNN)_STATUS_ALLOC_FAILED"
)


def out_of_memory(error: Exception | str, doing: str) -> OutOfMemoryError | None:
    """The error to raise where a text of torch says that memory ran out, None for other texts.

    doing: what wanted the memory, as the beginning of a sentence.
    """
    text = str(error)
    if not _TEXTS.search(text):
        return None
    said = next(line for line in text.splitlines() if _TEXTS.search(line)).strip()
    return OutOfMemoryError(
        f"FXT307 {doing} needs more memory than there is: {said}\n"
        "  What was allocated for this call is free again, and the next one may be smaller: fewer rows at once, or an "
        'archive of half the size (dtype="float16"). See docs/errors.md#fxt307'
    )


def raise_if_out_of_memory(error: Exception, doing: str) -> None:
    """Raise what out_of_memory gives; return where it gives None."""
    found = out_of_memory(error, doing)
    try:
        if found is not None:
            raise found from error
    finally:
        # The error's traceback holds this frame and the caller's, with its tensors: no cycle may keep them.
        del found


def return_memory() -> None:
    """Let the C library give back what it keeps of freed weights: laid out ones do not fit between the rest."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim:
        trim(0)
