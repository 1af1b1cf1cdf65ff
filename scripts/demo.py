"""Trace a ResNet-50 and a Transformer encoder, check, save and load them, predict from C++, and print a table.

    python scripts/demo.py [--output DIR] [--repeat N]

Exit code 1 when two ways to run a model differ.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import fxtraced as paddle
from fxtraced import sysconfig

ALLOWED = 1e-5


class TextEncoder(paddle.nn.Layer):
    """A classifier as large as BERT-base's first six layers: ids and a mask in, logits out."""

    def __init__(self, vocabulary: int = 30522, width: int = 768, layers: int = 6, heads: int = 12, longest: int = 512):
        super().__init__()
        self.tokens = paddle.nn.Embedding(vocabulary, width)
        self.positions = paddle.nn.Embedding(longest, width)
        block = paddle.nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.1, activation="gelu")
        self.encoder = paddle.nn.TransformerEncoder(block, layers)
        self.classifier = paddle.nn.Linear(width, 2)

    def forward(self, ids: Any, mask: Any) -> Any:
        x = self.tokens(ids) + self.positions(paddle.arange(ids.shape[1]))
        bias = (1.0 - mask.astype("float32")).unsqueeze([1, 2]) * -1e9
        x = self.encoder(x, bias)
        return self.classifier(x[:, 0])


def models() -> dict[str, tuple[Any, list[Any]]]:
    """Each model with its inputs."""
    paddle.seed(0)
    random = np.random.RandomState(0)
    ids = random.randint(0, 30522, [1, 128]).astype("int64")
    mask = np.ones([1, 128], "int64")
    mask[:, 100:] = 0
    return {
        "ResNet-50, 1x3x224x224": (
            paddle.vision.models.resnet50(),
            [paddle.to_tensor(random.uniform(-1, 1, [1, 3, 224, 224]).astype("float32"))],
        ),
        "Transformer, 6x768, 128 tokens": (TextEncoder(), [paddle.to_tensor(ids), paddle.to_tensor(mask)]),
    }


def say(text: str) -> None:
    print(text, flush=True)


def milliseconds(calls: dict[str, Callable[[], Any]], repeat: int) -> dict[str, float]:
    """The median time of each call; rounds are interleaved, so that a busy moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(3):
        for call in calls.values():
            call()
    for _ in range(repeat):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - started) * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


def run_cpp(program: Path, archive: Path, feeds: Any, folder: Path, repeat: int) -> tuple[Any, float]:
    """What the C++ program writes for these feeds, and its median milliseconds."""
    torch.save(feeds, folder / "feeds.pt")
    command = [
        str(program),
        str(archive),
        str(folder / "feeds.pt"),
        str(folder / "results.pt"),
        "--repeat",
        str(repeat),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stderr}")
    printed = re.search(r"([\d.]+) ms", done.stdout)
    if printed is None:
        raise RuntimeError(f"no time in the output of {program}: {done.stdout!r}")
    return torch.load(folder / "results.pt"), float(printed.group(1))


def largest_difference(reference: list[np.ndarray], results: list[Any]) -> float:
    """The largest absolute difference relative to the largest magnitude of the reference."""
    return max(
        float(np.abs(np.asarray(b) - a).max() / np.abs(a).max()) for a, b in zip(reference, results, strict=True)
    )


def demonstrate(
    name: str, layer: Any, inputs: list[Any], programs: dict[str, Path], folder: Path, repeat: int
) -> list[list[str]]:
    """Take one model all the way; the rows of its table."""
    layer.eval()
    parameters = sum(p.numel().item() for p in layer.parameters())
    say(f"\n{name}: {parameters:,} parameters")
    started = time.perf_counter()
    outputs, traced = paddle.jit.TracedLayer.trace(layer, inputs)
    say(f"  traced and verified in {time.perf_counter() - started:.1f} s, {len(traced.guards)} guards")
    say("  " + str(traced.report).replace("\n", "\n  "))
    folder.mkdir(parents=True, exist_ok=True)
    traced.save_inference_model(str(folder))
    archive = folder / "model.pt"
    say(f"  saved {archive}, {archive.stat().st_size / 1e6:.1f} MB")

    exe = paddle.static.Executor(paddle.CPUPlace())
    program, feed_names, fetches = paddle.static.load_inference_model(str(folder), exe)
    feed = dict(zip(feed_names, [x.numpy() for x in inputs], strict=True))
    reference = [outputs.numpy()]
    with paddle.no_grad():
        calls = {
            "eager": lambda: [layer(*inputs).numpy()],
            "static": lambda: traced(inputs),
            "loaded": lambda: exe.run(program, feed, fetches),
        }
        times = milliseconds(calls, repeat)
        results = {way: call() for way, call in calls.items()}
    tensors = [torch.from_numpy(x.numpy()) for x in inputs]
    named = dict(zip(feed_names, tensors, strict=True))
    results["C++"], times["C++"] = run_cpp(programs["predict"], archive, tensors, folder, repeat)
    pairs, times["C++ predictor"] = run_cpp(programs["predict_named"], archive, named, folder, repeat)
    results["C++ predictor"] = [dict(pairs)[fetch.name] for fetch in fetches]
    rows = []
    for way, values in results.items():
        apart = largest_difference(reference, values)
        rows.append(
            [
                name if way == "eager" else "",
                way,
                f"{apart:.1e}",
                f"{times[way]:.1f}",
                f"{times['eager'] / times[way]:.2f}",
            ]
        )
        if apart > ALLOWED:
            raise RuntimeError(f"{name}: {way} differs from eager by {apart:.1e}, more than {ALLOWED:g}")
    return rows


def table(rows: list[list[str]]) -> str:
    """Rows as aligned text."""
    header = ["model", "way", "difference", "ms", "eager / it"]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument(
        "--output", type=Path, default=Path(".demo"), help="where models and programs go (default: .demo)"
    )
    arguments.add_argument("--repeat", type=int, default=20, help="timed calls of each way (default: 20)")
    options = arguments.parse_args()
    say(f"fxtraced {paddle.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    say("building the C++ examples (half a minute, once)")
    programs = sysconfig.build_examples(options.output / "build", verbose=False)
    rows = []
    for i, (name, (layer, inputs)) in enumerate(models().items()):
        rows += demonstrate(name, layer, inputs, programs, options.output / f"model_{i}", options.repeat)
    say("\n" + table(rows))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
