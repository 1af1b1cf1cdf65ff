"""Linear calls as products of MKL and of oneDNN, as its 1x1 convolutions and by the native module's kernel, in turns.

python scripts/bench_linears.py [MODEL ...]

Prints GFLOP/s, the median of all rounds, for rows x inputs x outputs: MKL's product, oneDNN's, its convolution, and the
kernel, with packed weights that are not in a core's own caches, and torch's own call, in one process on one thread. The
module is built where it was not. For each model of scripts/bench whose
name has one of the texts, the milliseconds of its static graph where linear calls can only be oneDNN's products, and
where they are what is measured to be the fastest: the fastest call and the median.
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

from bench_engines import with_native
from bench_models import MODELS, make

import fxtraced as paddle
from fxtraced.framework.native import native
from fxtraced.passes import calculate_linears, convolve_linears, mkl, multiply_linears, partition_linears
from fxtraced.passes.calculate_recurrent import in_blocks
from fxtraced.passes.onednn import Activation
from fxtraced.tensor.loops import rows_as_image

ROUNDS = 30
# The bytes of weights that one round reads: more than a core's caches.
HELD = 32 << 20
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
    """GFLOP/s of MKL's product, oneDNN's product, its convolution, the kernel and torch's linear."""
    copies = max(2, HELD // (4 * inputs * outputs))
    x, bias = torch.rand(rows, inputs), torch.rand(outputs)
    weights = [torch.rand(outputs, inputs) for _ in range(copies)]
    products_of_mkl, ops, image = torch.ops.mkl, torch.ops.mkldnn, rows_as_image(x)
    settings: Any = ([0, 0], [1, 1], [1, 1], 1)
    by_mkl = [products_of_mkl._mkl_reorder_linear_weight(w, rows) for w in weights] if mkl.is_available() else []
    products = [ops._reorder_linear_weight(w, rows) for w in weights]
    blocks = [in_blocks(w, 1, native().width()) for w in weights]
    no_activation = calculate_linears.numbers_of(Activation())
    size = list(image.shape)
    kernels = [ops._reorder_convolution_weight(convolve_linears.as_kernel(w), *settings, size) for w in weights]
    calls = [
        lambda: [products_of_mkl._mkl_linear(x, p, w, bias, rows) for p, w in zip(by_mkl, weights, strict=False)],
        lambda: [ops._linear_pointwise(x, w, bias, "none", [], "") for w in products],
        lambda: [ops._convolution_pointwise(image, w, bias, *settings, "none", [], "") for w in kernels],
        lambda: [torch.ops.fxtraced.linear(x, w, bias, None, no_activation) for w in blocks],
        lambda: [torch.nn.functional.linear(x, w, bias) for w in weights],
    ]
    counts = [len(by_mkl), copies, copies, copies, copies]
    seconds = map(statistics.median, in_turns(calls))
    return [2e-9 * rows * inputs * outputs * n / s for n, s in zip(counts, seconds, strict=True)]


def models(name: str) -> list[list[float]]:
    """The seconds of calls of the static graph with oneDNN's products only, and with what is the fastest."""
    layer, inputs = make(name)
    with (
        mock.patch.object(calculate_linears, "fastest", lambda cases, kernel: ["product" for _ in cases]),
        mock.patch.object(partition_linears, "fastest", lambda cases: ["product" for _ in cases]),
        mock.patch.object(multiply_linears, "fastest", lambda cases: ["product" for _ in cases]),
        mock.patch.object(convolve_linears, "choose", lambda sites, *_, **__: ["linear" for _ in sites]),
    ):
        _, products = paddle.jit.TracedLayer.trace(layer, inputs)
    _, static = paddle.jit.TracedLayer.trace(layer, inputs)
    return in_turns([lambda: products(inputs), lambda: static(inputs)])


def main() -> None:
    torch.set_num_threads(1)
    print(f"vectors: {torch.backends.cpu.get_cpu_capability()}")
    with with_native():
        if native() is None or not native().width():
            raise SystemExit("bench_linears: there is no native module, or no kernel for this CPU")
        with torch.no_grad():
            for size in SIZES:
                names = "MKL", "oneDNN's product", "its convolution", "kernel", "torch"
                texts = [f"{x} {y:.0f}" for x, y in zip(names, kernels(*size), strict=True)]
                print(f"{size}:", *texts, "GFLOP/s", flush=True)
        for name in (x for x in MODELS if any(text in x for text in sys.argv[1:])):
            before, after = models(name)
            texts = [f"{min(x) * 1e3:.3g} ({statistics.median(x) * 1e3:.3g})" for x in (before, after)]
            print(f"{name}: {texts[0]} ms with oneDNN's products, {texts[1]} with what is the fastest", flush=True)


if __name__ == "__main__":
    main()
