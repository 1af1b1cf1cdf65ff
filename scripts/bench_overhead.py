"""What a call costs beside the scripted module itself, on Linear(3, 10): each way of calling in turns, in one process.

python scripts/bench_overhead.py [ROUNDS]

Prints microseconds of this thread's own clock, which other processes hardly disturb: the median of all rounds, and the
median of the differences from the bare scripted module in the same round. Then, for graphs of a few operations,
those of a function of Python and of a scripted method.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from fxtraced.lowering import direct
from fxtraced.lowering.executable import Executable
from fxtraced.lowering.script import call_scripted

CALLS = 300
BARE = "the scripted module, within no_grad"


def ways() -> dict[str, Callable[[], Any]]:
    """The ways of calling one Linear(3, 10)."""
    paddle.seed(0)
    layer = paddle.nn.Linear(3, 10)
    layer.eval()
    x = paddle.rand([2, 3])
    _, static = paddle.jit.TracedLayer.trace(layer, [x])
    program = static.program
    run = program.plain_runnable(tuple(program.fetch_names))
    assert isinstance(run, Executable)
    module, method, feed = run._module, run._forward, x.as_subclass(torch.Tensor)
    place = tempfile.mkdtemp()
    static.save_inference_model(place)
    loaded, names, _ = paddle.static.load_inference_model(place)
    executor, predictor = (
        paddle.static.Executor(),
        paddle.inference.create_predictor(paddle.inference.Config(place)),
    )
    named = {names[0]: x.numpy()}
    weight, bias = (p.detach().as_subclass(torch.Tensor) for p in (layer.weight, layer.bias))
    product = torch.addmm(bias, feed, weight)

    def bare() -> Any:
        with torch.no_grad():
            return module(feed)

    return {
        BARE: bare,
        "the same, no_grad around all calls": lambda: module(feed),
        "its method, no_grad around all calls": lambda: method(feed),
        "static([tensor])": lambda: static([x]),
        "static([tensor], return_numpy=False)": lambda: static([x], return_numpy=False),
        "Executor.run(static.program, arrays)": lambda: executor.run(program, named),
        "Executor.run(loaded program, arrays)": lambda: executor.run(loaded, named),
        "Predictor.run([tensor])": lambda: predictor.run([x]),
        "the layer, within no_grad": lambda: _eager(layer, x),
        "torch.addmm, no_grad around all calls": lambda: torch.addmm(bias, feed, weight),
        "the NumPy array of a tensor": product.numpy,
    }


def chain(operations: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """A graph of so many operations, called without TorchScript and by its scripted method."""

    class Chain(paddle.nn.Layer):
        def forward(self, x: Any) -> Any:
            for i in range(operations):
                x = x * 2 if i % 2 else paddle.nn.functional.relu(x)
            return x

    x = paddle.rand([2, 3])
    with mock.patch.object(direct, "_MOST_OPERATIONS", operations):
        program = paddle.jit.TracedLayer.trace(Chain(), [x])[1].program
    run, feeds = program.plain_runnable(tuple(program.fetch_names)), (x.as_subclass(torch.Tensor),)
    function = run._direct
    assert function is not None
    return lambda: function(run._tensors, feeds), lambda: call_scripted(run._forward, feeds, None, True)


def _eager(layer: Any, x: Any) -> Any:
    with paddle.no_grad():
        return layer(x)


def microseconds(name: str, call: Callable[[], Any]) -> float:
    """The mean of some calls."""
    with torch.set_grad_enabled("around all" not in name):
        call()
        start = time.thread_time()
        for _ in range(CALLS):
            call()
        return (time.thread_time() - start) / CALLS * 1e6


def main() -> None:
    torch.set_num_threads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    calls = ways()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(microseconds(name, call))
    print("| way | us | more than bare |\n|---|---|---|")
    for name, own in times.items():
        more = statistics.median(a - b for a, b in zip(own, times[BARE], strict=True))
        print(f"| {name} | {statistics.median(own):.2f} | {more:+.2f} |")
    print("\n| operations | us as a function of Python | us as a scripted method |\n|---|---|---|")
    for operations in (1, 2, 4, 6, 8, 12):
        pair = chain(operations)
        both = [[microseconds("around all", call) for _ in range(rounds)] for call in pair]
        print(f"| {operations} | {' | '.join(f'{statistics.median(x):.2f}' for x in both)} |")


if __name__ == "__main__":
    main()
