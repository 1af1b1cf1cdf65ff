"""What a layer may be called with, and what it may return."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear

Pair = namedtuple("Pair", "low high")


class Options(paddle.nn.Layer):
    """A layer with every kind of argument."""

    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x, mask=None, scale=1.0, *, mode="sum", extra=None):
        y = self.fc(x) * scale
        if mask is not None:
            y = y * mask
        if extra is not None:
            y = y + extra["shift"] * extra["times"]
        return y.sum(0) if mode == "sum" else y.mean(0)


CALLS = {
    "one tensor": lambda x: x,
    "a list": lambda x: [x],
    "a setting": lambda x: (x, None, 2.0),
    "by name": lambda x: {"x": x},
    "by name, in another order": lambda x: {"mode": "mean", "mask": x > 0, "x": x},
    "by name, nested": lambda x: {"x": x, "extra": {"shift": x[0], "times": 3}, "mask": None},
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name, tmp_path):
    layer, make = Options(), CALLS[name]
    _, traced = paddle.jit.TracedLayer.trace(layer, make(floats(3, 4)))
    traced.save_inference_model(str(tmp_path))
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path))
    for rows in (3, 5):
        inputs = make(floats(rows, 4, seed=rows))
        expected = (
            layer(**inputs)
            if isinstance(inputs, dict)
            else layer(*inputs)
            if isinstance(inputs, list | tuple)
            else layer(inputs)
        )
        np.testing.assert_allclose(traced(inputs)[0], expected.numpy(), rtol=1e-6)
        x = floats(rows, 4, seed=rows)
        known = {"x": x, "mask": x > 0, "extra_shift": x[0]}
        fed = {feed: known[feed] for feed in feeds}
        (reloaded,) = paddle.static.Executor().run(program, feed=fed, fetch_list=fetches)
        np.testing.assert_allclose(reloaded, expected.numpy(), rtol=1e-6)


def test_feeds_have_the_names_of_the_arguments():
    inputs = {"extra": {"shift": floats(4), "times": 2}, "x": floats(3, 4)}
    _, traced = paddle.jit.TracedLayer.trace(Options(), inputs)
    assert traced.program.feed_names == ["extra_shift", "x"]


@pytest.mark.parametrize(
    ("traced_with", "called_with", "text"),
    [
        ((None, 2.0), (None, 3.0), "an input is 2.0 in this static graph, but received 3.0"),
        ((None, 2.0), (None, 2), "an input is 2.0 in this static graph, but received 2"),
        ((None, 2.0), (floats(3, 4), 2.0), "an input is None in this static graph, but received a Tensor"),
        ((floats(3, 4), 2.0), (None, 2.0), "has 2 inputs ['x', 'mask'], but received 1"),
    ],
)
def test_another_setting_is_another_graph(traced_with, called_with, text):
    _, traced = paddle.jit.TracedLayer.trace(Options(), (floats(3, 4), *traced_with))
    with pytest.raises(paddle.errors.FeedError) as error:
        traced((floats(3, 4), *called_with))
    assert text in str(error.value)
    assert "FXT301" in str(error.value)


def test_settings_at_the_end_may_be_left_out():
    layer = Options()
    _, traced = paddle.jit.TracedLayer.trace(layer, [floats(3, 4), None, 2.0])
    np.testing.assert_allclose(traced([floats(3, 4)])[0], layer(floats(3, 4), None, 2.0).numpy(), rtol=1e-6)


def test_the_structure_of_the_outputs_is_kept():
    def forward(self, x):
        return {"pair": Pair(x * 1, [x * 2]), "sum": (x.sum(),)}

    _, traced = paddle.jit.TracedLayer.trace(layer_of(forward), floats(3))
    assert traced.program.output_structure == {"pair": Pair("pair_low", ["pair_high_0"]), "sum": ("sum_0",)}
    assert [x.shape for x in traced(floats(5))] == [(5,), (5,), ()]


def test_outputs_in_an_own_class_are_refused():
    @dataclass
    class Result:
        logits: object

    with pytest.raises(TypeError, match="'each element of outputs' .* must be base.Variable, but received .*Result"):
        paddle.jit.TracedLayer.trace(layer_of(lambda self, x: Result(self.fc(x)), linear), floats(3, 4))
