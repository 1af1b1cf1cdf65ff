"""Archives in the programs of others: those that are installed of scripts/check_readers.py."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch

import fxtraced as paddle

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import check_readers


@pytest.mark.parametrize("reader", check_readers.READERS)
@pytest.mark.filterwarnings("ignore")  # the readers' own
def test_a_reader(reader, tmp_path):
    module, read = check_readers.READERS[reader]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    if reader == "Netron" and shutil.which("node") is None:
        pytest.skip("Netron runs in Node.js, which is not installed")
    make, shape = check_readers.MODELS["MLP"]
    layer = make()
    layer.eval()
    x = paddle.rand(shape)
    outputs, traced = paddle.jit.TracedLayer.trace(layer, [x])
    traced.save_inference_model(str(tmp_path))
    found = check_readers.check(read, tmp_path / "model.pt", torch.from_numpy(x.numpy()), outputs.detach().numpy())
    if reader == "Netron":
        assert re.fullmatch(r"draws \d+ operations", found)
    else:
        assert float(found) < 1e-5
