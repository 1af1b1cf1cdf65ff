"""Models of a checkout as it stands, in turns: the layer, its static graph with the native module, and its peers.

python scripts/bench_checkout.py FOLDER FILE:CONSTRUCTOR[:SIZE] ... [--rounds 8] [--prepare CODE]

As `scripts/bench` does, on one thread in one process, for image models of somebody's repository
(scripts/zoo_source.py). Prints the median and the shortest milliseconds of each engine, and the ratio of the static
graph's median to the best peer's: higher is better. Example:

    python scripts/bench_checkout.py PaddleClas ppcls/arch/backbone/model_zoo/mobilevit.py:MobileViT_S \\
        --prepare 'from ppcls.utils import logger; logger.init_logger()'
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench_engines

import fxtraced as paddle

paddle.install_as_paddle()

from zoo_source import Checkout, images  # noqa: E402 - it imports paddle

PEERS = ("onnxruntime", "openvino")
ENGINES = ("eager", "native", *PEERS)


def measure(checkout: Checkout, which: str, rounds: int) -> str:
    """The line of one model."""
    file, name, *size = which.split(":")
    paddle.seed(0)
    layer, shape = checkout.build(checkout.load(file), name)
    layer.eval()
    side = int(size[0]) if size else 224
    inputs = [paddle.to_tensor(images(name, shape or [1, 3, side, side]))]
    _, traced = paddle.jit.TracedLayer.trace(layer, inputs)
    runs = {engine: getattr(bench_engines, engine)(layer, traced, inputs) for engine in ENGINES}
    found: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine, run in runs.items():
            start = time.perf_counter()
            run()
            found[engine].append(1e3 * (time.perf_counter() - start))
    medians = {engine: statistics.median(values) for engine, values in found.items()}
    times = ", ".join(f"{engine} {medians[engine]:.1f} ({min(values):.1f})" for engine, values in found.items())
    return f"{name}: {times} ms; {min(medians[x] for x in PEERS) / medians['native']:.2f} of the best peer"


def main() -> int:
    """Measure each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="+", metavar="FILE:CONSTRUCTOR[:SIZE]")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--prepare", default="")
    given = parser.parse_args()
    torch.set_num_threads(1)
    checkout = Checkout(given.folder, [], prepare=given.prepare)
    for which in given.models:
        print(measure(checkout, which, given.rounds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
