"""Trace the sample models of tests/models and print parameters, trace time, guards, archive size and call times.

python scripts/measure_models.py [NAME ...]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from tests import models


def median_ms(call: Callable[[], Any], repeat: int = 20) -> float:
    """The median time of a call after three to warm up."""
    times = []
    for i in range(repeat + 3):
        started = time.perf_counter()
        call()
        if i >= 3:
            times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def measure(name: str) -> list[str]:
    """One row of the table."""
    module = models.load(name)
    model = module.make(paddle)
    model.eval()
    inputs = [paddle.to_tensor(x) for x in module.inputs(np, 2)]
    parameters = sum(p.size for p in model.parameters())
    started = time.perf_counter()
    _, traced = paddle.jit.TracedLayer.trace(model, inputs)
    seconds = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        traced.save_inference_model(folder)
        size = (Path(folder) / "model.pt").stat().st_size
    with paddle.no_grad():
        eager = median_ms(lambda: model(*inputs))
        static = median_ms(lambda: traced(inputs))
    return [
        name,
        f"{parameters:,}",
        f"{seconds:.2f}",
        str(len(traced.guards)),
        f"{size / 1e3:,.0f}",
        f"{eager:.2f}",
        f"{static:.2f}",
    ]


def main() -> None:
    rows = [["model", "parameters", "trace s", "guards", "archive kB", "eager ms", "static ms"]]
    for name in sys.argv[1:] or models.NAMES:
        rows.append(measure(name))
        print(f"measured {name}", file=sys.stderr, flush=True)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
