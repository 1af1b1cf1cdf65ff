"""fuse_linear: products with the layer's weights, with and without a bias, are linear calls on the CPU."""

from __future__ import annotations

import pytest

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import linear
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass
from tests.passes.test_cpu_passes import linears_become

NAME = "fuse_linear"


def weights(self):
    for name, shape in {"w": [4, 4], "b": [4], "u": [4, 6], "v": [6], "one": [1], "cube": [3, 4, 4]}.items():
        setattr(self, name, self.create_parameter(shape))
        getattr(self, name).set_value(floats(*shape, seed=len(shape)))


FUSED = {
    "with a bias": (lambda self, x: paddle.matmul(x, self.w) + self.b, 1),
    "turned": (lambda self, x: self.v + x @ self.u, 1),
    "without a bias": (lambda self, x: F.relu(x @ self.u), 1),
    "of a transposed weight": (lambda self, x: paddle.matmul(x, self.w, transpose_y=True) + self.b, 1),
    "of a weight that is computed": (lambda self, x: x @ (self.w * 2) + self.b.exp(), 1),
    "another addition": (lambda self, x: x @ self.w + self.one, 1),
    "of a row": (lambda self, x: x[0] @ self.w + self.b, 1),
    "read twice": (lambda self, x: (lambda y: y + self.b - y * 2)(x @ self.w), 1),
    "two": (lambda self, x: (x @ self.w + self.b) @ self.u + self.v, 2),
}  # fmt: skip
STAY = {
    "from the left": (lambda self, x: self.w @ x.t()),
    "of inputs": (lambda self, x: x @ x.t() + self.one),
    "of three dimensions": (lambda self, x: x @ self.cube),
    "of a vector": (lambda self, x: x @ self.b),
    "in a graph that writes": (lambda self, x: (x * 1.0).add_(self.one) @ self.w),
    "of the layer alone": (lambda self, x: x + (self.w @ self.w + self.b).sum()),
}
INPUTS = [[floats(3, 4)], [floats(5, 4, seed=1)], [floats(1, 4, seed=2)]]


@pytest.mark.parametrize("name", FUSED)
def test_a_product_becomes_a_linear_call(name):
    forward, count = FUSED[name]
    layer = layer_of(forward, weights)
    layer.eval()
    check_pass(NAME, layer, INPUTS, count, exact=False)


@pytest.mark.parametrize("name", STAY)
def test_another_product_stays(name):
    check_pass(NAME, layer_of(STAY[name], weights), INPUTS, 0)


def test_inputs_of_more_dimensions_and_another_dtype():
    layer = layer_of(FUSED["with a bias"][0], weights)
    check_pass(NAME, layer, [[floats(2, 3, 4)], [floats(2, 1, 4)], [floats(1, 5, 4)]], 1, exact=False)
    check_pass(
        NAME,
        layer_of(lambda self, x: x @ self.w.astype("float64"), weights),
        [[floats(3, 4).astype("float64")]],
        1,
        False,
    )


def test_in_training():
    check_pass(NAME, layer_of(lambda self, x: F.dropout(x @ self.w, 0.5), weights), INPUTS, 0)


@pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")
def test_products_are_packed(monkeypatch):
    monkeypatch.setattr(linear, "WORTHWHILE", 1)
    linears_become(monkeypatch, "packed")
    traced = trace(layer_of(FUSED["two"][0], weights), *INPUTS[0])
    traced(INPUTS[0])
    assert traced.program.pass_report["pack_linears"] == 2
