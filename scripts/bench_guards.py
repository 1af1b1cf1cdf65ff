"""What guards cost: the same graphs with their guards and without, called in turn in one process.

python scripts/bench_guards.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from fxtraced.lowering.executable import Executable
from fxtraced.passes.pipeline import optimise
from fxtraced.static.strategy import BuildStrategy
from fxtraced.static.traced_program import TracedProgram
from fxtraced.tracing.guards import check_guard


class TwoLayers(paddle.nn.Layer):
    """A small net that looks at its input's sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = paddle.nn.Linear(64, 64)
        self.second = paddle.nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        if x.shape[0] % 2 == 1:
            x = paddle.concat([x, x[:1]])
        assert x.shape[1] == 64
        return self.second(paddle.nn.functional.relu(self.first(x)))


class CheckedResNet50(paddle.nn.Layer):
    """ResNet-50 that looks at its input's sizes and at those of every stage."""

    def __init__(self) -> None:
        super().__init__()
        self.net = paddle.vision.models.resnet50()

    def forward(self, image: Any) -> Any:
        net = self.net
        assert image.shape[2] % 32 == 0
        assert image.shape[3] % 32 == 0
        x = net.maxpool(net.relu(net.bn1(net.conv1(image))))
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = stage(x)
            assert x.shape[2] > 1
            assert x.shape[3] > 1
        return net.fc(paddle.flatten(net.avgpool(x), 1))


def with_and_without(program: TracedProgram) -> tuple[Executable, Executable]:
    """The program's executable, and one of the same graph without guards."""
    graph = program.graph_of(tuple(program.fetch_names))
    for node in graph.find_nodes(op="call_function", target=check_guard):
        graph.erase_node(node)
    bare, _ = optimise(graph, BuildStrategy())
    trace = program.trace
    guarded: Any = program.runnable(tuple(program.fetch_names))
    return guarded, Executable(bare, trace.state, trace.constants, trace.structure)


def microseconds(call: Callable[[], Any], calls: int) -> float:
    """The mean time of a call on this thread's own clock, which other processes hardly disturb."""
    started = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - started) / calls * 1e6


def measure(layer: Any, shape: list[int], rounds: int, calls: int) -> None:
    """Print one line: how many guards, a call without them, and what they add (the fastest rounds compared)."""
    torch.set_num_threads(1)
    layer.eval()
    x = paddle.rand(shape)
    _, static = paddle.jit.TracedLayer.trace(layer, [x], verify=False)
    guarded, bare = with_and_without(static.program)
    feed = x.as_subclass(torch.Tensor)
    for run in (guarded, bare) * 3:
        run(feed)
    times = [
        (microseconds(lambda: guarded(feed), calls), microseconds(lambda: bare(feed), calls)) for _ in range(rounds)
    ]
    call = min(b for _, b in times)
    added = min(a for a, _ in times) - call
    print(
        f"{type(layer).__name__}: {len(static.guards)} guards, a call without them {call:.1f} us, "
        f"they add {added:.2f} us ({added / call:.2%})"
    )


if __name__ == "__main__":
    measure(TwoLayers(), [8, 64], rounds=500, calls=200)
    measure(CheckedResNet50(), [1, 3, 224, 224], rounds=30, calls=1)
