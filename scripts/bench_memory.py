"""What conversion and archives take of memory: each in a fresh process, peaks as the kernel counts them.

python scripts/bench_memory.py [--models TEXT ...]

Prints a row for each model, in megabytes:
weights: parameters and buffers. archive: the file. loaded: what the process grows by when the archive is loaded and
called once; cpu archive, cpu loaded: the same for one with target="cpu". eager call, trace: the peak above what the
process had with the layer built; the eager call records gradients, like the one in a trace. static: what stays of that
after the trace and three calls, which is packed copies and graphs.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_models import MODELS, make

import fxtraced as paddle

COLUMNS = ["weights", "archive", "loaded", "cpu archive", "cpu loaded", "eager call", "trace", "static"]


def status(field: str) -> float:
    """A field of /proc/self/status in megabytes: VmRSS is memory now, VmHWM its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f"{field}:"))


def forget_the_peak() -> float:
    """Let the peak begin anew; memory now, without what the allocator holds in reserve."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def ready() -> None:
    """What the first use of torch's libraries takes is nobody's."""
    conv = paddle.nn.Sequential(paddle.nn.Conv2D(3, 8, 3), paddle.nn.BatchNorm2D(8), paddle.nn.ReLU())
    conv.eval()
    x = paddle.rand([1, 3, 8, 8])
    _, static = paddle.jit.TracedLayer.trace(conv, [x])
    static([x])


def eager(name: str, place: str) -> dict[str, float]:
    layer, inputs = make(name)
    before = forget_the_peak()
    layer(*inputs)
    return {"eager call": status("VmHWM") - before}


def trace(name: str, place: str) -> dict[str, float]:
    layer, inputs = make(name)
    tensors = {x.data_ptr(): x.nbytes for x in (*layer.parameters(), *layer.buffers())}
    before = forget_the_peak()
    _, static = paddle.jit.TracedLayer.trace(layer, inputs)
    found = {"weights": sum(tensors.values()) / 1e6, "trace": status("VmHWM") - before}
    for _ in range(3):
        static(inputs)
    found["static"] = forget_the_peak() - before
    np.savez(Path(place) / "feed.npz", *(x.numpy() for x in inputs))
    for target, column in (("portable", "archive"), ("cpu", "cpu archive")):
        static.save_inference_model(f"{place}/{target}", target=target)
        found[column] = Path(place, target, "model.pt").stat().st_size / 1e6
    return found


def loaded(name: str, place: str) -> dict[str, float]:
    return {"loaded": _growth(place, "portable")}


def cpu_loaded(name: str, place: str) -> dict[str, float]:
    return {"cpu loaded": _growth(place, "cpu")}


def _growth(place: str, target: str) -> float:
    arrays = list(np.load(Path(place) / "feed.npz").values())
    before = forget_the_peak()
    program, names, _ = paddle.static.load_inference_model(f"{place}/{target}")
    paddle.static.Executor().run(program, dict(zip(names, arrays, strict=True)))
    return forget_the_peak() - before


STEPS = {x.__name__: x for x in (eager, trace, loaded, cpu_loaded)}


def measure(name: str) -> dict[str, float]:
    """All columns for a model, each step in a process of its own."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, name, place]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.update(json.loads(output.splitlines()[-1]))
    return found


def table(rows: dict[str, dict[str, float]]) -> str:
    """The rows in Markdown."""
    lines = [f"| model, MB | {' | '.join(COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 1)]
    lines += [f"| {name} | {' | '.join(f'{row[x]:.1f}' for x in COLUMNS)} |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["ResNet-50, batch 1", "BERT"], metavar="TEXT")
    parser.add_argument("--step", nargs=3, metavar=("STEP", "MODEL", "DIRECTORY"), help="one step, in this process")
    given: Any = parser.parse_args()
    torch.set_num_threads(1)
    if given.step:
        step, name, place = given.step
        ready()
        print(json.dumps(STEPS[step](name, place)))
        return
    names = [x for x in MODELS if any(text in x for text in given.models)]
    print(table({name: measure(name) for name in names}))


if __name__ == "__main__":
    main()
