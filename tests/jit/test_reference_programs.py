"""The three programs of TracedLayer's reference page, with only their imports changed.

The page uses `to_variable` without importing it; its import line is the one addition.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_HERE = os.path.join(os.path.dirname(__file__), "programs")


@pytest.mark.parametrize(
    ("program", "printed", "saves"),
    [
        ("trace.py", ["1", "(2, 10)"], True),
        ("set_strategy.py", [], False),
        ("save_inference_model.py", ["(2, 10)"], True),
    ],
)
def test_program_prints_what_the_page_says(program, printed, saves, tmp_path):
    command = [sys.executable, "-W", "error", os.path.join(_HERE, program)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == printed
    assert (tmp_path / "saved_infer_model" / "model.pt").is_file() == saves
