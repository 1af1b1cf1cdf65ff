"""The levels that a model of a checkout passes one after the other under fxtraced, up to a run in C++."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from zoo_source import Checkout, another_batch, images, keys, tensors
from zoo_survey import Row

import fxtraced as paddle
from tests.models.records import condensed

# Parts of an output's largest value: between this and real Paddle, and between the static graph and the layer.
TO_PADDLE = 1e-3
TO_LAYER = 1e-4


class Trial:
    """One constructor on its way; `row` holds what was found."""

    def __init__(
        self, source: Checkout, file: str, name: str, reference: Row | None, program: Path | None, folder: Path
    ) -> None:
        self.source, self.file, self.name = source, file, name
        self.reference, self.program, self.folder = reference, program, folder
        self.row: Row = {"differences": {}}

    def imports(self) -> None:
        self.module = self.source.load(self.file)

    def builds(self) -> None:
        self.model, self.shape = self.source.build(self.module, self.name)
        self.row["parameters"] = sum(int(np.prod(p.shape)) for p in self.model.parameters())

    def takes_the_weights(self) -> None:
        if self.reference:
            wanted, found = dict(self.reference["state"]), dict(keys(self.model.state_dict()))
            _same(list(wanted), list(found), "keys")
            _same(list(wanted.items()), list(found.items()), "shapes")
        missing = self.source.fill(self.name, self.model, (self.reference or {}).get("gain", 1.0))
        if missing:
            raise ValueError(f"{len(missing)} keys have no weights that fit, the first is {missing[0]}")
        self.model.eval()

    def equals_paddle(self) -> None:
        shape = self.reference["image"] if self.reference else self.shape or [1, 3, 224, 224]
        self.x = paddle.to_tensor(images(self.name, shape))
        self.expected = self._layer(self.x)
        self._compare_to_paddle("eager", self.expected)

    def traces(self) -> None:
        started = time.perf_counter()
        _, self.traced = paddle.jit.TracedLayer.trace(self.model, [self.x])
        self.row["trace_s"] = time.perf_counter() - started
        self.row["guards"] = len(self.traced.guards)
        self._compare_to_paddle("static", self.traced([self.x]))
        with paddle.no_grad():
            self.row["eager_ms"] = _milliseconds(lambda: self.model(self.x))
        self.row["static_ms"] = _milliseconds(lambda: self.traced([self.x]))

    def takes_another_batch(self) -> None:
        x = paddle.to_tensor(another_batch(self.name, self.x.shape))
        _within(TO_LAYER, self._layer(x), self.traced([x]), "the static graph on a batch of 2")

    def saves_and_loads(self) -> None:
        self.traced.save_inference_model(str(self.folder))
        exe = paddle.static.Executor()
        program, feeds, fetches = paddle.static.load_inference_model(str(self.folder), exe)
        results = exe.run(program, {feeds[0]: self.x.numpy()}, fetches)
        _within(TO_LAYER, self.expected, results, "the loaded archive")

    def runs_in_cpp(self) -> None:
        feeds, results = self.folder / "feeds.pt", self.folder / "results.pt"
        torch.save([torch.from_numpy(self.x.numpy())], feeds)
        command = [self.program, self.folder / "model.pt", feeds, results, "--repeat", "3"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the C++ program failed: {done.stderr}")
        _within(TO_LAYER, self.expected, [x.numpy() for x in torch.load(results)], "the C++ program")
        self.row["cpp_ms"] = float(done.stdout.split(" ms")[0].split()[-1])

    def _layer(self, x: Any) -> list[np.ndarray]:
        with paddle.no_grad():
            return [y.numpy() for y in tensors(self.model(x))]

    def _compare_to_paddle(self, way: str, outputs: list[np.ndarray]) -> None:
        if not self.reference:
            return
        shapes = [list(x.shape) for x in outputs]
        if shapes != self.reference["shapes"]:
            raise ValueError(f"the outputs have the shapes {shapes}, Paddle's {self.reference['shapes']}")
        expected = [np.array(x) for x in self.reference["outputs"]]
        found = _within(TO_PADDLE, expected, [condensed(x) for x in outputs], f"{way} against Paddle")
        self.row["differences"][way] = found


LEVELS: dict[str, Callable[[Trial], None]] = {
    "imports": Trial.imports,
    "builds": Trial.builds,
    "weights fit": Trial.takes_the_weights,
    "equals Paddle": Trial.equals_paddle,
    "traces and verifies": Trial.traces,
    "another batch": Trial.takes_another_batch,
    "saved and loaded": Trial.saves_and_loads,
    "runs in C++": Trial.runs_in_cpp,
}


def examine(trial: Trial) -> Iterator[Row]:
    """The row of a trial after each level; "level" is the one that it is at, and the last one when all are passed."""
    for level, step in LEVELS.items():
        if step is Trial.runs_in_cpp and trial.program is None:
            continue
        yield {**trial.row, "level": level, "failure": "the process ended here"}
        step(trial)
        yield {**trial.row, "level": level, "failure": ""}


def _same(wanted: list[Any], found: list[Any], what: str) -> None:
    for a, b in zip(wanted, found, strict=False):
        if a != b:
            raise ValueError(f"{what} of the state dict differ: Paddle has {a}, this {b}")
    if len(wanted) != len(found):
        raise ValueError(f"Paddle's state dict has {len(wanted)} {what}, this one {len(found)}")


def _within(allowed: float, expected: list[np.ndarray], results: list[Any], what: str) -> float:
    """The largest difference, as a part of the largest value of its output. Raises ValueError past allowed."""
    worst = 0.0
    for i, (a, b) in enumerate(zip(expected, results, strict=True)):
        a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
        part = float(np.abs(a - b).max(initial=0)) / (float(np.abs(a).max(initial=0)) or 1.0)
        if not part <= allowed:
            raise ValueError(f"{what}: output {i} differs by {part:.1e} of its largest value, more than {allowed:g}")
        worst = max(worst, part)
    return worst


def _milliseconds(call: Callable[[], Any], repeat: int = 3, enough_ms: float = 1000) -> float:
    """The median time of up to `repeat` calls after one to warm up; no further call once they took enough_ms."""
    call()
    times: list[float] = []
    while len(times) < repeat and sum(times) < enough_ms:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)
