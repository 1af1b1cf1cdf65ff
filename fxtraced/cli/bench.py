"""`fxtraced bench`: latency and throughput of an archive."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from typing import Any

import numpy as np
import torch

from fxtraced.cli.common import UsageError, add_device, add_model, predictor_of, read_feeds, table
from fxtraced.inference import Predictor

_PERCENTILES = (50, 90, 99)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "bench",
        help="measure latency and throughput of an archive",
        description="Calls the model on its sample, repeated to each batch size, from each number of threads at once. "
        "torch's own threads are left as they are (OMP_NUM_THREADS).",
        epilog="example: fxtraced bench saved_infer_model --batch 1,8 --threads 1,2 --seconds 5",
    )
    add_model(parser)
    add_device(parser)
    parser.add_argument("--feed", action="append", default=[], metavar="NAME=FILE.npy", help="an input")
    parser.add_argument("--batch", type=_numbers, metavar="N,N,...", help="first sizes of the inputs; the sample's own")
    parser.add_argument(
        "--threads", type=_numbers, default=[1], metavar="N,N,...", help="callers at once; 1 by default"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row of the table; 3 by default")
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    parser.set_defaults(function=_bench)


def _numbers(text: str) -> list[int]:
    numbers = [int(x) for x in text.split(",") if x.strip().isdigit()]
    if len(numbers) < len(text.split(",")) or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"numbers of at least 1 are wanted, like 1,8, but {text!r} was given")
    return numbers


def _bench(given: argparse.Namespace) -> int:
    start = time.perf_counter()
    predictor = predictor_of(given.model, given.device)
    load = time.perf_counter() - start
    feeds = read_feeds(predictor, given.feed)
    first = [_call(predictor, feeds) for _ in range(3)]
    measured = []
    batches = given.batch or [feeds[0].shape[0] if feeds and feeds[0].ndim else 1]
    for batch in batches:
        inputs = _repeated(feeds, batch) if given.batch else feeds
        for threads in given.threads:
            print(f"batch {batch}, {threads} at once: {given.seconds:g} s ...", file=sys.stderr, flush=True)
            measured.append({"batch": batch, "threads": threads, **_measure(predictor, inputs, threads, given.seconds)})
    if given.json:
        print(json.dumps({"load_seconds": load, "first_calls_ms": first, "rows": measured}, indent=1))
        return 0
    print(f"load {load * 1e3:.1f} ms, first calls {', '.join(f'{x:.2f}' for x in first)} ms")
    rows = [["batch", "threads", *(f"p{p} ms" for p in _PERCENTILES), "calls/s", "rows/s"]]
    for row in measured:
        rate = row["calls_per_second"]
        rows.append([str(row["batch"]), str(row["threads"]), *(f"{row[f'p{p}_ms']:.3f}" for p in _PERCENTILES),
                     f"{rate:.1f}", f"{rate * row['batch']:.1f}"])  # fmt: skip
    print(table(rows))
    return 0


def _repeated(feeds: list[torch.Tensor], batch: int) -> list[torch.Tensor]:
    """The feeds with their rows repeated to another first size."""
    if any(x.ndim == 0 for x in feeds):
        raise UsageError("--batch needs inputs with a first axis, and one has none")
    return [x[torch.arange(batch, device=x.device) % x.shape[0]] for x in feeds]


def _measure(predictor: Predictor, feeds: list[torch.Tensor], threads: int, seconds: float) -> dict[str, float]:
    predictor.warm_up([x.shape for x in feeds])
    times: list[float] = []
    problems: list[BaseException] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        try:
            while time.perf_counter() < end:
                times.append(_call(predictor, feeds))
        except BaseException as error:
            problems.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if problems:
        raise problems[0]
    elapsed = time.perf_counter() - start
    percentiles = {f"p{p}_ms": float(np.percentile(times, p)) for p in _PERCENTILES}
    return {**percentiles, "calls_per_second": len(times) / elapsed}


def _call(predictor: Predictor, feeds: list[torch.Tensor]) -> float:
    """One call in milliseconds; a GPU's work is waited for."""
    start = time.perf_counter()
    predictor.run(feeds)
    if predictor.device().type == "cuda":
        torch.cuda.synchronize(predictor.device())
    return (time.perf_counter() - start) * 1e3
