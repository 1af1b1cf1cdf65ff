"""simplify_views: what goes, what stays, and that values stay the same bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, ints, layer_of, trace
from tests.passes.cases import check_pass

NAME = "simplify_views"


def scale(self):
    self.w = self.create_parameter([4])
    self.w.set_value(floats(4))


def split_and_join(x):
    a, b, c = paddle.split(x, 3, axis=1)
    return paddle.concat([a, b, c], axis=1) * 2


GONE = {
    "a turn and back": (lambda self, x: (x * 2).transpose([0, 2, 1]).transpose([0, 2, 1]) + 1, 1),
    "two turns": (lambda self, x: (x * 2).transpose([1, 0, 2]).transpose([2, 1, 0]), 1),
    "torch's transposes": (lambda self, x: torch.transpose(torch.transpose(x * 2, 1, 2), -1, 1) + 1, 1),
    "a turn that turns nothing": (lambda self, x: paddle.transpose(x * 2, [0, 1, 2]) + 1, 1),
    "flatten, then reshape": (lambda self, x: paddle.reshape(paddle.flatten(x * 2), [x.shape[0], -1]), 1),
    "unsqueeze, then reshape": (lambda self, x: paddle.reshape(paddle.unsqueeze(x * 2, 1), [x.shape[0], -1]), 1),
    "a cat of one": (lambda self, x: paddle.concat([x * 2], axis=1) + 1, 1),
    "a split put together": (lambda self, x: split_and_join(x + 1), 1),
    "the whole slice": (lambda self, x: (x * 2)[:, :] + (x * 3)[...], 2),
    "an expansion to nothing": (lambda self, x: (x * 2).expand([-1, -1, -1]) + 1, 1),
    "an expansion to its own sizes": (lambda self, x: (lambda y: y.expand([y.shape[0], -1, y.shape[2]]))(x * 2) + 1, 1),
    "a second contiguous": (lambda self, x: x.transpose([0, 2, 1]).contiguous().contiguous() + 1, 1),
    "a cast to its own dtype": (lambda self, x: torch.Tensor.to(x * 2, torch.float32) + torch.Tensor.float(x), 2),
}  # fmt: skip
STAY = {
    "a reshape that may fail": lambda self, x: paddle.reshape(paddle.reshape(x * 2, [-1, 3]), [-1]),
    "a view that is read": lambda self, x: (lambda y: paddle.reshape(y, [-1]).sum() + y)(paddle.flatten(x * 2)),
    "a cat of one that is returned": lambda self, x: paddle.concat([x], axis=1),
    "a split put together elsewhere": lambda self, x: (lambda p: paddle.concat([p[1], p[0], p[2]], 1))(
        paddle.split(x * 2, 3, axis=1)) + 1,
    "some pieces": lambda self, x: (lambda p: paddle.concat([p[0], p[1]], 1))(paddle.split(x * 2, 3, axis=1)) + 1,
    "another axis": lambda self, x: (lambda p: paddle.concat(list(p), 2))(paddle.split(x * 2, 3, axis=1)) + 1,
    "a part": lambda self, x: (x * 2)[:, 1:] + (x * 3)[:, :-1],
    "a new axis": lambda self, x: (x * 2)[None] + 1,
    "another dtype": lambda self, x: (x * 2).astype("float64") + 1,
    "a cast of what comes from the layer": lambda self, x: torch.Tensor.to(self.w * 2, torch.float32).sum() + x,
    "in a graph that writes": lambda self, x: (x * 2).add_(x).transpose([0, 2, 1]).transpose([0, 2, 1]),
    "in a graph that asks for strides": lambda self, x: torch.as_strided(
        (x * 2).transpose([0, 2, 1]).transpose([0, 2, 1]), [3], [1]),
}  # fmt: skip
INPUTS = [[floats(2, 3, 4)], [floats(5, 3, 2, seed=1)], [floats(1, 3, 4, seed=2)]]


@pytest.mark.parametrize("name", GONE)
def test_what_comes_to_nothing_goes(name):
    forward, count = GONE[name]
    check_pass(NAME, layer_of(forward), INPUTS, count)


@pytest.mark.parametrize("name", STAY)
def test_what_looks_alike_stays(name):
    check_pass(NAME, layer_of(STAY[name], scale), INPUTS, 0)


def test_errors_at_other_sizes_stay():
    """What fails in the layer fails in the graph."""
    sections = layer_of(lambda self, x: paddle.concat(paddle.split(x * 2, [1, 2], axis=1), axis=1) + 1)
    traced = check_pass(NAME, sections, INPUTS, 1)
    with pytest.raises(paddle.errors.FxtracedError):
        traced([floats(2, 4, 4)])
    traced = check_pass(NAME, layer_of(lambda self, x: split_and_join(x + 1)), INPUTS, 1)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        traced([floats(2, 4, 4)])


def test_results_do_not_share_the_inputs_memory():
    def forward(self, x):
        return paddle.concat([x], axis=1), paddle.concat(list(paddle.split(x, 3, axis=1)), axis=1), x * 1

    traced = trace(layer_of(forward), *INPUTS[0])
    x = INPUTS[0][0].clone()
    for result in traced([x]):
        result[...] = 7
    np.testing.assert_array_equal(x.numpy(), INPUTS[0][0].numpy())


def test_a_cast_follows_the_layers_dtype():
    """The cast does nothing at first, and something once the layer is of another dtype."""

    def forward(self, ids):
        return torch.Tensor.to(self.embedding(ids), torch.float32) * 2

    layer = layer_of(forward, lambda self: setattr(self, "embedding", paddle.nn.Embedding(5, 3)))
    traced = check_pass(NAME, layer, [[ints(4)]], 0)
    layer.to(dtype="float64")
    result = traced([ints(4)])[0]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, layer(ints(4)).numpy())


def test_inside_of_branches_and_loops():
    def forward(self, x):
        def turned():
            return paddle.exp(x).transpose([0, 2, 1]).transpose([0, 2, 1])

        def body(i, y):
            return i + 1, paddle.concat([paddle.tanh(y)], axis=0) + torch.Tensor.float(self.w * 2).sum()

        y = paddle.static.nn.cond(x.sum() > 0, turned, lambda: x * 2)
        return paddle.static.nn.while_loop(lambda i, y: i < 3, body, [paddle.zeros([], "int64"), y])[1]

    check_pass(NAME, layer_of(forward, scale), [[floats(2, 3, 4)], [-floats(2, 3, 4)]], 2)


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_other_dtypes_and_training(dtype):
    layer = layer_of(lambda self, x: paddle.nn.functional.dropout(x.astype(dtype).t().t(), 0.5, training=False))
    check_pass(NAME, layer, [[floats(3, 4).astype(dtype)]], 1)
