"""What the look at a layer's tensors costs before each call of its static graph, with and without the native module.

    python scripts/bench_watch.py [ROUNDS]

Prints microseconds: the median of looks one after the other, and of looks after 64 MB went through the caches.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_engines import with_native
from bench_models import make

from fxtraced.framework.native import VARIABLE
from fxtraced.lowering.watch import Watch

MODELS = ("MLP 784-512-512-10", "MobileNetV3-large", "ResNet-50, batch 1")


def watch_of(layer: Any) -> Watch:
    """A watch of all parameters and buffers."""
    held = [(holder, name) for x in layer.sublayers(include_self=True) for holder in (x._parameters, x._buffers)
            for name in holder]  # fmt: skip
    return Watch([(holder, name) for holder, name in held if holder[name] is not None])


def microseconds(look: Callable[[], bool], rounds: int, between: Callable[[], Any] | None = None) -> float:
    """The median of all rounds."""
    times = []
    for _ in range(rounds):
        if between is not None:
            between()
        start = time.perf_counter()
        held = look()
        times.append(time.perf_counter() - start)
        assert held
    return 1e6 * statistics.median(times)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    os.environ[VARIABLE] = ""
    torch.set_num_threads(1)
    rest = torch.zeros(64 << 20, dtype=torch.uint8)
    print("| model | tensors | without | with | without, caches swept | with |\n|---|---|---|---|---|---|")
    for name in MODELS:
        layer, _ = make(name)
        without = watch_of(layer)
        with with_native():
            native = watch_of(layer)
        again = [microseconds(x.holds, rounds) for x in (without, native)]
        swept = [microseconds(x.holds, rounds, lambda: rest.add_(1)) for x in (without, native)]
        count = len(without._tensors)
        print(f"| {name} | {count} | " + " | ".join(f"{x:.3g}" for x in (*again, *swept)) + " |", flush=True)


if __name__ == "__main__":
    main()
