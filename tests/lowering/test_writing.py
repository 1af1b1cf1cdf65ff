"""Scripted modules are written by way of a file in memory or of a buffer, and are the same."""

import os
import tempfile

import pytest
import torch

from fxtraced.lowering import writing
from fxtraced.lowering.script import quiet


def scripted():
    with quiet():
        return torch.jit.script(torch.nn.Linear(300, 400))


def written(module, path):
    with open(path, "w+b") as file, quiet():
        writing.write_scripted(module, file, {"text": "of the archive"})
        assert file.tell() == os.fstat(file.fileno()).st_size
    return path.read_bytes()


def forbidden(*_):
    raise OSError(1, "Operation not permitted")


WITHOUT = {
    "names": lambda patch: patch.setattr(writing, "OPEN_FILES", "/nowhere"),
    "files in memory": lambda patch: patch.delattr(os, "memfd_create", raising=False),
    "leave to make one": lambda patch: patch.setattr(os, "memfd_create", forbidden, raising=False),
    "a folder": lambda patch: patch.setattr(tempfile, "gettempdir", forbidden),
}


@pytest.mark.parametrize("missing", WITHOUT)
def test_both_ways_give_the_same_bytes(tmp_path, monkeypatch, missing):
    module = scripted()
    one = written(module, tmp_path / "one.pt")
    WITHOUT[missing](monkeypatch)
    assert writing._file_in_memory() is None
    assert written(module, tmp_path / "another.pt") == one
    extra = {"text": ""}
    with quiet():
        loaded = torch.jit.load(tmp_path / "one.pt", _extra_files=extra)
    assert extra["text"] == b"of the archive"
    assert torch.equal(loaded.weight, module.weight)


def test_a_full_disk_is_an_error():
    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), quiet():
        writing.write_scripted(scripted(), Full(), {})
