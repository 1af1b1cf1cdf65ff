"""scripts/gpu_check where no GPU is needed: its table on the CPU, and what it says without a GPU."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import gpu_check


@pytest.mark.filterwarnings("ignore:enable_cuda_graph changes nothing")
def test_the_table_on_the_cpu():
    rows = gpu_check.measure("Linear(3, 10)", "cpu", calls=2)
    assert [way for _, way, _, _ in rows] == [
        "eager",
        "static",
        "portable",
        "portable, CUDA graph",
        "portable, float16",
        "portable, float16, CUDA graph",
        "cuda",
        "cuda, CUDA graph",
        "cuda, float16",
        "cuda, float16, CUDA graph",
    ]
    assert all(apart < 1e-2 for _, _, apart, _ in rows)
    lines = gpu_check.table(rows).splitlines()
    assert lines[0] == "| model | way | difference | ms | eager / it |"
    assert lines[2].startswith("| Linear(3, 10) | eager | 0.0e+00 | ")
    assert lines[2].endswith(" | 1.00 |")


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_no_gpu(tmp_path, capsys):
    assert gpu_check.main(["--out", str(tmp_path / "table.md")]) == 3
    assert capsys.readouterr().out.startswith(
        f"no GPU: torch {torch.__version__} (CUDA None) sees none; nothing was run"
    )
    assert not (tmp_path / "table.md").exists()
