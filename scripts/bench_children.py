"""Engines of scripts/bench.py in processes of their own, which take turns over a pipe: C++ and Paddle Inference."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).resolve().parent


class Child:
    """An engine that times its calls itself, so that the pipe costs nothing.

    It has to answer "ready", and then each command of its document (bench_paddle.py, bench_cpp/main.cpp).
    """

    def __init__(self, command: list[str], place: tempfile.TemporaryDirectory[str]):
        self._place = place
        threads = str(torch.get_num_threads())
        self._log = Path(place.name) / "log"
        self._process = subprocess.Popen(
            [*command, threads],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "PYTHONPATH": ""},
        )
        # What a program in C++ says of loading the archive: seconds, and megabytes that the process grew by.
        self.loading = list(map(float, self._answer().split()[1:]))

    def seconds(self, least: float) -> float:
        """The mean of as many calls as fit into least seconds."""
        return float(self._ask(f"run {least}"))

    def __call__(self) -> list[Any]:
        """The first output, as one row of numbers."""
        path = Path(self._place.name) / "result"
        self._ask(f"result {path}")
        return [np.fromfile(path, "float32")]

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, command: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"its process ended: {self._log.read_text().strip()[-300:] or 'without a word'}")
        return line.strip()


def cpp(layer: Any, traced: Any, inputs: list[Any]) -> Child:
    """The portable archive through plain libtorch, in C++."""
    return _in_cpp(traced, inputs, "portable")


def cpp_predictor(layer: Any, traced: Any, inputs: list[Any], in_bfloat16: bool = False) -> Child:
    """The portable archive through fxtraced::Predictor, which compiles partitions for the sizes of the trace."""
    return _in_cpp(traced, inputs, "portable", "predictor-in-bfloat16" if in_bfloat16 else "predictor")


def cpp_cpu(layer: Any, traced: Any, inputs: list[Any], dtype: str | None = None) -> Child:
    """The archive for target="cpu" through plain libtorch, in C++."""
    return _in_cpp(traced, inputs, "cpu", dtype=dtype)


def _in_cpp(traced: Any, inputs: list[Any], target: str, how: str = "plain", dtype: str | None = None) -> Child:
    place: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory()
    traced.save_inference_model(place.name, target=target, dtype=dtype)
    feeds = f"{place.name}/feeds.pt"
    torch.save([x.as_subclass(torch.Tensor) for x in inputs], feeds)
    return Child([str(_cpp_program()), how, f"{place.name}/model.pt", feeds], place)


@cache
def _cpp_program() -> Path:
    """The built program of bench_cpp/, once for this run and kept for the next."""
    # CMake refuses a build folder that was configured for another checkout.
    checkout = hashlib.sha256(str(HERE).encode()).hexdigest()[:8]
    build = Path(tempfile.gettempdir()) / f"fxtraced_bench_cpp_{os.getuid()}_{torch.__version__}_{checkout}"
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    configure = ["cmake", "-S", str(HERE / "bench_cpp"), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release"]
    for command in (
        [*configure, f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path}"],
        ["cmake", "--build", str(build)],
    ):
        done = subprocess.run(command, env=tools, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr).strip()[-300:]}")
    return build / "bench"


def paddle_inference(python: str, name: str, layer: Any, inputs: list[Any], precision: str) -> Child:
    """Paddle Inference with oneDNN, on the same model and weights, by a Python that has paddlepaddle."""
    place: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory()
    np.savez(f"{place.name}/weights.npz", **{key: value.numpy() for key, value in layer.state_dict().items()})
    np.savez(f"{place.name}/feeds.npz", *(x.numpy() for x in inputs))
    return Child([python, str(HERE / "bench_paddle.py"), name, place.name, precision], place)
