"""Random graphs through oneDNN's graph compiler, each in a process of its own with limits on memory and time.

python scripts/fuzz_partitions.py [--graphs 400] [--first 0] [--through static|predictor|cpp] [--bfloat16]

Convolutions or linear layers, norms, activations, pools and operations of two tensors, wired at random; a value is read
again more often than in a model. Every graph is compiled in partitions, whether faster or not, with its linear layers
in turns as products of oneDNN, as convolutions, as products of MKL and, with the native module, as calls of its kernel.
Its results are compared with the layer's at three scales of the input; feeds and weights must stay as they were. Prints
the graphs that differ, end in an exception or do not end, and a count of each outcome; exit code 1 when there is one of
them.
--through: the static graph, a predictor on its archive, or fxtraced::Predictor in C++, which compiles each graph but
uses only what is faster.
--bfloat16: calculated in it, through cpp of archives saved in it; a tenth of the scale is allowed, as of each graph
when it is compiled.
A norm of nearly equal numbers may round by some 1e-5 of the scale more, and is listed: look at it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle
from fxtraced import inference, sysconfig
from fxtraced.lowering import partitions, scripted_passes
from fxtraced.passes import calculate_linears, linear, multiply_linears, partition_linears, partitioning
from fxtraced.static import manifest

nn, F = paddle.nn, paddle.nn.functional
Run = Callable[[Any], list[Any]]
# Of a static graph and a folder: what calls it, and what says how it answered.
Way = Callable[[Any, str], tuple[Run, Callable[[], str]]]
# Bytes and seconds of one graph, and how far a result may be from the layer's, as a part of its scale.
MEMORY, SECONDS, TOLERANCE = 6 << 30, 30, 2e-5
IN_BFLOAT16 = 0.1

# What linear layers become, by the seed.
LINEARS = ("product", "convolution", "mkl", "kernel")

LAYERS: dict[bool, list[Callable[[], Any]]] = {
    True: [
        lambda: nn.Conv2D(16, 16, 3, padding=1),
        lambda: nn.Conv2D(16, 16, 3, padding=1, bias_attr=False),
        lambda: nn.Conv2D(16, 16, 1),
        lambda: nn.Conv2D(16, 16, 3, padding=1, groups=16),
        lambda: nn.Conv2D(16, 16, 3, padding=1, groups=4),
        lambda: nn.Conv2DTranspose(16, 16, 3, padding=1),
        lambda: nn.BatchNorm2D(16),
    ],
    False: [
        lambda: nn.Linear(16, 16),
        lambda: nn.Linear(16, 16),
        lambda: nn.Linear(16, 16, bias_attr=False),
        lambda: nn.LayerNorm(16),
    ],
}
OF_ONE: list[Callable[[Any], Any]] = [
    F.relu, F.relu6, F.sigmoid, F.tanh, F.gelu, F.hardswish, F.hardsigmoid, F.silu, F.leaky_relu, F.elu, paddle.abs,
    lambda y: F.softmax(y, axis=1), lambda y: F.log_softmax(y, axis=-1), lambda y: paddle.exp(y * 0.1),
    lambda y: y * y, lambda y: y * 0.5 + 0.25, lambda y: paddle.clip(y, -0.5, 0.7),
    lambda y: paddle.sqrt(paddle.abs(y) + 1e-3),
]  # fmt: skip
OF_IMAGES: list[Callable[[Any], Any]] = [
    lambda y: F.max_pool2d(y, 3, 1, 1), lambda y: F.avg_pool2d(y, 3, 1, 1), lambda y: y.transpose([0, 1, 3, 2]),
    lambda y: y * F.hardsigmoid(F.adaptive_avg_pool2d(y, 1)),
]  # fmt: skip
OF_TWO: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (paddle.abs(b) + 1.0),
    paddle.maximum, paddle.minimum,
]  # fmt: skip


class Wired(nn.Layer):
    """A random graph: each step reads values before it, mostly recent ones."""

    def __init__(self, choice: random.Random, images: bool):
        super().__init__()
        self.made = nn.LayerList()
        self.steps: list[tuple[Any, list[int]]] = []
        functions = OF_ONE + (OF_IMAGES if images else [])
        for count in range(1, choice.randint(4, 13)):
            kind = choice.random()
            reads = [max(0, count - 1 - int(choice.expovariate(0.9))) for _ in range(1 if kind < 0.65 else 2)]
            if kind < 0.35:
                self.made.append(choice.choice(LAYERS[images])())
                self.steps.append((len(self.made) - 1, reads))
            else:
                self.steps.append((choice.choice(functions if kind < 0.65 else OF_TWO), reads))
        self.returned = sorted({len(self.steps), choice.randrange(len(self.steps) + 1)})

    def forward(self, x: Any) -> Any:
        values = [x]
        for step, reads in self.steps:
            call = self.made[step] if isinstance(step, int) else step
            values.append(call(*(values[i] for i in reads)))
        return tuple(values[i] for i in self.returned)


def _chosen(seed: int, cases: list[Any], kernel: Any = None) -> list[str]:
    ways = LINEARS if kernel else LINEARS[:-1]
    return [ways[seed % len(ways)] for _ in cases]


def outcome(seed: int, way: Way, tolerance: float) -> str:
    """What becomes of one graph: "equal" with or without partitions, or what is wrong."""
    # A process has one graph.
    for module in (partition_linears, multiply_linears, calculate_linears, scripted_passes):
        module.fastest = partial(_chosen, seed)  # type: ignore[attr-defined]
    choice, numbers = random.Random(seed), np.random.RandomState(seed)
    paddle.seed(seed)
    images = choice.random() < 0.6
    layer = Wired(choice, images)
    layer.eval()
    shape = (choice.choice([1, 2]), 16, 12, 12) if images else (choice.choice([1, 3]), 12, 16)
    inputs = [(numbers.uniform(-1, 1, shape) * scale).astype("float32") for scale in (1, 1, 3, 0.1)]
    weights = {key: value.numpy().copy() for key, value in layer.state_dict().items()}
    _, static = paddle.jit.TracedLayer.trace(layer, [paddle.to_tensor(inputs[0])])
    with tempfile.TemporaryDirectory() as folder:
        run, count = way(static, folder)
        for values in inputs:
            x = paddle.to_tensor(values.copy())
            with paddle.no_grad():
                expected = [y.numpy() for y in layer(x)]
            for result, wanted in zip(run(x), expected, strict=True):
                finite = np.abs(wanted[np.isfinite(wanted)])
                scale = max(1.0, float(finite.max()) if finite.size else 1.0)
                if not np.allclose(result, wanted, rtol=10 * tolerance, atol=tolerance * scale, equal_nan=True):
                    return f"differs by {np.abs(result - wanted).max() / scale:.2g} of the scale: {static.program}"
            if not np.array_equal(x.numpy(), values):
                return f"a feed changed: {static.program}"
    if any(not np.array_equal(value.numpy(), weights[key]) for key, value in layer.state_dict().items()):
        return f"a weight changed: {static.program}"
    return f"equal, {count()}"


def through_static(in_bfloat16: bool, static: Any, folder: str) -> tuple[Run, Callable[[], str]]:
    """Calls of the static graph itself, and whether they are answered in partitions."""
    if in_bfloat16:
        build = paddle.static.BuildStrategy()
        build.enable_mkldnn_bfloat16()
        static.set_strategy(build)
    return lambda x: static([x]), lambda: _in_partitions(static.program.pass_report.get("compile_partitions", 0))


def through_predictor(in_bfloat16: bool, static: Any, folder: str) -> tuple[Run, Callable[[], str]]:
    """Calls of a predictor on the archive."""
    static.save_inference_model(folder)
    config = inference.Config(folder)
    if in_bfloat16:
        config.enable_mkldnn_bfloat16()
    predictor = inference.create_predictor(config)
    run = predictor._cell.served.program._module._run
    return lambda x: [y.numpy() for y in predictor.run([x])], lambda: _in_partitions(getattr(run, "count", 0))


def _in_partitions(count: int) -> str:
    return "in partitions" if count else "without partitions"


def through_cpp(program: Path, in_bfloat16: bool, static: Any, folder: str) -> tuple[Run, Callable[[], str]]:
    """Calls of fxtraced::Predictor on the archive by predict_named, each in a process of its own."""
    static.save_inference_model(folder, dtype="bfloat16" if in_bfloat16 else None)
    feeds, results = f"{folder}/feeds.pt", f"{folder}/results.pt"

    def run(x: Any) -> list[Any]:
        torch.save({"x": x.as_subclass(torch.Tensor)}, feeds)
        done = subprocess.run([program, folder, feeds, results], capture_output=True, text=True, timeout=SECONDS)
        if done.returncode:
            raise RuntimeError(f"status {done.returncode} {done.stderr}")
        named = dict(torch.load(results))
        return [named[name].numpy() for name in static.program.fetch_names]

    return run, lambda: "in C++"


def in_a_process(seed: int, way: Way, seconds: int, tolerance: float) -> str:
    """The outcome of a graph in a process that may end as it likes."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(seconds)
        try:
            text = outcome(seed, way, tolerance)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode()[:60000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    status = os.waitpid(child, 0)[1]
    return text or f"died with status {status}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--through", choices=("static", "predictor", "cpp"), default="static")
    parser.add_argument("--bfloat16", action="store_true")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    # Each graph is compiled, however small, and whether faster or not.
    partitioning.WORTHWHILE = linear.WORTHWHILE = scripted_passes.WORTHWHILE = 1  # type: ignore[attr-defined]
    partitions.timed = lambda run, feeds: (run(*feeds), 0.0)  # type: ignore[assignment]
    manifest.multiplications = lambda graph: 1 << 40  # type: ignore[assignment]
    way: Way = partial(through_static if given.through == "static" else through_predictor, given.bfloat16)
    tolerance = IN_BFLOAT16 if given.bfloat16 else TOLERANCE
    seconds, built = SECONDS, tempfile.TemporaryDirectory()
    if given.through == "cpp":
        # It has SECONDS for each of its calls.
        seconds *= 5
        way = partial(through_cpp, sysconfig.build_examples(Path(built.name))["predict_named"], given.bfloat16)
    outcomes: Counter[str] = Counter()
    for seed in range(given.first, given.first + given.graphs):
        text = in_a_process(seed, way, seconds, tolerance)
        outcomes[text if text.startswith("equal") else text.split(":")[0][:60]] += 1
        if not text.startswith("equal"):
            print(f"\rgraph {seed}: {text}", flush=True)
        print(f"\r{seed + 1 - given.first} of {given.graphs}", end="", flush=True)
    print()
    for text, count in outcomes.most_common():
        print(f"{count:6} {text}")
    return int(any(not text.startswith("equal") for text in outcomes))


if __name__ == "__main__":
    sys.exit(main())
