"""The native module: where it lies, how it is built, and what is said where it cannot be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
import torch

from fxtraced import sysconfig
from fxtraced.framework import native
from fxtraced.framework.native import NAME, VARIABLE
from fxtraced.sysconfig.__main__ import main


def test_it_lies_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = native.native_path()
    assert path.parent == tmp_path / "fxtraced"
    assert path.name.startswith(f"{NAME}-")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert native.native_path() == tmp_path / ".cache" / "fxtraced" / path.name


def test_none_is_wanted(caplog):
    assert os.environ[VARIABLE] == ""
    assert native.native_path() is None
    with caplog.at_level("INFO", "fxtraced"):
        assert native.native() is None
    assert not caplog.messages


def test_none_was_built(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with caplog.at_level("INFO", "fxtraced"):
        assert native.native() is None
        assert native.native() is None
    (said,) = caplog.messages
    assert f"there is no {native.native_path()}" in said
    assert "`python -m fxtraced.sysconfig --build-native`" in said


@pytest.mark.parametrize("what", ["torch", "sources"])
def test_what_belongs_to_others_is_not_loaded(monkeypatch, what, native_folder, tmp_path):
    monkeypatch.setenv(VARIABLE, str(native_folder))
    assert native.native_path().is_file()
    if what == "torch":
        monkeypatch.setattr("torch.__version__", "2.0")
    else:
        changed = tmp_path / "native.cpp"
        changed.write_text(native.SOURCE.read_text() + "\n")
        monkeypatch.setattr(native, "SOURCE", changed)
    native._file_name.cache_clear()
    try:
        assert native.native() is None
        assert not native.native_path().exists()
    finally:
        native._file_name.cache_clear()


def test_a_file_that_does_not_load_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    native.native_path().write_bytes(b"\x7fELF and no more")
    with pytest.warns(UserWarning, match=r"does not load \(.*\): nothing is calculated by it. Build it again with"):
        assert native.native() is None


def test_it_is_loaded_once(with_native):
    assert native.native() is native.native() is not None
    assert native.native().width() in (0, 8, 16)


def test_without_a_compiler(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler was found on PATH; install one for C\+\+17, or name it"):
        sysconfig.build_native()
    assert main(["--build-native"]) == 1
    assert "no C++ compiler was found" in capsys.readouterr().err


def test_without_pythons_headers(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(RuntimeError, match=r"Python's headers are not in .*; install them \(Debian: python3-dev"):
        sysconfig.build_native()


def test_where_none_is_wanted():
    with pytest.raises(RuntimeError, match="FXTRACED_NATIVE is empty: name a folder in it, or unset it"):
        sysconfig.build_native()


# What stands in for a compiler: it fails, or writes what no process can load.
COMPILERS = {
    "fails": ("echo no such option >&2; exit 3", "failed with exit code 3; its output:\nno such option"),
    "writes nonsense": ('while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"', "failed with exit code 1"),
}


@pytest.mark.parametrize("name", COMPILERS)
def test_a_build_that_fails_leaves_what_was_there(monkeypatch, tmp_path, name):
    script, said = COMPILERS[name]
    compiler, folder = tmp_path / "compiler", tmp_path / "folder"
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(compiler.stat().st_mode | stat.S_IXUSR)
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setenv("CXX", str(compiler))
    native.native_path().write_text("as it was")
    with pytest.raises(RuntimeError) as error:
        sysconfig.build_native(verbose=False)
    assert said in str(error.value)
    assert str(error.value).startswith("build_native: ")
    assert [x.name for x in folder.iterdir()] == [native.native_path().name]
    assert native.native_path().read_text() == "as it was"


PROGRAM = """
import fxtraced as paddle
layer = paddle.nn.GRU(4, 4)
layer.eval()
static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([1, 2, 4])])[1]
print(static.program.pass_report["calculate_recurrent"])
"""


@pytest.mark.parametrize("there", [True, False])
def test_another_process_uses_it(native_folder, tmp_path, there):
    environment = {**os.environ, VARIABLE: str(native_folder if there else tmp_path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{int(there and 'AVX' in torch.backends.cpu.get_cpu_capability())}\n"
