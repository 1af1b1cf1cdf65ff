"""scripts/bench.py compares engines on a small model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fxtraced.passes.onednn import calculates_bfloat16

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench.py"


@pytest.mark.skipif(not calculates_bfloat16(), reason="this CPU has no bfloat16")
def test_engines_in_bfloat16():
    arguments = ["--precision", "bfloat16", "--models", "MLP", "--rounds", "1", "--threads", "1", "--engines"]
    engines = ["autocast", "ours", "predictor"]
    done = subprocess.run([sys.executable, SCRIPT, *arguments, *engines], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| MLP")]
    assert sorted(row[2] for row in rows) == ["autocast", "eager", "ours", "predictor"]
    assert all((row[2] == "eager") != (1e-5 < float(row[-1].rstrip(" |")) < 2e-2) for row in rows)


def test_the_smallest_model_on_the_engines_of_torch():
    arguments = ["--models", "Linear", "--engines", "ours", "script", "freeze", "--rounds", "2", "--threads", "1"]
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| Linear(3, 10) | ")]
    assert [row[2] for row in rows] == ["eager", "ours", "script", "freeze"]
    assert rows[0][3:5] == ["1.00", "1.00 to 1.00"]
    assert all(float(row[-1].rstrip(" |")) < 1e-6 for row in rows)
