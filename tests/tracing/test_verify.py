"""Verification: what it catches, and what it says."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.passes.pipeline import Step
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


def with_calls(self):
    self.count = 0
    self.register_buffer("calls", paddle.zeros([1]))


def counts_aside(self, x):
    self.count += 1
    self.calls += 1
    self.calls.copy_(paddle.to_tensor([float(self.count)]))
    return x


def decides_by_a_buffer(self, x):
    self.calls = self.calls + 1
    return x if self.calls.item() > 1 else x * 2


def another_way_when_traced(self, x):
    if type(x) is paddle.Tensor:
        self.calls.set_value(self.calls + 1)
    return x


# forward, and what is said to diverge first.
DIVERGENCES = {
    "a Python counter": (counting, "mul(x, 1) when traced, mul(x, 2) on these inputs at "),
    "a constant that a write hides": (counts_aside, "clone = clone(constant_0) at "),
    "a guard on a counting buffer": (
        decides_by_a_buffer,
        "the guard `add(calls, 1) <= 1`. What it asks for is not the same in each call",
    ),
    "what is no torch call": (
        another_way_when_traced,
        "none that was recorded: traced again on these inputs, forward does the same operations with the same values. ",
    ),
}


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_first_divergence_is_named(name):
    forward, text = DIVERGENCES[name]
    with pytest.raises(paddle.errors.VerificationError) as error:
        trace(layer_of(forward, with_calls), floats(2, 3))
    assert f"first operation that diverges: {text}" in str(error.value)


def test_a_difference_of_torchscript_alone_is_called_that(monkeypatch):
    def wrong_pass(graph):
        for node in graph.find_nodes(op="call_function", target=torch.exp):
            node.target = torch.log
        return 0

    monkeypatch.setattr("fxtraced.passes.pipeline.PIPELINE", [Step("wrong", wrong_pass, switched=False)])
    with pytest.raises(paddle.errors.VerificationError, match="none: node by node the graph gives what the layer"):
        trace(layer_of(lambda self, x: paddle.exp(x)), floats(2, 3))


def test_training_and_inference_are_verified_each_in_their_mode():
    def setup(self):
        self.norm = paddle.nn.BatchNorm1D(4)
        self.drop = paddle.nn.Dropout(0.5)

    traced = trace(layer_of(lambda self, x: self.drop(self.norm(x)) + paddle.rand([4]), setup), floats(6, 4))
    for program in (traced.program, traced._inference):
        assert [probe.skipped for probe in program.report.probes] == ["", "", ""]
        assert program.report.probes[2].shapes == {"x": (2, 4)}
    assert traced.program.trace.training
    assert not traced._inference.trace.training


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
    assert lines[5].startswith("  x.shape[1] = 4    fixed: forward fails on x[6, 3], ids[2]: ")
    assert "mat1 and mat2 shapes cannot" in lines[5]
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
