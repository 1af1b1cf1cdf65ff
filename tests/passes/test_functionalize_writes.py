"""functionalize_writes: new tensors that are filled become one call, and what others may see meanwhile stays."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.passes.functionalize_writes import functionalize_writes
from fxtraced.passes.state_values import has_effects
from tests.helpers import floats, layer_of, trace


def setup(self):
    self.fc = paddle.nn.Linear(6, 6)


def mask(x):
    drawn = paddle.zeros([x.shape[0], 1, x.shape[2]])
    drawn[:, :, :-2] = 1.0
    drawn[0] = 2.0
    return drawn


def of_rows(x):
    filled = paddle.zeros_like(x)
    for i in range(2):
        filled[:, i] = x[:, i] * (i + 1)
    return filled


def at_indices(x):
    filled = paddle.ones([3, 6])
    filled[paddle.to_tensor([2, 0])] = x[0, :2]
    filled[filled.shape[0] - 2, ..., 1] = 7
    return x + filled


def by_a_mask(x):
    filled = x * 1.0
    filled[x > 0] = 0.5
    return filled


def two(x):
    a, b = paddle.zeros([6]), paddle.ones([6])
    a[1:] = 3.0
    b[:2] = 4.0
    return x + a * b


def in_turns(x):
    a, b = paddle.zeros([6]), paddle.ones([6])
    a[1:] = 3.0
    b[:2] = 4.0
    a[0] = 5.0
    return x + a * b


def read_between(x):
    a = paddle.zeros([6])
    a[1:] = 3.0
    before = a + 1.0
    a[0] = 5.0
    return x + a * before


def seen_through(x):
    a = paddle.zeros([2, 6])
    row = a[0]
    a[0] = 5.0
    return x + row


def set_to_what_changes(x):
    a, b = paddle.zeros([6]), paddle.ones([6])
    a[1:] = b[1:]
    b[:3] = 4.0
    a[0] = 2.0
    return x + a * b


def of_itself(x):
    a = paddle.arange(6).astype("float32") * 1.0
    a[1:] = a[:-1]
    return x + a


def of_the_feed(x):
    y = x.flatten(1)
    y[:, 0] = 1.0
    return y.reshape(x.shape)


# What is filled, and how many writes are then none.
FILLED = [(mask, 2), (of_rows, 2), (at_indices, 2), (by_a_mask, 1), (two, 2), (in_turns, 3)]
WRITTEN = [read_between, seen_through, set_to_what_changes, of_itself, of_the_feed]


def network(function):
    def forward(self, x):
        return self.fc(x.clone() + function(x.clone()))

    layer = layer_of(forward, setup)
    layer.eval()
    return layer


@pytest.mark.parametrize(
    ("function", "count"), FILLED + [(x, None) for x in WRITTEN], ids=lambda x: getattr(x, "__name__", str(x))
)
def test_results_are_the_layers(function, count, tmp_path):
    layer = network(function)
    x = floats(3, 3, 6)
    traced = trace(layer, x)
    graph = traced.program.graph_of(tuple(traced.program.fetch_names))
    done = functionalize_writes(graph)
    graph.lint()
    if count is not None:
        assert done == count
        assert not has_effects(graph)
    else:
        assert has_effects(graph)
    traced.save_inference_model(str(tmp_path / "model"))
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path / "model"), paddle.static.Executor())
    for seed in range(3):
        values = floats(3, 3, 6, seed=seed)
        given = values.clone()
        with paddle.no_grad():
            wanted = layer(values).numpy()
        for _ in range(2):
            np.testing.assert_allclose(traced([values])[0], wanted, rtol=1e-6, atol=1e-6)
        (loaded,) = paddle.static.Executor().run(program, feed={feeds[0]: values.numpy()}, fetch_list=fetches)
        np.testing.assert_allclose(loaded, wanted, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(values.numpy(), given.numpy())


def test_other_sizes_and_the_passes_after_it():
    traced = trace(network(mask), floats(3, 3, 6))
    assert traced.program.pass_report["functionalize_writes"] == 2
    x = floats(5, 3, 6)
    np.testing.assert_allclose(traced([x])[0], network_result(traced, x), rtol=1e-6, atol=1e-6)


def network_result(traced, x):
    with paddle.no_grad():
        weight, bias = (traced.program.trace.state[name].get() for name in ("fc.weight", "fc.bias"))
        return ((x + mask(x)) @ weight + bias).numpy()
