"""A user's project with the C++ client: built without a warning, and checked, under sanitizers, too."""

import subprocess
from pathlib import Path

import pytest
import torch

from fxtraced import sysconfig
from tests.cpp.running import HERE, configure, run_program


def test_predictor_header(hand_made, tmp_path):
    """A user's project: C++17, all warnings errors, found through the prefix path, torch through Python."""
    done = configure(tmp_path / "build", f"-DCMAKE_PREFIX_PATH={sysconfig.get_cmake_dir()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    assert f"libtorch in {Path(torch.__file__).resolve().parent}" in done.stdout
    done = subprocess.run(["cmake", "--build", str(tmp_path / "build")], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_program(tmp_path / "build" / "check", hand_made[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"


# They compile for two minutes and more.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_predictor_header_under_a_sanitizer(hand_made, tmp_path, sanitizer, monkeypatch):
    """No invalid access, no leak, no race but libtorch's own."""
    done = configure(tmp_path, f"-DSANITIZE={sanitizer}", f"-DCMAKE_PREFIX_PATH={sysconfig.get_cmake_dir()}")
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["cmake", "--build", str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    huge = "allocator_may_return_null=1"  # as without a sanitizer, an allocation that cannot be is an error of libtorch
    # A long history: a report without the stack of the first access is not one that can be suppressed.
    thread = f"suppressions={HERE / 'thread_sanitizer.supp'} halt_on_error=1 history_size=7"
    monkeypatch.setenv("TSAN_OPTIONS", f"{thread} {huge}")
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=1 {huge}")
    monkeypatch.setenv("LSAN_OPTIONS", f"suppressions={HERE / 'leak_sanitizer.supp'} print_suppressions=0")
    done = run_program(tmp_path / "check", hand_made[0], timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"


@pytest.mark.skipif(torch.version.cuda is not None, reason="find_package(Torch) of a CUDA build needs the CUDA toolkit")
def test_after_find_package_torch(tmp_path):
    done = configure(
        tmp_path,
        "-DWITH_TORCH_PACKAGE=ON",
        f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path};{sysconfig.get_cmake_dir()}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fxtraced: libtorch in" not in done.stdout
