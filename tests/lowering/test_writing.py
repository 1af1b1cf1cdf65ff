"""Scripted modules are written by way of a file in memory or of a buffer, and are the same."""

import os

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


@pytest.mark.parametrize("missing", ["file", "memory"])
def test_both_ways_give_the_same_bytes(tmp_path, monkeypatch, missing):
    module = scripted()
    one = written(module, tmp_path / "one.pt")
    if missing == "file":
        monkeypatch.setattr(writing, "_FILES", str(tmp_path / "nowhere"))
    else:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    assert not writing._has_files_in_memory()
    assert written(module, tmp_path / "another.pt") == one
    extra = {"text": ""}
    with quiet():
        loaded = torch.jit.load(tmp_path / "one.pt", _extra_files=extra)
    assert extra["text"] == b"of the archive"
    assert torch.equal(loaded.weight, module.weight)


def test_a_full_disk_is_an_error(tmp_path, monkeypatch):
    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    with pytest.raises(OSError, match="No space left"), quiet():
        writing.write_scripted(scripted(), Full(), {})
    if before:
        assert len(os.listdir("/proc/self/fd")) == len(before)
