"""Linear calls as products and as 1x1 convolutions of oneDNN, in turns in one process, on one thread.

python scripts/bench_linears.py [MODEL ...]

Prints GFLOP/s, the fastest of all rounds, for rows x inputs x outputs: oneDNN's product and its convolution with packed
weights, and torch's own call. For each model of scripts/bench whose name has one of the texts, the milliseconds of its
static graph without and with the pass convolve_linears: the fastest call and the median.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_models import MODELS, make

import fxtraced as paddle
from fxtraced.passes import convolve_linears
from fxtraced.tensor.loops import rows_as_image

ROUNDS = 30
SIZES = [(8, 784, 512), (80, 192, 6625), (128, 768, 768), (128, 3072, 768), (197, 768, 3072), (197, 3072, 768)]


def in_turns(calls: list[Callable[[], Any]]) -> list[list[float]]:
    """The seconds of each call, of ROUNDS rounds, each after one that is not counted."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, found in zip(calls, times, strict=True):
            call()
            start = time.perf_counter()
            call()
            found.append(time.perf_counter() - start)
    return times


def kernels(rows: int, inputs: int, outputs: int) -> list[float]:
    """GFLOP/s of oneDNN's product, its convolution and torch's linear."""
    x, weight, bias = torch.rand(rows, inputs), torch.rand(outputs, inputs), torch.rand(outputs)
    ops, image = torch.ops.mkldnn, rows_as_image(x)
    product = ops._reorder_linear_weight(weight, rows)
    settings: Any = ([0, 0], [1, 1], [1, 1], 1)
    kernel = convolve_linears.as_kernel(weight)
    kernel = ops._reorder_convolution_weight(kernel, *settings, list(image.shape))
    calls = [
        lambda: ops._linear_pointwise(x, product, bias, "none", [], ""),
        lambda: ops._convolution_pointwise(image, kernel, bias, *settings, "none", [], ""),
        lambda: torch.nn.functional.linear(x, weight, bias),
    ]
    return [2e-9 * rows * inputs * outputs / min(times) for times in in_turns(calls)]


def models(name: str) -> list[list[float]]:
    """The seconds of calls of the static graph without and with the pass."""
    layer, inputs = make(name)
    with (
        mock.patch.object(convolve_linears, "is_faster", return_value=False),
        mock.patch.object(convolve_linears, "choose", lambda sites, *_, **__: ["linear" for _ in sites]),
    ):
        _, without = paddle.jit.TracedLayer.trace(layer, inputs)
    _, static = paddle.jit.TracedLayer.trace(layer, inputs)
    return in_turns([lambda: without(inputs), lambda: static(inputs)])


def main() -> None:
    torch.set_num_threads(1)
    print(f"vectors: {torch.backends.cpu.get_cpu_capability()}")
    with torch.no_grad():
        for size in SIZES:
            product, convolution, own = kernels(*size)
            print(f"{size}: product {product:.0f}, convolution {convolution:.0f}, torch {own:.0f} GFLOP/s", flush=True)
    for name in (x for x in MODELS if any(text in x for text in sys.argv[1:])):
        before, after = models(name)
        texts = [f"{min(x) * 1e3:.1f} ({statistics.median(x) * 1e3:.1f})" for x in (before, after)]
        print(f"{name}: {texts[0]} ms without, {texts[1]} with", flush=True)


if __name__ == "__main__":
    main()
