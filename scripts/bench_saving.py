"""Seconds to save a model, by way of a file in memory and of libtorch's buffer, in turns.

python scripts/bench_saving.py [--models ResNet BERT ViT] [--rounds 5] [--threads 1]

Prints the shortest of all rounds of each; scripting, the sample's results and the hash are in both.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import torch
from bench_models import MODELS, make

import fxtraced as paddle
from fxtraced.lowering import writing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["ResNet-50, batch 1", "BERT", "ViT"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    in_memory = writing._file_in_memory
    for name in (name for name in MODELS if any(part in name for part in given.models)):
        layer, inputs = make(name)
        _, static = paddle.jit.TracedLayer.trace(layer, inputs)
        seconds: dict[str, list[float]] = {"file in memory": [], "buffer": []}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(given.rounds):
                for way, found in seconds.items():
                    writing._file_in_memory = in_memory if way == "file in memory" else lambda: None
                    start = time.perf_counter()
                    static.save_inference_model(folder)
                    found.append(time.perf_counter() - start)
        print(name, *(f"{way} {min(found):.2f} s" for way, found in seconds.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
