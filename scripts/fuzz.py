"""Look for models that a static graph gets wrong without saying so.

python scripts/fuzz.py [--minutes 10] [--seed 0] [--networks]

Makes random layers (tests/fuzz/grammar.py), traces each, and compares the graph and its reloaded archive with eager
calls at other sizes and on other values. --networks: networks of convolutions, LSTMs and attention instead
(tests/fuzz/networks.py), with every pass for a CPU acting at any size, and their archives for CPUs and GPUs. What is
found is made as small as possible and printed as a file that runs; the exit status is 1 then. Each batch runs in a
process of its own, so that a crash is a finding, too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.judge import judge
from tests.fuzz.networks import Network, largest_difference
from tests.fuzz.programs import Program, programs

_BATCH = 200
# How far a network may be from its layer, in parts of an output's scale.
_ROUNDING = 1e-4

Batch = Callable[[int, str], tuple[Counter[str], str]]


class _Found(AssertionError):
    """A program with a finding; hypothesis makes it smaller."""


def batch(number: int, current: str) -> tuple[Counter[str], str]:
    """Judge a batch of programs: how many had which verdict, and the smallest finding as text.

    current: a file that always holds the program at hand.
    """
    counts: Counter[str] = Counter()
    text = ""

    @seed(number)
    @settings(max_examples=_BATCH, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False)  # fmt: skip
    @given(programs(stateful=number % 8 == 7))
    def run(program: Program) -> None:
        nonlocal text
        Path(current).write_text(program.runnable)
        verdict = judge(program)
        counts[verdict.label if verdict else "eager fails"] += 1
        counts["probes"] += sum(verdict.probes.values()) if verdict else 0
        if verdict and verdict.is_finding:
            text = f"# {verdict.label}: {verdict.why}".replace("\n", "\n# ") + f"\n{program.runnable}"
            raise _Found

    with contextlib.suppress(_Found):
        run()
    return counts, text


def batch_of_networks(number: int, current: str) -> tuple[Counter[str], str]:
    """What batch gives, for networks; the first finding ends it."""
    counts: Counter[str] = Counter()
    for at in range(_BATCH * number, _BATCH * (number + 1)):
        network = Network(at)
        text = f"tests.fuzz.networks.largest_difference({at})  # {network.steps}, then {network.tail}"
        Path(current).write_text(text)
        found, changed = largest_difference(at)
        counts.update({"right" if found < _ROUNDING else "wrong": 1, "probes": 8})
        counts.update({name: count for name, count in changed.items() if count})
        if not found < _ROUNDING:
            return counts, f"{text}: {found:.3g}"
    return counts, ""


def in_a_child(number: int, judged: Batch) -> tuple[Counter[str], str]:
    """A batch in a process of its own, which may die."""
    with tempfile.TemporaryDirectory() as folder:
        answer, current = os.path.join(folder, "answer"), os.path.join(folder, "current.py")
        child = os.fork()
        if not child:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                Path(answer).write_bytes(pickle.dumps(judged(number, current)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.path.exists(answer):
            return pickle.loads(Path(answer).read_bytes())
        return Counter(crash=1), f"# crash, status {status}\n{Path(current).read_text()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--networks", action="store_true")
    options = parser.parse_args()
    judged = batch_of_networks if options.networks else batch
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    total: Counter[str] = Counter()
    findings: list[str] = []
    started, number = time.monotonic(), 1000 * options.seed
    while time.monotonic() - started < 60 * options.minutes:
        counts, text = in_a_child(number, judged)
        total += counts
        if text:
            findings.append(text)
            print(f"\n{text}", flush=True)
        number += 1
        models = total["right"] + total["wrong"] if options.networks else sum(total.values()) - total["probes"]
        print(
            f"{time.monotonic() - started:5.0f} s: {models} models, {total['probes']} probes, {len(findings)} findings",
            flush=True,
        )
    print("\n".join(f"{label}: {count}" for label, count in total.most_common()))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
