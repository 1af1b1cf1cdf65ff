"""Graphs of a few operations, which Python calls without TorchScript."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.direct import _OPERATION
from fxtraced.lowering.script import call_scripted
from tests.helpers import floats, layer_of, linear, trace

nn, F = paddle.nn, paddle.nn.functional
pytestmark = pytest.mark.usefixtures("with_and_without_native")


def executable_of(traced):
    return traced.program.plain_runnable(tuple(traced.program.fetch_names))


def chain(operations):
    def forward(self, x):
        for i in range(operations):
            x = x * 2 if i % 2 else F.relu(x)
        return x

    return layer_of(forward)


def scaled(self):
    self.fc = nn.Linear(4, 4)
    self.scale = self.create_parameter([4])


@pytest.mark.parametrize(
    ("layer", "is_direct"),
    [
        pytest.param(layer_of(lambda self, x: self.fc(x), linear), True, id="linear"),
        pytest.param(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), True, id="linear and activation"),
        pytest.param(nn.Linear(4, 4, bias_attr=False), True, id="no bias"),
        pytest.param(torch.nn.Linear(4, 4), True, id="torch's own"),
        pytest.param(layer_of(lambda self, x: F.softmax(self.fc(x) * self.scale, axis=-1), scaled), True, id="three"),
        pytest.param(layer_of(lambda self, x: (F.relu(x), x.sum(), x.reshape([-1]) * 0.5)), True, id="outputs"),
        pytest.param(layer_of(lambda self, x: self.fc(x.unsqueeze(0)), linear), True, id="rank 3"),
        pytest.param(chain(4), True, id="as many as pay"),
        pytest.param(chain(5), False, id="more"),
        pytest.param(layer_of(lambda self, x: x[:, 1:] + 1), False, id="a subscript"),
        pytest.param(layer_of(lambda self, x: x.reshape([x.shape[0], -1])), False, id="reads a size"),
        pytest.param(layer_of(lambda self, x: F.dropout(x, 0.5, training=True)), False, id="draws"),
        pytest.param(layer_of(lambda self, x: F.gelu(x, approximate=True)), False, id="a text"),
    ],
)
def test_a_few_plain_operations_are_called_directly(layer, is_direct):
    layer.eval()
    x = floats(2, 4)
    traced = trace(layer, x)
    run = executable_of(traced)
    assert (run._direct is not None) is is_direct
    if is_direct:
        x = floats(3, 4, seed=1) * 3
        feed = x.as_subclass(torch.Tensor)
        for result, expected in zip(run(feed), call_scripted(run._forward, (feed,)), strict=True):
            assert result.dtype == expected.dtype
            assert torch.equal(result, expected)
            assert not result.requires_grad
        with paddle.no_grad():
            layers = layer(x)
        for result, expected in zip(traced([x]), layers if isinstance(layers, tuple) else (layers,), strict=True):
            # The native module's soft-max rounds in its own way.
            np.testing.assert_allclose(result, expected.detach().numpy(), rtol=1e-6)


def direct_linear():
    layer = nn.Linear(4, 4)
    layer.eval()
    traced = trace(layer, floats(2, 4))
    assert executable_of(traced)._direct is not None
    return layer, traced


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.weight.set_value(floats(4, 4, seed=1)),
        lambda layer: setattr(layer.weight, "data", floats(4, 4, seed=2)),
        lambda layer: setattr(layer, "weight", paddle.nn.Linear(4, 4).weight),
        lambda layer: layer.set_state_dict(nn.Linear(4, 4).state_dict()),
    ],
    ids=["in place", "its data", "another parameter", "a state dict"],
)
def test_it_follows_the_weights(change):
    layer, traced = direct_linear()
    x = floats(2, 4)
    (before,) = traced([x])
    change(layer)
    (after,) = traced([x])
    assert abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(after, layer(x).detach().numpy())


def test_it_follows_the_weights_to_another_dtype():
    layer, traced = direct_linear()
    layer.to(dtype="float64")
    with pytest.raises(paddle.errors.ExecutionError, match="FXT306 an operation of the static graph failed"):
        traced([floats(2, 4)])


@pytest.mark.parametrize("gradients", [True, False])
def test_an_error_is_told_as_ever_and_the_switch_is_put_back(gradients):
    _, traced = direct_linear()
    with torch.set_grad_enabled(gradients):
        with pytest.raises(paddle.errors.ExecutionError) as caught:
            traced([floats(2, 5)])
        assert torch.is_grad_enabled() is gradients
        traced([floats(2, 4)])
        assert torch.is_grad_enabled() is gradients
    assert "FXT306 an operation of the static graph failed in `linear = " in str(caught.value)
    assert "mat1 and mat2 shapes cannot be multiplied (2x5 and 4x4)" in str(caught.value)


def test_a_function_that_differs_is_not_used(monkeypatch):
    monkeypatch.setattr(
        "fxtraced.lowering.executable.direct_function", lambda graph, places: lambda tensors, feeds: (feeds[0] * 2,)
    )
    layer = layer_of(lambda self, x: F.relu(x))
    traced = trace(layer, floats(2, 4))
    assert executable_of(traced)._direct is None
    np.testing.assert_array_equal(traced([floats(2, 4)])[0], layer(floats(2, 4)).numpy())


def test_tensors_come_back_as_paddles_without_gradients():
    layer, traced = direct_linear()
    x = floats(2, 4)
    x.stop_gradient = False
    (result,) = traced([x], return_numpy=False)
    assert type(result) is paddle.Tensor
    assert result.stop_gradient
    np.testing.assert_array_equal(result.numpy(), layer(x).detach().numpy())


def test_from_eight_threads():
    layer, traced = direct_linear()
    feeds = [floats(2, 4, seed=i) for i in range(8)]
    expected = [layer(x).detach().numpy() for x in feeds]
    wrong = []

    def work(i):
        for _ in range(200):
            if (traced([feeds[i]])[0] != expected[i]).any():
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_long_lists_of_numbers_are_read_at_once():
    numbers = [0.4857 + i / 7 for i in range(200)]
    layer = layer_of(lambda self, x: x + paddle.to_tensor(numbers)[:4] * F.gelu(x, approximate=True))
    traced = trace(layer, floats(2, 4))
    np.testing.assert_array_equal(traced([floats(2, 4)])[0], layer(floats(2, 4)).numpy())


@pytest.mark.parametrize(
    ("arguments", "matches"),
    [
        ("x, [0.25, 1e-05, -3, 2.5e+10], dim=-1", True),
        ("self.t0, torch.float32, True, None", True),
        (", ".join(["0.4857"] * 500), True),
        (", ".join(["0.4857"] * 500) + ", x.device", False),
        ("x, 'text'", False),
        ("x.size(), 1", False),
        ("f(x)", False),
        ("self.t0.t1", False),
    ],
)
def test_what_means_the_same_in_both_languages(arguments, matches):
    assert bool(_OPERATION.fullmatch(f"    y = torch.add({arguments})")) is matches
