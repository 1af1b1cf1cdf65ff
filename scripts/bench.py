"""Compare the speed of engines on the same models: one process, all engines in turns, ratios to eager of each round.

    scripts/bench [--models TEXT ...] [--engines NAME ...] [--rounds N] [--threads N] [--write]

--models takes those whose name has one of the texts in it. --write puts the table into docs/performance.md. Peers that
are not installed are left out: pip install "fxtraced[bench]". Exit code 1 when an engine's outputs differ from eager's.
"""

from __future__ import annotations

import argparse
import gc
import logging
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_engines import ENGINES, Run, available
from bench_models import MODELS, make

import fxtraced as paddle

# How far an engine may be from eager, as a part of the largest output.
ALLOWED = 1e-3
# The shortest time that one engine is measured for in a round, in seconds.
LEAST = 0.02
COLUMNS = ["engine", "ratio to eager", "quartiles", "ms", "build s", "first call ms", "memory MB", "difference"]
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def resident() -> float:
    """The memory of the process, in megabytes."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096 / 1e6


def seconds(run: Run) -> float:
    """One call, as the mean of as many as fit into LEAST."""
    calls, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < LEAST or not calls:
        run()
        calls += 1
    return passed / calls


def measure(name: str, engines: list[str], rounds: int) -> list[list[str]]:
    """A row for each engine on one model."""
    layer, inputs = make(name)
    start = time.perf_counter()
    _, traced = paddle.jit.TracedLayer.trace(layer, inputs)
    tracing = time.perf_counter() - start
    runs: dict[str, Run] = {}
    notes: dict[str, list[str]] = {}
    expected: Any = None
    for engine in engines:
        gc.collect()
        memory, start = resident(), time.perf_counter()
        try:
            run = ENGINES[engine](layer, traced, inputs)
            built = time.perf_counter()
            (result,) = run()
        except Exception as error:
            print(f"  {engine}: {type(error).__name__}: {str(error).splitlines()[0][:120]}", flush=True)
            continue
        first = 1e3 * (time.perf_counter() - built)
        expected = result if expected is None else expected
        difference = float(np.abs(result - expected).max() / np.abs(expected).max())
        build = built - start + (tracing if engine == "ours" else 0)
        runs[engine] = run
        notes[engine] = [f"{build:.2f}", f"{first:.1f}", f"{max(resident() - memory, 0):.0f}", f"{difference:.0e}"]
    times: dict[str, list[float]] = {engine: [] for engine in runs}
    for run in runs.values():
        for _ in range(3):
            run()
    for at in range(rounds):
        print(f"\r  round {at + 1} of {rounds}", end="", flush=True)
        for engine, run in runs.items():
            times[engine].append(seconds(run))
    print(flush=True)
    return [[engine, *_summary(times["eager"], times[engine]), *notes[engine]] for engine in runs]


def _summary(eager: list[float], own: list[float]) -> list[str]:
    ratios = sorted(a / b for a, b in zip(eager, own, strict=True))
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return [f"{statistics.median(ratios):.2f}", f"{low:.2f} to {high:.2f}", f"{1e3 * statistics.median(own):.3g}"]


def table(tables: dict[str, list[list[str]]]) -> str:
    """All results in Markdown."""
    lines = [f"| model | {' | '.join(COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 1)]
    lines += [f"| {name} | {' | '.join(row)} |" for name, rows in tables.items() for row in rows]
    return "\n".join(lines) + "\n"


def write(tables: dict[str, list[list[str]]], how: str) -> None:
    """Put the table under the heading "Table" of docs/performance.md."""
    before, heading, _ = DOCUMENT.read_text().partition("## Table\n")
    DOCUMENT.write_text(f"{before}{heading}\n{how}\n\n{table(tables)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[""], metavar="TEXT")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    warnings.filterwarnings("ignore", message=r".*torch\.jit.*")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    engines = ["eager", *(x for x in given.engines if x != "eager" and available(x))]
    tables: dict[str, list[list[str]]] = {}
    for name in (x for x in MODELS if any(text in x for text in given.models)):
        print(name, flush=True)
        tables[name] = measure(name, engines, given.rounds)
        print(table({name: tables[name]}), flush=True)
        gc.collect()
    if given.write:
        vectors = torch.backends.cpu.get_cpu_capability()
        how = f"torch {torch.__version__}, threads: {given.threads}, rounds: {given.rounds}, vectors: {vectors}."
        write(tables, how)
    rows: list[Any] = [row for found in tables.values() for row in found]
    return int(any(float(row[-1]) > ALLOWED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
