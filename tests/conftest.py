"""Shared by all tests: one thread an operation, dynamic mode, a seed, and no native module where none is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import sysconfig
from fxtraced.framework import native

# One that a user of this machine built must not answer here.
os.environ[native.VARIABLE] = ""


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


@pytest.fixture(scope="session")
def native_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a native module lies, built once a session. A missing compiler is an error, not a skip."""
    folder = tmp_path_factory.mktemp("native")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(native.VARIABLE, str(folder))
        sysconfig.build_native(verbose=False)
    return folder


@pytest.fixture
def with_native(native_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The native module is there."""
    monkeypatch.setenv(native.VARIABLE, str(native_folder))


@pytest.fixture(params=["without native", "with native"])
def with_and_without_native(request: pytest.FixtureRequest) -> None:
    """Each test twice."""
    if request.param == "with native":
        request.getfixturevalue("with_native")
