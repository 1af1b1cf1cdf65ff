"""What the native module's kernels for images gain: static graphs with and without them, in turns in one process.

    python scripts/bench_images.py [--models TEXT ...] [--rounds N] [--threads N]

Prints microseconds of an image [1, 3, 224, 224] that is turned to channels last and summed, by torch and by the kernel;
then a row for each model: milliseconds of the fastest and the median call of both graphs, and the median of the ratios
of all rounds. The module is built where it was not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_engines import with_native
from bench_models import MODELS, make

import fxtraced as paddle
from fxtraced.framework.native import native
from fxtraced.lowering import freezing


def seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def graphs(name: str) -> list[Callable[[], Any]]:
    """Calls of the static graph without the kernels and with them."""
    layer, inputs = make(name)
    made = []
    for calculate in (lambda graph, feeds: 0, freezing.calculate_images):
        with patch.object(freezing, "calculate_images", calculate):
            _, static = paddle.jit.TracedLayer.trace(layer, inputs)
            for _ in range(5):
                static(inputs)
        made.append(lambda static=static: static(inputs))
    return made


def turned_image(rounds: int) -> None:
    image = torch.rand(1, 3, 224, 224)

    def by_torch() -> None:
        image.contiguous(memory_format=torch.channels_last).sum()

    by_kernel = torch.ops.fxtraced.turned.default
    times = [(seconds(by_torch), seconds(lambda: by_kernel(image))) for _ in range(10 * rounds)]
    before, after = (statistics.median(column) * 1e6 for column in zip(*times, strict=True))
    print(f"an image turned and summed: torch {before:.0f} us, kernel {after:.0f} us\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["ResNet-50, batch 1", "MobileNet"], metavar="TEXT")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with with_native():
        if native() is None:
            raise SystemExit("bench_images: there is no native module")
        turned_image(given.rounds)
        print("| model | threads | without, fastest | median | with, fastest | median | without / with |")
        print("|---|---|---|---|---|---|---|")
        for name in (x for x in MODELS if any(text in x for text in given.models)):
            without, with_them = graphs(name)
            times = [(seconds(without), seconds(with_them)) for _ in range(given.rounds)]
            columns = list(zip(*times, strict=True))
            cells = [f"{f(column) * 1e3:.3g}" for column in columns for f in (min, statistics.median)]
            ratio = statistics.median(a / b for a, b in times)
            print(f"| {name} | {given.threads} | {' | '.join(cells)} | {ratio:.3f} |", flush=True)


if __name__ == "__main__":
    main()
