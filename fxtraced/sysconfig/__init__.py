"""Where the C++ client lies, and the build of its example programs (paddle.sysconfig and more).

On the command line: `python -m fxtraced.sysconfig --help`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from fxtraced.framework import native

_CPP = Path(__file__).resolve().parents[1] / "cpp"
# What compiles a C++ program, by its usual names.
_COMPILERS = ("c++", "g++", "clang++")

__all__ = ["build_examples", "build_native", "get_cmake_dir", "get_cpp_dir", "get_include", "get_lib"]


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


def build_native(verbose: bool = True) -> Path:
    """Build the native module, with which graphs of recurrent and small networks run faster in Python; its path.

    It lies where FXTRACED_NATIVE says, in ~/.cache/fxtraced by default, and belongs to this Python, torch and fxtraced:
    after an update of one of them it has to be built again. Processes use it from their next graph on. Takes half a
    minute, with $CXX or the compiler of the system. Prints the command when verbose. Raises RuntimeError when a
    compiler or Python's headers are missing, when FXTRACED_NATIVE is empty, and with the tool's output when it fails.
    """
    path = native.native_path()
    if path is None:
        raise RuntimeError(f"build_native: {native.VARIABLE} is empty: name a folder in it, or unset it")
    compiler = os.environ.get("CXX") or next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise RuntimeError("build_native: no C++ compiler was found on PATH; install one for C++17, or name it in CXX")
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        raise RuntimeError(
            f"build_native: Python's headers are not in {headers}; install them (Debian: python3-dev, Fedora: "
            "python3-devel)"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        built = Path(folder) / path.name
        included = [_torch_dir() / "include", _torch_dir() / "include/torch/csrc/api/include", headers]
        libraries = ["-ltorch_python", "-ltorch", "-ltorch_cpu", "-lc10"]
        _run(
            [
                *(*compiler.split(), "-std=c++17", "-O2", "-shared", "-fPIC", "-fvisibility=hidden"),
                *(f"-isystem{folder}" for folder in included),
                *(f"-I{native.INCLUDE}", str(native.SOURCE), "-o", str(built)),
                *(f"-L{get_lib()}", *libraries),
            ],
            verbose,
            caller="build_native",
        )
        # A process of its own: what is loaded cannot be replaced, and this one may use what was built before.
        check = (
            "import sys, torch, pathlib; from fxtraced.framework.native import load; load(pathlib.Path(sys.argv[1]))"
        )
        _run([sys.executable, "-c", check, str(built)], verbose=False, caller="build_native")
        os.replace(built, path)
    return path


def _torch_dir() -> Path:
    import torch

    return Path(torch.__file__).resolve().parent


def _run(command: list[str], verbose: bool, caller: str = "build_examples") -> None:
    if verbose:
        print("+", " ".join(command), flush=True)
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(
            f"{caller}: {' '.join(command)} failed with exit code {done.returncode}; its output:\n{done.stdout}"
        )
    if verbose:
        print(done.stdout, end="", flush=True)
