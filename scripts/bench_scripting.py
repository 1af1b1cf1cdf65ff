"""How conversion grows with the graph: layers of 500, 2,000 and 8,000 operations, each step timed on its own.

python scripts/bench_scripting.py [OPERATIONS ...]

Prints a row for each size: seconds, and behind the stroke microseconds an operation. Times are of this thread's own
clock, which other processes hardly disturb, on one thread.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from fxtraced.static.strategy import BuildStrategy

SIZES = [500, 2000, 8000]


class Chain(paddle.nn.Layer):
    """Blocks of four operations, with a parameter in each."""

    def __init__(self, operations: int):
        super().__init__()
        self.blocks = operations // 4
        self.scale = self.create_parameter([16])

    def forward(self, x: Any) -> Any:
        for _ in range(self.blocks):
            x = paddle.nn.functional.relu(paddle.tanh(x * self.scale + 0.5))
        return x


def seconds(step: Callable[[], Any]) -> tuple[float, Any]:
    """How long a step takes, and its result."""
    start = time.thread_time()
    result = step()
    return time.thread_time() - start, result


def measure(operations: int) -> dict[str, float]:
    """The seconds of each step."""
    layer = Chain(operations)
    layer.eval()
    x = paddle.rand([2, 16])
    times: dict[str, float] = {}
    times["trace"], (_, static) = seconds(lambda: paddle.jit.TracedLayer.trace(layer, [x], verify=False))
    fetches = tuple(static.program.fetch_names)
    times["build"], run = seconds(lambda: static.program.plain_runnable(fetches, BuildStrategy()))
    times["first call"], _ = seconds(lambda: run(x))
    times["next call"], _ = seconds(lambda: run(x))
    times["trace, verify, build"], _ = seconds(lambda: paddle.jit.TracedLayer.trace(layer, [x]))
    with tempfile.TemporaryDirectory() as place:
        times["save"], _ = seconds(lambda: static.save_inference_model(place))
        times["load"], (program, *_) = seconds(lambda: paddle.static.load_inference_model(place))
        loaded = program.runnable(tuple(program.fetch_names))
        times["first call, loaded"], _ = seconds(lambda: loaded(x))
    return times


def table(sizes: list[int]) -> str:
    """A row for each size in Markdown."""
    torch.set_num_threads(1)
    measure(40)
    rows = {n: measure(n) for n in sizes}
    names = list(next(iter(rows.values())))
    lines = [f"| operations | {' | '.join(names)} |", "|" + "---|" * (len(names) + 1)]
    lines += [f"| {n:,} | {' | '.join(f'{t:.3g} / {1e6 * t / n:.3g}' for t in x.values())} |" for n, x in rows.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(list(map(int, sys.argv[1:])) or SIZES))
