"""merge_common_subexpressions: what is merged, what must not be, and that values stay the same bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
import fxtraced.nn.functional as F
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass

NAME = "merge_common_subexpressions"


def sizes(self, x):
    return x.reshape([x.shape[0], -1]) + x.reshape([x.shape[0], x.shape[1] * x.shape[2]])


def the_same_twice(self, x):
    return paddle.exp(x) * paddle.exp(x), x.mean(axis=1)


def chains(self, x):
    a = paddle.exp(x).sum(axis=1) + 1
    b = paddle.exp(x).sum(axis=1) + 1
    return a * b


def numbers_of_another_type(self, x):
    return (x * 1).sum() + (x * 1.0).sum() + (x * 0.0).sum() + (x * -0.0).sum()


def other_arguments(self, x):
    return x.sum(axis=1) + x.sum(axis=2).sum(axis=1, keepdim=True) + paddle.exp(x + 1).sum() - paddle.exp(x + 2).sum()


def random_draws(self, x):
    return x + paddle.rand([3]) - paddle.rand([3])


def dropouts(self, x):
    return F.dropout(x, 0.5, training=True) - F.dropout(x, 0.5, training=True)


def both_given_away(self, x):
    return paddle.exp(x), paddle.exp(x), paddle.exp(x)[0]


def one_given_away(self, x):
    return paddle.exp(x), paddle.exp(x).sum(), paddle.nn.functional.relu(paddle.exp(x))


def in_a_branch(self, x):
    return paddle.static.nn.cond(
        x.sum() > 0, lambda: paddle.exp(x) + paddle.exp(x), lambda: paddle.tanh(x) * paddle.tanh(x)
    )


def in_a_loop(self, x):
    def body(i, y):
        return i + 1, paddle.tanh(y) + paddle.tanh(y)

    return paddle.static.nn.while_loop(lambda i, y: i < 3, body, [paddle.zeros([], "int64"), x])[1]


def written_later(self, x):
    a, b = x * 2, x * 2
    a.exp_()
    return a + b


def filled_later(self, x):
    a, b = x * 2, x * 2
    a[0] = 1.0
    return a + b


def sizes_beside_a_write(self, x):
    a = x * 2
    a.exp_()
    return a.reshape([x.shape[0], -1]) + (x * 2).reshape([x.shape[0], -1])


def sizes_that_change(self, x):
    a = x * 2
    n = a.shape[0]
    a.unsqueeze_(0)
    return a.reshape([a.shape[0] * n, -1])


MERGED = [
    (sizes, 1), (the_same_twice, 1), (chains, 3), (one_given_away, 2), (in_a_branch, 2), (in_a_loop, 1),
    (sizes_beside_a_write, 1), (filled_later, 1),
]  # fmt: skip
KEPT = [
    numbers_of_another_type, other_arguments, random_draws, dropouts, both_given_away, written_later, sizes_that_change,
]  # fmt: skip


@pytest.mark.parametrize(("forward", "count"), MERGED, ids=lambda x: getattr(x, "__name__", ""))
def test_equal_calls_are_merged(forward, count):
    check_pass(NAME, layer_of(forward), [[floats(2, 3, 3)], [floats(5, 3, 3, seed=1)], [-floats(1, 3, 3)]], count)


@pytest.mark.parametrize("forward", KEPT, ids=lambda x: x.__name__)
def test_calls_that_only_look_alike_stay(forward):
    check_pass(NAME, layer_of(forward), [[floats(2, 3, 3)], [floats(5, 3, 3, seed=1)]], 0)


@pytest.mark.parametrize("dtype", ["float64", "int64", "float16"])
def test_other_dtypes(dtype):
    check_pass(NAME, layer_of(lambda self, x: x * x + x * x), [[floats(4, 3).astype(dtype)]], 1)


def test_a_layer_in_training():
    def setup(self):
        self.norm = paddle.nn.BatchNorm1D(3)

    layer = layer_of(lambda self, x: self.norm(x) + (x.shape[0] * 2) + (x.shape[0] * 2), setup)
    traced = trace(layer, floats(4, 3))
    mean = layer.norm._mean.numpy()
    traced([floats(4, 3)])
    assert traced.program.pass_report[NAME] == 1
    assert np.abs(layer.norm._mean.numpy() - mean).max() > 0


def test_results_are_tensors_of_their_own():
    traced = trace(layer_of(both_given_away), floats(2, 3))
    first, second, row = traced([floats(2, 3)])
    first[...] = 0
    np.testing.assert_array_equal(second, paddle.exp(floats(2, 3)).numpy())
    np.testing.assert_array_equal(row, second[0])


def test_guards_stay():
    def forward(self, x):
        return x * 2 if x.shape[0] * 3 > 5 and x.shape[0] * 3 < 50 else x

    traced = check_pass(NAME, layer_of(forward), [[floats(2, 3)], [floats(4, 3)]], 1)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        traced([floats(1, 3)])
