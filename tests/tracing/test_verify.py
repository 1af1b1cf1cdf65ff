"""Verification: what it catches, and what it says."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.tracing.compare import difference
from tests.helpers import floats, ints, layer_of, linear, trace


def counter(self):
    self.count = 0


def counting(self, x):
    self.count += 1
    return x * self.count


BAKED = {
    "a counter": (counting, counter),
    "a NumPy random number": (lambda self, x: x + np.random.rand(), None),
    "a Python random number": (lambda self, x: x + random.random(), None),
    "the time": (lambda self, x: x + time.perf_counter_ns() % 1_000_000 / 1e6, None),
    "NumPy work on constants": (lambda self, x: x + paddle.to_tensor(np.random.rand(3).astype("float32")), None),
}


@pytest.mark.parametrize("name", BAKED)
def test_baked_values_are_caught(name):
    forward, setup = BAKED[name]
    with pytest.raises(paddle.errors.VerificationError) as error:
        trace(layer_of(forward, setup), floats(2, 3))
    text = str(error.value)
    assert text.startswith("FXT202 the static graph and the layer differ on ")
    assert "fetch_0: largest absolute difference" in text
    assert "first operation that diverges: " in text
    assert f"at {__file__}:" in text


def test_the_report_tells_what_was_compared():
    report = trace(layer_of(lambda self, x, ids: self.fc(x)[ids], linear), floats(5, 4), ints(5)).report
    assert [probe.name for probe in report.probes] == ["the given inputs", "fresh values", "other sizes"]
    assert report.probes[2].shapes == {"x": (6, 4), "ids": (2,)}
    assert all(probe.absolute == 0 and probe.seconds > 0 for probe in report.probes)
    assert str(report.probes[0]) == "the given inputs on x[5, 4], ids[5]: largest difference 0 absolute, 0 relative"


def test_the_report_prints_as_a_table():
    report = trace(layer_of(lambda self, x, ids: self.fc(x)[ids], linear), floats(5, 4), ints(5)).report
    lines = str(report).splitlines()
    assert re.fullmatch(r"verified in \d+\.\d\d s, rtol 1e-05, atol 1e-06", lines[0])
    assert lines[1:5] == [
        "  the given inputs  x[5, 4], ids[5]  largest difference 0 absolute, 0 relative",
        "  fresh values      x[5, 4], ids[5]  largest difference 0 absolute, 0 relative",
        "  other sizes       x[6, 4], ids[2]  largest difference 0 absolute, 0 relative",
        "  x.shape[0] = 5    free: works at 6",
    ]
    assert lines[5].startswith("  x.shape[1] = 4    fixed: forward fails on x[6, 3], ids[2]: RuntimeError: mat1 and mat2")
    assert lines[6] == "  ids.shape[0] = 5  free: works at 2"


def test_fresh_ints_stay_in_their_range():
    def setup(self):
        self.table = paddle.nn.Embedding(5, 3)

    trace(layer_of(lambda self, ids: self.table(ids), setup), ints(7, high=5))


def test_tolerances_are_the_users():
    noise = iter([0.0, 0.0] + [1e-4] * 50)

    def forward(self, x):
        return x + next(noise)

    with pytest.raises(paddle.errors.VerificationError):
        trace(layer_of(forward), floats(3))
    noise = iter([0.0, 0.0] + [1e-4] * 50)
    trace(layer_of(forward), floats(3), rtol=1e-2)


@pytest.mark.parametrize(
    ("a", "b", "too_large", "text"),
    [
        ([1.0, 2.0], [1.0, 2.0], False, "largest absolute difference 0, relative 0, at index [0]"),
        ([1.0, 2.0], [1.0, 2.5], True, "largest absolute difference 0.5, relative 0.25, at index [1]"),
        ([float("nan"), 1.0], [float("nan"), 1.0], False, "difference 0"),
        ([float("nan"), 1.0], [0.0, 1.0], True, "difference inf"),
        ([float("inf")], [float("inf")], False, "difference 0"),
        ([float("inf")], [1.0], True, "difference inf"),
        ([], [], False, "difference 0"),
        ([[1.0]], [1.0], True, "the layer gives float32[1, 1], the graph float32[1]"),
    ],
)
def test_difference(a, b, too_large, text):
    found = difference(torch.tensor(a), torch.tensor(b), 1e-5, 1e-6)
    assert found.too_large == too_large
    assert text in str(found)


def test_difference_of_integers_is_exact():
    assert difference(torch.tensor([10**9]), torch.tensor([10**9 + 1]), 1e-2, 1.0).too_large
    assert difference(torch.tensor([True]), torch.tensor([1]), 1e-2, 1.0).complaint == (
        "the layer gives bool[1], the graph int64[1]"
    )
