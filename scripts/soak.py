"""A predictor under load for a long time: many threads, mixed shapes, bad requests, hot reloads.

python scripts/soak.py [--minutes 10] [--threads 8]

Each thread asks on its own clone: small and large batches, images of two sizes, and every tenth request is a bad one
(wrong count, dtype, number of dimensions, or a size that a guard refuses) whose error must be the expected one. A
further thread replaces the archive and reloads it. Every answer must be that of one of the two models. Prints requests,
errors, latencies and memory; exit code 1 for an unexpected error, a wrong answer, or memory that grows by more than 1 %
after the first quarter, in which threads and allocator fill up.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch

import fxtraced as paddle
from fxtraced import inference

_BATCHES, _SIZES, _RELOAD_EVERY, _KEPT_LATENCIES = (1, 2, 5), (16, 24), 0.25, 100_000


class Net(paddle.nn.Layer):
    """A small network for images of an even height."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 8, 3, padding=1)
        self.norm = paddle.nn.BatchNorm2D(8)
        self.fc = paddle.nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        if x.shape[2] % 2 == 1:
            x = x[:, :, 1:]
        return self.fc(paddle.nn.functional.relu(self.norm(self.conv(x))).mean(axis=[2, 3]))


@dataclass
class Soak:
    """What a run found."""

    seconds: float
    served: int = 0
    reloads: int = 0
    expected: Counter = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    latencies: np.ndarray = field(default_factory=lambda: np.zeros(_KEPT_LATENCIES))
    memory: list[tuple[float, int]] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """How much the memory grew from the first quarter of the run to its end, as a fraction."""
        warm = [size for when, size in self.memory if when >= self.seconds / 4]
        return warm[-1] / warm[0] - 1 if len(warm) > 1 else 0.0

    def _tenths(self) -> list[int]:
        ends = [self.seconds * i / 10 for i in range(11)]
        return [max(size for when, size in self.memory if when <= max(end, self.memory[0][0])) >> 20 for end in ends]

    def __str__(self) -> str:
        p50, p99 = (np.percentile(self.latencies[: self.served], p) * 1e3 for p in (50, 99))
        expected = ", ".join(f"{name} {count}" for name, count in sorted(self.expected.items()))
        return (
            f"{self.seconds:.0f} s: {self.served} requests served, {self.reloads} reloads, "
            f"p50 {p50:.2f} ms, p99 {p99:.2f} ms\n"
            f"bad requests answered with the expected error: {expected}\n"
            f"unexpected: {len(self.unexpected)}{''.join(chr(10) + '  ' + x for x in self.unexpected[:5])}\n"
            f"memory in MiB, at the start and after each tenth: {' '.join(map(str, self._tenths()))}; "
            f"{self.growth:+.2%} after the first quarter"
        )


def _bad_requests() -> list[tuple[type[Exception], list[torch.Tensor]]]:
    good = torch.zeros(1, 3, 16, 16)
    return [
        (paddle.errors.FeedError, []),
        (paddle.errors.FeedTypeError, [good.double()]),
        (paddle.errors.FeedError, [good[0]]),
        (paddle.errors.GuardError, [good[:, :, 1:]]),
    ]


def soak(seconds: float, threads: int, directory: Path) -> Soak:
    """Serve for so long and say what happened."""
    nets = []
    for seed in range(2):
        paddle.seed(seed)
        nets.append(Net())
        nets[-1].eval()
    for name, net in zip("ab", nets, strict=True):
        static = paddle.jit.TracedLayer.trace(net, [paddle.rand([2, 3, 16, 16])])[1]
        static.save_inference_model(str(directory / name))
    _put(directory / "a", directory)
    images = [torch.rand(n, 3, size, size) for n in _BATCHES for size in _SIZES]
    answers = [[net(paddle.to_tensor(x.numpy())).numpy() for net in nets] for x in images]
    served = inference.create_predictor(inference.Config(str(directory)))
    for image in images:
        for _ in range(3):
            served.run([image])
    result, lock, started = Soak(seconds), threading.Lock(), time.monotonic()

    def ask(number: int) -> None:
        chosen, own, bad = random.Random(number), served.clone(), _bad_requests()
        count = 0
        while time.monotonic() - started < seconds:
            count += 1
            try:
                if count % 10 == 0:
                    error, feeds = bad[chosen.randrange(len(bad))]
                    _refused(own, error, feeds, result, lock)
                else:
                    _answered(own, chosen.randrange(len(images)), result, lock)
            except Exception as error:
                result.unexpected.append(f"{type(error).__name__}: {error}")

    def _answered(own: Any, which: int, result: Soak, lock: Any) -> None:
        before = time.perf_counter()
        output = own.run([images[which]])[0].numpy()
        elapsed = time.perf_counter() - before
        right = any(np.allclose(output, answer, rtol=1e-4, atol=1e-5) for answer in answers[which])
        with lock:
            result.latencies[result.served % _KEPT_LATENCIES] = elapsed
            result.served += 1
            if not right:
                result.unexpected.append("an answer of neither model")

    def _refused(own: Any, error: type[Exception], feeds: list[torch.Tensor], result: Soak, lock: Any) -> None:
        try:
            own.run(feeds)
        except error:
            with lock:
                result.expected[error.__name__] += 1
            return
        result.unexpected.append(f"a bad request was answered instead of {error.__name__}")

    workers = [threading.Thread(target=ask, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    while time.monotonic() - started < seconds:
        _put(directory / "ba"[result.reloads % 2], directory)
        served.reload()
        result.reloads += 1
        result.memory.append((time.monotonic() - started, _resident_bytes()))
        time.sleep(_RELOAD_EVERY)
    for worker in workers:
        worker.join()
    gc.collect()
    result.memory.append((seconds, _resident_bytes()))
    return result


def _put(archive: Path, directory: Path) -> None:
    """Replace the archive in directory by this one, in one step."""
    shutil.copyfile(archive / "model.pt", directory / "new.pt")
    os.replace(directory / "new.pt", directory / "model.pt")


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=8)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        result = soak(given.minutes * 60, given.threads, Path(directory))
    print(result)
    return 1 if result.unexpected or result.growth > 0.01 else 0


if __name__ == "__main__":
    sys.exit(main())
