"""Shared by all tests: one thread an operation, dynamic mode, a seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle


@pytest.fixture(autouse=True)
def _same_start() -> object:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)
    paddle.disable_static()
    yield
    paddle.disable_static()
    paddle.set_default_dtype("float32")


@pytest.fixture
def without_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs run with packed weights from their first call on, not only at other sizes."""
    monkeypatch.setattr("fxtraced.passes.pipeline.can_be_partitioned", lambda graph, **options: False)
