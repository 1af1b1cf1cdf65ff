"""merge_projections: what becomes one call, what stays, and that it follows the layer."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import merge_projections as module
from tests.helpers import floats, layer_of
from tests.passes.cases import check_pass

NAME = "merge_projections"
WIDTH = 8


@pytest.fixture(autouse=True)
def merged_at_any_size(monkeypatch):
    monkeypatch.setattr(module, "_WORTHWHILE", 1)
    monkeypatch.setattr(module, "choose", lambda sites, state, changes, gain: ["merged"] * len(sites))


def setup(self):
    for name, outputs, bias in (("q", 8, None), ("k", 8, None), ("v", 4, None), ("g", 8, False), ("u", 6, False)):
        setattr(self, name, paddle.nn.Linear(WIDTH, outputs, bias_attr=bias))
    self.w = self.create_parameter([WIDTH, 8])


MERGED = {
    "three": (lambda self, x: (self.q(x) * self.k(x)).sum(axis=-1, keepdim=True) + self.v(x), 3),
    "with a calculation between": (lambda self, x: (lambda q: self.k(x) + self.g(q))(paddle.exp(self.q(x))), 2),
    "without a bias": (lambda self, x: self.g(x).sum() + self.u(x), 2),
    "both kinds": (lambda self, x: self.q(x) * self.k(x) * self.g(x) + self.u(x).sum(), 4),
    "a product by hand": (lambda self, x: x @ self.w - self.g(x), 2),
    "one weight twice": (lambda self, x: F.linear(x, self.w) * F.linear(x, self.w * 2), 2),
    "two inputs": (lambda self, x: self.q(x) * self.k(x) + self.q(x * 2) * self.k(x * 2), 4),
}
STAY = {
    "one": lambda self, x: self.q(x) + 1,
    "of two inputs": lambda self, x: self.q(x) * self.k(x * 2),
    "one with a bias": lambda self, x: self.q(x) * self.g(x),
    "activations": lambda self, x: F.relu(self.q(x)) * F.gelu(self.k(x)),
    "returned": lambda self, x: (self.q(x), self.k(x)),
    "one after the other": lambda self, x: self.g(self.q(x)),
}
INPUTS = [[floats(3, WIDTH)], [floats(5, WIDTH, seed=1)], [floats(1, WIDTH, seed=2)]]


def layer(forward):
    made = layer_of(forward, setup)
    made.eval()
    return made


@pytest.mark.parametrize("name", MERGED)
def test_calls_of_one_input_are_merged(name):
    forward, count = MERGED[name]
    made = layer(forward)
    traced = check_pass(NAME, made, INPUTS, count, exact=False)
    made.k.weight.set_value(made.k.weight * 3)
    made.g.weight.set_value(made.g.weight - 1)
    with paddle.no_grad():
        made.w[0] = 2.0
        for (x,) in INPUTS:
            np.testing.assert_allclose(traced([x])[0], made(x).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", STAY)
def test_others_stay(name):
    check_pass(NAME, layer(STAY[name]), INPUTS, 0)


def test_more_dimensions_and_other_dtypes():
    made = layer(MERGED["three"][0])
    check_pass(NAME, made, [[floats(2, 3, WIDTH)], [floats(1, 9, WIDTH)]], 3, exact=False)
    made.to(dtype="float64")
    check_pass(NAME, made, [[x.astype("float64")] for (x,) in INPUTS], 0)


def test_many_rows_stay(monkeypatch):
    monkeypatch.setattr(module, "_MOST_ROWS", 3)
    check_pass(NAME, layer(MERGED["three"][0]), INPUTS, 0)


def test_in_training_and_in_a_graph_that_writes():
    made = layer_of(lambda self, x: F.dropout(self.q(x), 0.5, training=self.training) * self.k(x), setup)
    check_pass(NAME, made, INPUTS, 0)
    made.eval()
    check_pass(NAME, made, INPUTS, 2, exact=False)
    check_pass(NAME, layer(lambda self, x: self.q(x).add_(self.k(x))), INPUTS, 0)


def test_with_a_guard():
    made = layer(lambda self, x: self.q(x) * self.k(x) if x.shape[0] > 1 else self.q(x))
    traced = check_pass(NAME, made, INPUTS[:2], 2, exact=False)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        traced(INPUTS[2])


@pytest.mark.parametrize("name", ["apart", "merged"])
def test_what_is_measured_runs(name, monkeypatch):
    """Both alternatives are called on tensors of the sizes of the trace."""
    from fxtraced.passes.measuring import choose

    def choose_one(sites, state, changes, gain):
        assert set(choose(sites, state, changes, gain)) <= {"apart", "merged"}
        return [name] * len(sites)

    monkeypatch.setattr(module, "choose", choose_one)
    check_pass(NAME, layer(MERGED["both kinds"][0]), INPUTS, 4 if name == "merged" else 0, exact=False)
