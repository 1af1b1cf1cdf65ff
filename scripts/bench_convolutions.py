"""Convolutions of 3x3 in Winograd's form and by oneDNN, in turns: how long they take, and how exact they are.

    python scripts/bench_convolutions.py [--threads N] [--rounds N]

A row for each size, channels x channels @ places along a side: milliseconds of the fastest call of oneDNN's packed
convolution with relu, of the kernel with tiles of 2x2 and of 4x4 results, and the largest difference of each from the
convolution in float64, as a part of the largest result. The images are random, in the caches; weights are not in a
core's own ones. The native module is built where it was not.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_engines import with_native

from fxtraced.framework.native import native
from fxtraced.passes.calculate_linears import numbers_of
from fxtraced.passes.onednn import Activation

SIZES = [(64, 56), (128, 28), (256, 14), (512, 7), (32, 224), (64, 224), (128, 112), (256, 56), (512, 14)]
# The bytes that are touched before each call.
SWEPT = 16 << 20


def calls(channels: int, side: int) -> tuple[list[Callable[[], torch.Tensor]], torch.Tensor]:
    """What is called, and what it has to give, in float64."""
    x = torch.randn(1, channels, side, side).contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(channels, channels, 3, 3) / math.sqrt(9 * channels), torch.randn(channels)
    settings: Any = ([1, 1], [1, 1], [1, 1], 1)
    packed = torch.ops.mkldnn._reorder_convolution_weight(weight, *settings, list(x.shape))
    tiles = [native().winograd_weight(weight, tile) for tile in (2, 4)]
    relu = numbers_of(Activation("relu"))

    def by_tiles(form: torch.Tensor) -> Callable[[], torch.Tensor]:
        return lambda: torch.ops.fxtraced.winograd(x, form, bias, None, [1, 1], relu)

    onednn = torch.ops.mkldnn._convolution_pointwise
    exact = torch.relu(torch.conv2d(x.double(), weight.double(), bias.double(), padding=1))
    return [lambda: onednn(x, packed, bias, *settings, "relu", [], ""), *map(by_tiles, tiles)], exact


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    swept = torch.zeros(SWEPT, dtype=torch.uint8)
    with with_native(), torch.no_grad():
        if native() is None or not native().width():
            raise SystemExit("bench_convolutions: there is no native module, or no kernel for this CPU")
        print("| size | oneDNN, ms | 2x2 | 4x4 | differences | oneDNN / 2x2 | oneDNN / 4x4 |")
        print("|---|---|---|---|---|---|---|")
        for channels, side in SIZES:
            made, exact = calls(channels, side)
            best, apart = [math.inf] * len(made), [0.0] * len(made)
            for _ in range(given.rounds):
                for i, call in enumerate(made):
                    swept.add_(1)
                    start = time.perf_counter()
                    result = call()
                    best[i] = min(best[i], time.perf_counter() - start)
                    apart[i] = float((result - exact).abs().max() / exact.abs().max())
            times = " | ".join(f"{x * 1e3:.3g}" for x in best)
            ratios = " | ".join(f"{best[0] / x:.2f}" for x in best[1:])
            differences = ", ".join(f"{x:.0e}" for x in apart)
            print(f"| {channels}x{channels} @{side} | {times} | {differences} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
