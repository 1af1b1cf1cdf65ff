"""TracedLayer.explain: everything that is wrong with a layer, at once."""

from __future__ import annotations

import time

import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, ints, layer_of, linear

explain = paddle.jit.TracedLayer.explain


def many_problems(self, x, ids):
    y = self.fc(x)
    with paddle.no_grad():
        self.fc.weight.add_(1)
    if y.sum() > 0:
        y = y + 1
    k = int(ids.max())
    if x.shape[0] % 2 == 0:
        y = y * k
    y.mean().backward()
    return y


def in_eval(forward, setup=linear):
    layer = layer_of(forward, setup)
    layer.eval()
    return layer


def test_all_problems_at_once():
    layer = in_eval(many_problems)
    weight = layer.fc.weight.numpy().copy()
    found = explain(layer, [floats(2, 4), ints(3)])
    assert not found.convertible
    assert [(problem.code, problem.source.text) for problem in found.problems] == [
        ("FXT102", "self.fc.weight.add_(1)"),
        ("FXT101", "if y.sum() > 0:"),
        ("FXT101", "k = int(ids.max())"),
        ("FXT100", "y.mean().backward()"),
    ]
    assert all(problem.source.file == __file__ and str(problem.source) in problem.text for problem in found.problems)
    (finding,) = found.findings
    assert [guard.text for guard in finding.guards] == ["x.shape[0] % 2 == 0"]
    assert finding.report is None
    # One eager call wrote into the parameter, and no other.
    assert (layer.fc.weight.numpy() == weight + 1).all()


def test_it_prints_as_a_list():
    lines = str(explain(in_eval(many_problems), [floats(2, 4), ints(3)])).splitlines()
    assert lines[:2] == ["Made cannot be converted", "inference mode: 4 problems"]
    assert lines[2].startswith("  1. FXT102 forward writes into the parameter 'fc.weight' through ")
    assert lines[3].startswith("     A static graph shares its parameters")
    assert lines[-3].startswith("guards: 1")
    assert lines[-2].startswith("  x.shape[0] % 2 == 0  (")
    assert lines[-1] == "not verified"


def test_a_layer_that_converts():
    found = explain(in_eval(lambda self, x: self.fc(x)), [floats(5, 4)])
    assert found.convertible
    assert found.problems == []
    lines = str(found).splitlines()
    assert lines[:3] == ["Made can be converted", "inference mode: 0 problems", "guards: 0"]
    assert "  x.shape[0] = 2    x[2, 4]  largest difference 0 absolute, 0 relative" in lines
    assert "  x.shape[0] = 5  free: works at 2, 6" in lines


def test_both_modes_are_looked_at():
    def forward(self, x):
        return self.fc(x) if self.training else self.fc(x) / x.max().item()

    found = explain(layer_of(forward, linear), [floats(2, 4)])
    assert [finding.mode for finding in found.findings] == ["training mode", "inference mode"]
    assert [len(finding.problems) for finding in found.findings] == [0, 1]
    assert found.findings[0].report is not None
    assert found.problems[0].code == "FXT101"


def test_problems_of_both_modes_are_told_once():
    found = explain(layer_of(lambda self, x: x * x.max().item()), [floats(2, 4)])
    assert len(found.problems) == 1


# forward, and how its only problem begins.
ONE_PROBLEM = {
    "verification": (lambda self, x: x + time.perf_counter_ns() % 1_000_000 / 1e6, "FXT202 the static graph and"),
    "lowering": (lambda self, x: (x * 1).view("int32").add_(1), "FXT105 "),
    "a value that no graph holds": (
        lambda self, x: torch.bernoulli(x.abs(), generator=torch.Generator()),
        "FXT104 a value of type",
    ),
    "an error in the traced run": (lambda self, x: x if type(x) is paddle.Tensor else 1 / 0, "ZeroDivisionError: "),
}


@pytest.mark.parametrize("name", ONE_PROBLEM)
def test_what_comes_of_other_failures(name):
    forward, text = ONE_PROBLEM[name]
    (problem,) = explain(in_eval(forward), [floats(2, 4)]).problems
    assert problem.text.startswith(text)


def test_it_leaves_no_trace():
    def setup(self):
        self.register_buffer("calls", paddle.zeros([1]))
        self.drop = paddle.nn.Dropout(0.5)

    def forward(self, x):
        self.calls = self.calls + 1
        return self.drop(x)

    layer = layer_of(forward, setup)
    paddle.seed(3)
    expected = paddle.rand([2])
    paddle.seed(3)
    explain(layer, [floats(2, 4)])
    assert layer.calls.item() == 0
    assert layer.training
    assert (paddle.rand([2]) == expected).all()


def test_wrong_arguments_and_broken_layers_raise():
    with pytest.raises(AssertionError, match="The type of 'layer'"):
        explain(3, [floats(2)])
    with pytest.raises(TypeError, match="The type of 'each element of inputs'"):
        explain(layer_of(lambda self, x: x), [3])
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        explain(layer_of(lambda self, x: self.fc(x), linear), [floats(2, 3)])
