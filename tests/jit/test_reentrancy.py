"""Traces beside, within and instead of one another; traces that are cut short."""

from __future__ import annotations

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, trace


def _net(width):
    def forward(self, x):
        y = self.fc(x)[: x.shape[0] // 2]
        return paddle.concat([y, paddle.zeros([1, 4])]) * width

    return layer_of(forward, linear)


def test_threads_that_trace_and_run():
    running = _net(99)
    static = trace(running, floats(6, 4))
    expected = running(floats(8, 4)).numpy()
    done = threading.Event()

    def run():
        while not done.is_set():
            np.testing.assert_array_equal(static([floats(8, 4)])[0], expected)

    def trace_one(width):
        layer = _net(width)
        traced = trace(layer, floats(4, 4))
        np.testing.assert_array_equal(traced([floats(7, 4)])[0], layer(floats(7, 4)).numpy())
        return traced.guards

    with ThreadPoolExecutor(9) as pool:
        runner = pool.submit(run)
        try:
            assert list(pool.map(trace_one, range(8))) == [[]] * 8
        finally:
            done.set()
        runner.result()


class _TracesInForward(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.inner = _net(2)

    def forward(self, x):
        outputs, _ = paddle.jit.TracedLayer.trace(self.inner, [floats(4, 4)])
        return self.inner(x) + outputs.sum()


def test_a_trace_within_a_trace_is_refused():
    with pytest.raises(paddle.errors.TraceError, match="^FXT100 "):
        trace(_TracesInForward(), floats(6, 4))
    layer = _net(2)
    np.testing.assert_array_equal(trace(layer, floats(2, 4))([floats(5, 4)])[0], layer(floats(5, 4)).numpy())


class _Interrupted(paddle.nn.Layer):
    """Is interrupted in the call of this number, counted where no snapshot sees it."""

    def __init__(self, number):
        super().__init__()
        self.register_buffer("steps", paddle.zeros([1]))
        self.calls = 0
        self.left = iter([False] * (number - 1) + [True] + [False] * 100)

    def forward(self, x):
        self.calls += 1
        self.steps += 1
        torch.randn(1)
        if next(self.left):
            raise KeyboardInterrupt
        return x * torch.zeros(x.shape[0], 1)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_an_interrupted_trace_leaves_what_the_eager_call_left(number):
    layer = _Interrupted(number)
    factory, read = torch.zeros, _Interrupted.__getattribute__
    torch.manual_seed(3)
    torch.randn(1)
    random_state = torch.get_rng_state()
    torch.manual_seed(3)
    with pytest.raises(KeyboardInterrupt):
        trace(layer, floats(2, 3))
    assert (layer.calls, layer.steps.item()) == (1, 1.0)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.zeros is factory
    assert _Interrupted.__getattribute__ is read
    assert not torch._C._len_torch_function_stack()


class _Recursive(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x, depth=3):
        return self.forward(self.fc(x), depth - 1) if depth else x


def test_a_layer_that_calls_itself():
    layer = _Recursive()
    traced = trace(layer, floats(3, 4))
    np.testing.assert_allclose(traced([floats(5, 4)])[0], layer(floats(5, 4)).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, pickle.dumps])
def test_a_traced_layer_belongs_to_its_layer(copied):
    with pytest.raises(TypeError, match="can be neither pickled nor copied"):
        copied(trace(_net(1), floats(4, 4)))


def test_the_layer_of_a_graph_may_be_copied():
    layer = _net(3)
    traced = trace(layer, floats(4, 4))
    twin = copy.deepcopy(layer)
    twin.fc.weight.set_value(twin.fc.weight * 2)
    np.testing.assert_array_equal(traced([floats(4, 4)])[0], layer(floats(4, 4)).numpy())
    np.testing.assert_array_equal(trace(twin, floats(4, 4))([floats(4, 4)])[0], twin(floats(4, 4)).numpy())


def test_a_generator_is_no_input():
    with pytest.raises(TypeError, match="'each element of inputs' .* must be base.Variable, but received .*generator"):
        paddle.jit.TracedLayer.trace(_net(1), (floats(4, 4) for _ in range(1)))


def test_gradients_that_forward_asks_for():
    layer = layer_of(lambda self, x: self.fc(x) * (2 if torch.is_grad_enabled() else 3), linear)
    with pytest.raises(paddle.errors.VerificationError):
        trace(layer, floats(3, 4))
    with paddle.no_grad():
        traced = trace(layer, floats(3, 4))
        np.testing.assert_allclose(traced([floats(5, 4)])[0], layer(floats(5, 4)).numpy(), rtol=1e-5)
