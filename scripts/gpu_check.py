"""Run tests/gpu and measure the models of scripts/bench on the GPU; write one table.

scripts/gpu_check [--models ResNet] [--calls 50] [--out gpu_check.md]

Exit codes: 0 all tests passed, 1 one failed or a result is wrong, 3 torch sees no GPU and nothing was run.

Ways: eager; the TracedLayer, whose results stay on the GPU; an archive through a Predictor, portable and saved with
target="cuda", each in float32 and saved with dtype="float16", without and with CUDA graphs. A time is the median over
calls from the start of a call until the GPU has finished it. A difference is from eager, relative to the largest
output; above 2e-2 the check fails. Convolutions multiply in TF32 where torch lets them, as it does by default.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from bench_models import MODELS, make

import fxtraced as paddle
from fxtraced import inference

ROOT = Path(__file__).resolve().parents[1]
NO_GPU = 3
_ALLOWED = 2e-2
_WARM_UP_CALLS = 5

Way = tuple[str, Callable[[], list[torch.Tensor]]]


def ways(layer: Any, inputs: list[Any], device: str, directory: Path) -> Iterator[Way]:
    """Each way to run a layer on a device, by name."""
    layer.to(device)
    given = [x.to(device) for x in inputs]

    def eager() -> list[torch.Tensor]:
        with paddle.no_grad():
            return [layer(*given)]

    yield "eager", eager
    traced = paddle.jit.TracedLayer.trace(layer, given)[1]
    yield "static", lambda: traced(given, return_numpy=False)
    for target, dtype in itertools.product(("portable", "cuda"), (None, "float16")):
        saved = str(directory / f"{target}_{dtype}")
        traced.save_inference_model(saved, dtype=dtype, tolerance=0.1, target=target)
        for graphs in (False, True):
            predictor = _predictor(saved, device)
            if graphs:
                predictor.enable_cuda_graph()
            words = [target, *([dtype] if dtype else []), *(["CUDA graph"] if graphs else [])]
            yield ", ".join(words), lambda predictor=predictor: predictor.run(given)


def _predictor(directory: str, device: str) -> inference.Predictor:
    config = inference.Config(directory)
    if device != "cpu":
        config.enable_use_gpu(100, 0)
    return inference.create_predictor(config)


def median_ms(call: Callable[[], Any], calls: int, wait: Callable[[], None]) -> float:
    """The median time of a call until wait returns, in milliseconds."""
    for _ in range(_WARM_UP_CALLS):
        call()
    times = []
    for _ in range(calls):
        wait()
        start = time.perf_counter()
        call()
        wait()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def measure(name: str, device: str, calls: int) -> list[tuple[str, str, float, float]]:
    """A row for each way: model, way, largest difference from eager, milliseconds."""
    layer, inputs = make(name)
    wait = torch.cuda.synchronize if device != "cpu" else lambda: None
    rows, expected = [], None
    with tempfile.TemporaryDirectory() as directory:
        for way, call in ways(layer, inputs, device, Path(directory)):
            result = call()[0].detach().double()
            expected = result if expected is None else expected
            apart = float((result - expected).abs().max() / expected.abs().max())
            rows.append((name, way, apart, median_ms(call, calls, wait)))
    return rows


def table(rows: list[tuple[str, str, float, float]]) -> str:
    """The rows in Markdown, with each way's time as a part of eager's."""
    eager = {name: ms for name, way, _, ms in rows if way == "eager"}
    lines = ["| model | way | difference | ms | eager / it |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {way} | {apart:.1e} | {ms:.3f} | {eager[name] / ms:.2f} |" for name, way, apart, ms in rows]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="", help="only models whose name contains this")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("gpu_check.md"), help="a file for the table")
    given = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print(
            f"no GPU: torch {torch.__version__} (CUDA {torch.version.cuda}) sees none; nothing was run, nothing written"
        )
        return NO_GPU
    warnings.simplefilter("ignore")
    command = [sys.executable, "-m", "pytest", "tests/gpu", "-rfEs"]
    tests = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(tests.stdout, tests.stderr, sep="\n")
    properties = torch.cuda.get_device_properties(0)
    head = [
        f"{properties.name}, {properties.total_memory >> 30} GiB, torch {torch.__version__}, CUDA {torch.version.cuda}",
        "",
        f"tests/gpu: {tests.stdout.strip().rpartition(chr(10))[2]}",
        "",
    ]
    rows = []
    for name in MODELS:
        if given.models in name:
            found = measure(name, "gpu", given.calls)
            print(table(found), flush=True)
            rows += found
    given.out.write_text("\n".join([*head, table(rows), ""]))
    print(f"written to {given.out}")
    return 1 if tests.returncode or any(not apart <= _ALLOWED for _, _, apart, _ in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
