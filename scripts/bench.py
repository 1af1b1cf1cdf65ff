"""Compare the speed of engines on the same models: all engines in turns, ratios to eager of each round.

    scripts/bench [--models TEXT ...] [--engines NAME ...] [--rounds N] [--threads N ...] [--precision bfloat16]
        [--paddle PYTHON] [--write]

--models takes those whose name has one of the texts in it. --precision bfloat16 compares engines in it; the ratios are
to eager in float32. --paddle names a Python that has paddlepaddle. --write puts the tables into docs/performance.md,
with docs/performance.svg beside it. Peers that are not installed are left out: pip install "fxtraced[bench]". Exit code
1 when an engine's outputs differ from eager's.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench_memory
import bench_scripting
from bench_children import Child, paddle_inference
from bench_engines import ENGINES, Run, available, flop, product, with_native
from bench_models import MODELS, make
from bench_plot import Bar, plot

import fxtraced as paddle
from fxtraced.framework.native import VARIABLE

# How far an engine may be from eager, as a part of the largest output.
ALLOWED = {"float32": 1e-3, "bfloat16": 3e-2}
# The engines that are this package's.
OWN = ("ours", "predictor", "cpp", "cpp_cpu", "cpp_predictor")
# The shortest time that one engine is measured for in a round, in seconds.
LEAST = 0.05
# How long threads of the engine before may still spin, waiting for work, on a core that the next one needs.
PAUSE = 0.25
COLUMNS = "ratio to eager|quartiles|ms|of the limit|conversion s|first call ms|memory MB|difference".split("|")
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
# The models whose peaks of memory are measured.
IN_MEMORY = ["ResNet-50, batch 1", "BERT-base, 128 tokens"]


@dataclass
class Row:
    """One engine on one model. times, eager: seconds of a call in each round; limit: those at the machine's limit."""

    model: str
    threads: int
    engine: str
    conversion: float
    first: float
    memory: float | None
    difference: float
    times: list[float]
    eager: list[float]
    limit: float = 0.0

    @property
    def bar(self) -> Bar:
        """Median and quartiles of the ratios to eager."""
        ratios = [a / b for a, b in zip(self.eager, self.times, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        return Bar(self.engine, middle, low, high)

    def cells(self) -> list[str]:
        """The row of the table."""
        own, bar = statistics.median(self.times), self.bar
        measured = [f"{bar.middle:.2f}", f"{bar.low:.2f} to {bar.high:.2f}", f"{1e3 * own:.3g}"]
        memory = "" if self.memory is None else f"{self.memory:.0f}"
        rest = [f"{self.conversion:.2f}", f"{1e3 * self.first:.1f}", memory, f"{self.difference:.0e}"]
        return [self.model, str(self.threads), self.engine, *measured, f"{self.limit / own:.2f}", *rest]


def resident() -> float:
    """The memory of the process, in megabytes."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096 / 1e6


def seconds(run: Run | Child | Callable[[], Any]) -> float:
    """One call, as the mean of as many as fit into LEAST, after one that fills the caches."""
    if torch.get_num_threads() > 1:
        time.sleep(PAUSE)
    if isinstance(run, Child):
        run.seconds(0)
        return run.seconds(LEAST)
    run()
    calls, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < LEAST or not calls:
        run()
        calls += 1
    return passed / calls


def start_engine(engine: str, build: Callable[[], Any], expected: Any) -> tuple[Any, dict[str, Any], Any]:
    """Build an engine and call it once: what runs it, what was noted of that, and its result."""
    gc.collect()
    memory, start = resident(), time.perf_counter()
    run = build()
    built = time.perf_counter()
    if isinstance(run, Child):
        first = run.seconds(0)
        if run.loading:
            print(f"\r  {engine}: loaded in {run.loading[0]:.2f} s, {run.loading[1]:.0f} MB", flush=True)
        result = run()[0].reshape(expected.shape)
    else:
        (result,) = run()
        first = time.perf_counter() - built
    expected = result if expected is None else expected
    notes = {
        "conversion": built - start,
        "first": first,
        "memory": next(iter(run.loading[1:]), None) if isinstance(run, Child) else max(resident() - memory, 0),
        "difference": float(np.abs(result - expected).max() / np.abs(expected).max()),
    }
    return run, notes, result


def measure(name: str, threads: int, engines: list[str], rounds: int, python: str | None, precision: str) -> list[Row]:
    """A row for each engine on one model."""
    torch.set_num_threads(threads)
    layer, inputs = make(name)
    start = time.perf_counter()
    _, traced = paddle.jit.TracedLayer.trace(layer, inputs)
    tracing = time.perf_counter() - start
    runs: dict[str, Any] = {}
    notes: dict[str, dict[str, Any]] = {}
    expected: Any = None
    for engine in engines:
        print(f"\r  {engine:12}", end="", flush=True)
        try:
            if engine == "paddle":
                run, noted, result = start_engine(
                    engine, lambda: paddle_inference(str(python), name, layer, inputs, precision), expected
                )
            else:
                build = ENGINES[precision][engine]
                run, noted, result = start_engine(engine, lambda b=build: b(layer, traced, inputs), expected)
        except Exception as error:
            print(f"\r  {engine}: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:120]}", flush=True)
            continue
        expected = result if expected is None else expected
        noted["conversion"] += tracing if engine in OWN else 0
        runs[engine], notes[engine] = run, noted
    multiply, operations = product(precision)
    products: list[float] = []
    times: dict[str, list[float]] = {engine: [] for engine in runs}
    for run in runs.values():
        seconds(run)
    for at in range(rounds):
        print(f"\r  round {at + 1} of {rounds}", end="", flush=True)
        products.append(seconds(multiply))
        for engine, run in runs.items():
            times[engine].append(seconds(run))
    print(flush=True)
    for run in runs.values():
        if isinstance(run, Child):
            run.close()
    limit = flop(traced, inputs) * min(products) / operations
    return [Row(name, threads, x, **notes[x], times=times[x], eager=times["eager"], limit=limit) for x in runs]


def table(rows: list[Row]) -> str:
    """All results in Markdown."""
    lines = [f"| model | threads | engine | {' | '.join(COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 3)]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells())} |" for row in rows)]) + "\n"


def write(rows: list[Row], how: str) -> None:
    """Put the tables under the heading "Table" of docs/performance.md, and the plot beside it."""
    groups: dict[str, list[Bar]] = {}
    for row in rows:
        groups.setdefault(f"{row.model}, threads: {row.threads}", []).append(row.bar)
    DOCUMENT.with_suffix(".svg").write_text(plot(groups))
    memory = bench_memory.table({name: bench_memory.measure(name) for name in IN_MEMORY})
    growth = bench_scripting.table(bench_scripting.SIZES)
    before, heading, _ = DOCUMENT.read_text().partition("## Table\n")
    DOCUMENT.write_text(
        f"{before}{heading}\n{how}\n\n![Ratios to eager](performance.svg)\n\n{table(rows)}\n"
        f"Memory, by `scripts/bench_memory.py`, which says what the columns are:\n\n{memory}\n"
        "Conversion of larger graphs, by `scripts/bench_scripting.py`, in seconds / microseconds an operation:\n\n"
        f"{growth}"
    )


def main() -> int:
    names = [*dict.fromkeys(name for engines in ENGINES.values() for name in engines), "paddle"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[""], metavar="TEXT")
    parser.add_argument("--engines", nargs="+", default=names, choices=names)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[torch.get_num_threads()])
    parser.add_argument("--precision", default="float32", choices=[*ENGINES])
    parser.add_argument("--paddle", metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    # One that a user has built is only for the engine of that name.
    os.environ[VARIABLE] = ""
    warnings.filterwarnings("ignore", message=r".*torch\.jit.*")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    chosen = [x for x in given.engines if x != "eager" and available(x, given.precision)]
    chosen = [x for x in chosen if x != "paddle" or given.paddle]
    if "native" in chosen:
        with with_native():
            print("the native module is there", flush=True)
    rows: list[Row] = []
    for name in (x for x in MODELS if any(text in x for text in given.models)):
        for threads in given.threads:
            print(f"{name}, threads: {threads}", flush=True)
            found = measure(name, threads, ["eager", *chosen], given.rounds, given.paddle, given.precision)
            print(table(found), flush=True)
            rows += found
            gc.collect()
    if given.write:
        vectors = torch.backends.cpu.get_cpu_capability()
        write(rows, f"torch {torch.__version__}, rounds: {given.rounds}, vectors: {vectors}.")
    return int(any(row.difference > ALLOWED[given.precision] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
