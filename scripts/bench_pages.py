"""Pages that glibc fetches anew in each call of an archive in C++: as it is, and where it keeps its memory.

python scripts/bench_pages.py [MODEL ...]

For each model of scripts/bench whose name has one of the texts (U-Net by default), through plain libtorch on one
thread, in three processes each: pages fetched in a call, and the milliseconds of the median call. The environment
variables are those of docs/cpp.md; fxtraced::keep_memory() does the same within a process.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from unittest import mock

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_children import Child, cpp
from bench_models import MODELS, make

import fxtraced as paddle

KEPT = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1)}
PROCESSES, CALLS = 3, 20


def pages(child: Child) -> int:
    """How many pages a process has fetched so far, as the kernel counts them."""
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


def measure(child: Child) -> tuple[float, float]:
    """Pages and seconds of a call, after some that are not counted."""
    for _ in range(3):
        child.seconds(0)
    before = pages(child)
    times = [child.seconds(0) for _ in range(CALLS)]
    return (pages(child) - before) / CALLS, statistics.median(times)


def main() -> None:
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or ["U-Net"]
    for name in (x for x in MODELS if any(text in x for text in wanted)):
        layer, inputs = make(name)
        _, traced = paddle.jit.TracedLayer.trace(layer, inputs, verify=False)
        for way, variables in (("as it is", {}), ("kept", KEPT)):
            for _ in range(PROCESSES):
                with mock.patch.dict(os.environ, variables):
                    child = cpp(layer, traced, inputs)
                fetched, seconds = measure(child)
                child.close()
                print(f"{name}, {way}: {fetched:.0f} pages, {seconds * 1e3:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
