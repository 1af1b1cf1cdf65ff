"""Where the C++ client lies, and the build of its example programs (paddle.sysconfig and more).

On the command line: `python -m fxtraced.sysconfig --help`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_CPP = Path(__file__).resolve().parents[1] / "cpp"

__all__ = ["build_examples", "get_cmake_dir", "get_cpp_dir", "get_include", "get_lib"]


def get_include() -> str:
    """The directory of the C++ headers: `#include <fxtraced/predictor.h>`."""
    return str(_CPP / "include")


def get_lib() -> str:
    """The directory of libtorch's libraries. Differs from Paddle: the client is header only and has none of its own."""
    return str(_torch_dir() / "lib")


def get_cmake_dir() -> str:
    """The directory of fxtracedConfig.cmake, for `cmake -Dfxtraced_DIR=...`."""
    return str(_CPP / "cmake")


def get_cpp_dir() -> str:
    """The directory of the CMake project that builds the example programs."""
    return str(_CPP)


def build_examples(build_dir: str | os.PathLike[str], verbose: bool = True) -> dict[str, Path]:
    """Build `predict`, `predict_named` and `serve` in build_dir; returns their paths by name.

    Uses ninja where there is one. Prints each command when verbose. Raises RuntimeError when cmake or a C++ compiler is
    missing, and with the tool's output when it fails.
    """
    build = Path(build_dir).resolve()
    cmake = shutil.which("cmake")
    if cmake is None:
        raise RuntimeError(
            "build_examples: cmake was not found on PATH; install cmake 3.18 or later and a C++17 compiler"
        )
    # A generator chosen through the environment, or by an earlier build in this directory, stays.
    fresh = "CMAKE_GENERATOR" not in os.environ and not (build / "CMakeCache.txt").exists()
    generator = ["-G", "Ninja"] if fresh and shutil.which("ninja") else []
    _run(
        [
            cmake,
            *("-S", str(_CPP), "-B", str(build), *generator),
            f"-Dfxtraced_DIR={get_cmake_dir()}",
            f"-DTORCH_INSTALL_PREFIX={_torch_dir()}",
            "-DCMAKE_BUILD_TYPE=Release",
        ],
        verbose,
    )
    _run([cmake, "--build", str(build), "--config", "Release", "--parallel"], verbose)
    suffix = ".exe" if os.name == "nt" else ""
    folders = [build, build / "Release"]
    programs = {}
    for name in ("predict", "predict_named", "serve"):
        found = [folder / f"{name}{suffix}" for folder in folders if (folder / f"{name}{suffix}").is_file()]
        if not found:
            raise RuntimeError(f"build_examples: the build in {build} ended without {name}{suffix}")
        programs[name] = found[0]
    return programs


def _torch_dir() -> Path:
    import torch

    return Path(torch.__file__).resolve().parent


def _run(command: list[str], verbose: bool) -> None:
    if verbose:
        print("+", " ".join(command), flush=True)
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(
            f"build_examples: {' '.join(command)} failed with exit code {done.returncode}; its output:\n{done.stdout}"
        )
    if verbose:
        print(done.stdout, end="", flush=True)
