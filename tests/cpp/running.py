"""How tests run programs and configure the project of a user of the C++ client."""

import os
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


def run_program(program, *arguments, timeout=120):
    # As many threads as here, so that parallel sums have the same order.
    env = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout, env=env)


def configure(build, *options):
    return subprocess.run(
        ["cmake", "-S", str(HERE / "consumer"), "-B", str(build), f"-DPython3_EXECUTABLE={sys.executable}", *options],
        check=False,
        capture_output=True,
        text=True,
    )
