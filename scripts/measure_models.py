"""Run models with Paddle's recorded outputs beside them, and print what each costs.

    python scripts/measure_models.py [NAME ...]    # sample models; without names, every constructor of the zoo
    python scripts/measure_models.py --write       # the table of docs/models.md, from every constructor

Each has the weights of its record (tests/models/recorded). `difference` is the largest one to Paddle, as a part of the
largest output, of four runs: eager, static, reloaded, and the example program in C++. Times are those of the CPU, with
one thread: another load of the machine does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from fxtraced import sysconfig
from tests import models
from tests.models import records, zoo

COLUMNS = ("model", "parameters", "difference", "trace s", "guards", "archive MB", "eager ms", "static ms")


def median_ms(*calls: Callable[[], Any], repeat: int = 7) -> list[float]:
    """The median time of each call after two to warm up; they take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeat + 2):
        for call, taken in zip(calls, times, strict=True):
            started = time.process_time()
            call()
            taken.append((time.process_time() - started) * 1e3)
    return [statistics.median(taken[2:]) for taken in times]


def in_cpp(program: Path, folder: Path, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """What the example program gives for the archive in a folder."""
    feeds, results = folder / "feeds.pt", folder / "results.pt"
    torch.save([torch.from_numpy(x) for x in arrays], feeds)
    threads = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    subprocess.run([program, folder / "model.pt", feeds, results], check=True, capture_output=True, env=threads)
    return [x.numpy() for x in torch.load(results)]


def reloaded(folder: Path, arrays: list[np.ndarray]) -> list[np.ndarray]:
    exe = paddle.static.Executor()
    program, feeds, fetches = paddle.static.load_inference_model(str(folder), exe)
    return exe.run(program, dict(zip(feeds, arrays, strict=True)), fetches)


def measure(name: str, program: Path) -> list[str]:
    """One row of the table."""
    module, record = models.load(name), records.Record(name)
    model = module.make(paddle)
    model.set_state_dict(record.weights)
    model.eval()
    arrays = module.inputs(np)
    inputs = [paddle.to_tensor(x) for x in arrays]
    started = time.process_time()
    outputs, traced = paddle.jit.TracedLayer.trace(model, inputs)
    seconds = time.process_time() - started
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        traced.save_inference_model(place)
        size = (folder / "model.pt").stat().st_size
        eager = [x.numpy() for x in records.flat(outputs)]
        runs = [eager, traced(inputs), reloaded(folder, arrays), in_cpp(program, folder, arrays)]
    with paddle.no_grad():
        times = median_ms(lambda: model(*inputs), lambda: traced(inputs))
    return [
        name,
        f"{sum(p.size for p in model.parameters()):,}",
        f"{max(max(record.differences(run)) for run in runs):.1e}",
        f"{seconds:.2f}",
        str(len(traced.guards)),
        f"{size / 1e6:,.1f}",
        *(f"{ms:.1f}" for ms in times),
    ]


def write(rows: list[list[str]]) -> None:
    """Put the rows in place of the table of docs/models.md."""
    path = Path(__file__).resolve().parents[1] / "docs" / "models.md"
    head = f"| {' | '.join(COLUMNS)} |\n"
    before, _, after = path.read_text().partition(head)
    rest = after[after.index("\n\n") :]
    lines = ["|" + "---|" * len(COLUMNS), *(f"| {' | '.join(row)} |" for row in rows)]
    path.write_text(before + head + "\n".join(lines) + rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", action="store_true", help="write the table of docs/models.md")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    print(*COLUMNS, sep="\t", flush=True)
    with tempfile.TemporaryDirectory() as place:
        program = Path(sysconfig.build_examples(place)["predict"])
        for name in given.names or [row.NAME for row in zoo.FULL]:
            rows.append(measure(name, program))
            print(*rows[-1], sep="\t", flush=True)
    if given.write:
        write(rows)


if __name__ == "__main__":
    main()
