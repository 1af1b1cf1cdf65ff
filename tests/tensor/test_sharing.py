"""Which functions give a tensor of its own and which a view of x, as in Paddle 2.6.2: eager and in a static graph."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.nn import functional as F

COPIES = {
    "expand": lambda x: x.expand([2, 3, 4]),
    "expand, the same sizes": lambda x: x.expand([-1, -1, -1]),
    "expand, repeated": lambda x: x[:1].expand([2, 3, 4]),
    "expand_as": lambda x: x[:1].expand_as(paddle.ones([2, 3, 4])),
    "broadcast_to": lambda x: paddle.broadcast_to(x[:1], [2, 3, 4]),
    "broadcast_tensors": lambda x: paddle.broadcast_tensors([x[:1], paddle.ones([2, 3, 4])])[0],
    "tile": lambda x: paddle.tile(x, [1, 1, 1]),
    "split": lambda x: paddle.split(x, 2)[0],
    "split into sections": lambda x: paddle.split(x, [1, 2], axis=1)[0],
    "chunk": lambda x: x.chunk(2)[0],
    "vsplit": lambda x: paddle.vsplit(x, 2)[0],
    "unstack": lambda x: paddle.unstack(x)[0],
    "crop": lambda x: paddle.crop(x, [2, 3, 4]),
    "meshgrid": lambda x: paddle.meshgrid(x[0, 0], x[0, 0])[0],
    "cast": lambda x: paddle.cast(x, "float32"),
    "astype": lambda x: x.astype("float32"),
    "assign": lambda x: paddle.assign(x),
    "clone": lambda x: x.clone(),
    "dropout outside of training": lambda x: F.dropout(x, 0.5, training=False),
    "concat": lambda x: paddle.concat([x]),
    "gather": lambda x: x.gather(paddle.to_tensor([0, 1])),
    "x[[0, 1]]": lambda x: x[[0, 1]],
    "flip": lambda x: paddle.flip(x, [0]),
}
VIEWS = {
    "reshape": lambda x: x.reshape([3, 8]),
    "flatten": lambda x: x.flatten(1),
    "squeeze": lambda x: x[:1].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "transpose": lambda x: x.transpose([1, 0, 2]),
    "unbind": lambda x: x.unbind(0)[0],
    "x[0]": lambda x: x[0],
    "x[:, ::2]": lambda x: x[:, ::2],
    "slice": lambda x: paddle.slice(x, [0], [0], [1]),
    "dropout with p = 0": lambda x: F.dropout(x, 0.0),
    "detach": lambda x: x.detach(),
}
ROWS = [(f, False) for f in COPIES.values()] + [(f, True) for f in VIEWS.values()]
NAMES = [*COPIES, *VIEWS]


def write(function, x):
    """x, and what function gives of it after a write into its first place; x starts as 0, 1, 2, ..."""
    y = function(x)
    y[(0,) * y.ndim] = 99.0
    return x, y


def numbers():
    return paddle.arange(24, dtype="float32").reshape([2, 3, 4]).clone()


@pytest.mark.parametrize(("function", "is_view"), ROWS, ids=NAMES)
def test_a_write_into_the_result(function, is_view):
    x, y = write(function, numbers())
    assert x[0, 0, 0].item() == (99.0 if is_view else 0.0)
    assert np.count_nonzero(y.numpy() == 99.0) == 1


@pytest.mark.parametrize(("function", "is_view"), ROWS, ids=NAMES)
def test_a_write_into_the_result_in_a_static_graph(function, is_view):
    class Writes(paddle.nn.Layer):
        def forward(self, x):
            x, y = write(function, x * 1.0)
            return x + 0.0, y + 0.0

    _, static = paddle.jit.TracedLayer.trace(Writes(), [numbers()])
    x, y = static([numbers()])
    assert x[0, 0, 0] == (99.0 if is_view else 0.0)
    assert np.count_nonzero(y == 99.0) == 1


@pytest.mark.parametrize("function", COPIES.values(), ids=COPIES)
def test_a_static_graph_gives_no_views_of_its_inputs_or_weights(function):
    class Gives(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.weight = self.create_parameter([2, 3, 4], default_initializer=paddle.nn.initializer.Constant(1.0))

        def forward(self, x):
            return function(x), function(self.weight)

    layer = Gives()
    _, static = paddle.jit.TracedLayer.trace(layer, [numbers()])
    x = numbers()
    for y in static([x], return_numpy=False):
        y.fill_(7.0)
    assert x.tolist() == numbers().tolist()
    assert layer.weight.numpy().max() == 1.0
