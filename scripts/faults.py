"""What an archive survives: kills while it is saved, truncations, flipped bits.

python scripts/faults.py [--kills 500] [--flips 5000]

Kills: a process that replaces an archive is killed at evenly spread moments of the save, counted in Python calls; the
file under the name must be the old model or the new one. Truncations: every length of a small archive. Flips: single
bits, evenly spread. A truncated or flipped file must be refused.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import fxtraced as paddle
from tests.helpers import floats, layer_of, trace


def small_model(value: float) -> Any:
    """A traced layer that gives value in the form of its input."""
    return trace(layer_of(lambda self, x: x * 0 + value), floats(2, 3))


def value_in(directory: Path) -> float:
    """What the archive in a directory gives. Raises ArchiveError for a damaged one."""
    executor = paddle.static.Executor()
    program, feeds, fetches = paddle.static.load_inference_model(str(directory), executor)
    return float(executor.run(program, {feeds[0]: np.ones((2, 3), "float32")}, fetches)[0].mean())


def kill_while_saving(directory: Path, kills: int) -> Iterator[bool]:
    """For each moment of a save: whether the archive is whole after a kill at it."""
    old, new = small_model(1.0), small_model(2.0)
    old.save_inference_model(str(directory))
    calls = _calls_of(lambda: new.save_inference_model(str(directory)))
    old.save_inference_model(str(directory))
    for i in range(kills):
        _save_and_die(new, directory, 1 + i * calls // kills)
        yield value_in(directory) in (1.0, 2.0)
        for left in directory.glob(".model.pt.*"):
            left.unlink()


def truncations(directory: Path) -> Iterator[bool]:
    """For each length below the whole: whether the file is refused."""
    return _refused(directory, lambda content: (content[:size] for size in range(len(content))))


def flips(directory: Path, count: int) -> Iterator[bool]:
    """For each of so many bits: whether the file with it flipped is refused."""

    def flipped(content: bytes) -> Iterator[bytes]:
        bits = len(content) * 8
        for bit in range(0, bits, max(1, bits // count)):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << (bit % 8)
            yield bytes(changed)

    return _refused(directory, flipped)


def _refused(directory: Path, damage: Callable[[bytes], Iterator[bytes]]) -> Iterator[bool]:
    small_model(1.0).save_inference_model(str(directory))
    path = directory / "model.pt"
    for content in damage(path.read_bytes()):
        path.write_bytes(content)
        try:
            paddle.static.load_inference_model(str(directory))
            yield False
        except paddle.errors.ArchiveError:
            yield True


def _calls_of(save: Callable[[], Any]) -> int:
    """How many calls of functions a save makes."""
    count = 0

    def seen(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(seen)
    try:
        save()
    finally:
        sys.setprofile(None)
    return count


def _save_and_die(traced: Any, directory: Path, at_call: int) -> None:
    """Save in a child process that is killed at this call."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    count = 0

    def seen(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += 1
        if count >= at_call:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(seen)
    traced.save_inference_model(str(directory))
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--flips", type=int, default=5000)
    given = parser.parse_args()
    lost = 0
    print(f"{'fault':<20}{'tried':>8}{'survived':>10}{'lost':>6}")
    for name, faults in (
        ("kill while saving", lambda d: kill_while_saving(d, given.kills)),
        ("truncation", truncations),
        ("flipped bit", lambda d: flips(d, given.flips)),
    ):
        with tempfile.TemporaryDirectory() as directory:
            results = list(faults(Path(directory)))
        lost += results.count(False)
        print(f"{name:<20}{len(results):>8}{results.count(True):>10}{results.count(False):>6}", flush=True)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
