"""A content hash at the end of a zip file, where every zip reader expects a comment.

    zip bytes ... end record (comment length) | "fxtraced sha256 " + 64 hex digits

The hash is of every byte before the comment, so a bit that flips anywhere in the file is found, in a header as in the
data. Readers that know nothing of it (libtorch, zip tools) skip the comment.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import IO

_MARK = b"fxtraced sha256 "
_COMMENT_SIZE = len(_MARK) + 64
# The end record of a zip file without a comment: its signature first, the comment's length last.
_END_SIGNATURE = b"PK\x05\x06"
_END_SIZE = 22
_CHUNK = 1 << 20


def seal(file: IO[bytes]) -> str:
    """Append the hash to an open zip file (readable, writable, without a comment); returns its hex digits."""
    end = file.seek(0, os.SEEK_END)
    file.seek(end - _END_SIZE)
    record = file.read(_END_SIZE)
    if not (record.startswith(_END_SIGNATURE) and record.endswith(b"\0\0")):
        raise ValueError("seal: the file does not end with the end record of a zip file without a comment")
    file.seek(end - 2)
    file.write(struct.pack("<H", _COMMENT_SIZE))
    digest = _digest(file, end)
    file.seek(end)
    file.write(_MARK + digest.encode())
    return digest


def broken_seal(file: IO[bytes]) -> str | None:
    """What is wrong with a sealed file, None when nothing is."""
    size = file.seek(0, os.SEEK_END)
    if size < _COMMENT_SIZE:
        return f"it has {size} bytes only"
    file.seek(size - _COMMENT_SIZE)
    comment = file.read(_COMMENT_SIZE)
    if not comment.startswith(_MARK):
        return "its content hash is missing at the end"
    expected, found = comment[len(_MARK) :].decode("ascii", "replace"), _digest(file, size - _COMMENT_SIZE)
    return None if expected == found else f"its content hash is {found}, and {expected} was written"


def written_hash(file: IO[bytes]) -> str:
    """The hash at the end of a sealed file that is not broken, as hex digits."""
    file.seek(-64, os.SEEK_END)
    return file.read(64).decode("ascii")


def _digest(file: IO[bytes], size: int) -> str:
    """The SHA-256 of the first `size` bytes."""
    file.seek(0)
    digest = hashlib.sha256()
    while size:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            break
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()
