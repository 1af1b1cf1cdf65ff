"""TracedLayer.trace and calls: structures, effects, sharing."""

from __future__ import annotations

import collections
import copy
import random
import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, ints, layer_of, linear, same_as_layer, trace

Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("forward", "count"),
    [
        (lambda self, x: x + 1, 1),
        (lambda self, x: [x + 1], 1),
        (lambda self, x: (x + 1, [x * 2, (x * 3,)]), 3),
        (lambda self, x: {"a": x + 1, "b": [x * 2]}, 2),
        (lambda self, x: Pair(x + 1, x * 2), 2),
        (lambda self, x: [x, x, x + 1], 3),
    ],
)
def test_outputs_keep_their_structure(forward, count):
    layer, x = layer_of(forward), floats(2, 3)
    outputs, traced = paddle.jit.TracedLayer.trace(layer, [x])
    expected = forward(layer, x)
    assert type(outputs) is type(expected)
    assert repr(outputs) == repr(expected)
    assert len(traced([x])) == count
    same_as_layer(traced, layer, x)


def test_nested_inputs_and_their_names():
    def forward(self, feats, mask):
        return feats[0] * mask + feats[1][0]

    layer = layer_of(forward)
    inputs = [[floats(2, 3), [floats(2, 3, seed=1)]], floats(2, 3, seed=2)]
    outputs, traced = paddle.jit.TracedLayer.trace(layer, inputs)
    assert traced.program.feed_names == ["feats_0", "feats_1_0", "mask"]
    np.testing.assert_array_equal(traced(inputs)[0], outputs.numpy())


def test_one_tensor_and_a_tuple_as_inputs():
    layer, x = layer_of(lambda self, x: x * 2), floats(2, 3)
    for inputs in (x, (x,), [x]):
        _, traced = paddle.jit.TracedLayer.trace(layer, inputs)
        np.testing.assert_array_equal(traced(inputs)[0], (x * 2).numpy())


def test_dict_outputs_are_fetched_by_key():
    traced = trace(layer_of(lambda self, x: {"logits": x + 1, "both": [x, x * 2]}), floats(2, 3))
    assert traced.program.fetch_names == ["logits", "both_0", "both_1"]


def test_return_numpy_false_gives_tensors():
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(2, 4)
    (result,) = trace(layer, x)([x], return_numpy=False)
    assert isinstance(result, paddle.Tensor)
    assert torch.equal(result, layer(x))


def test_numpy_results_own_their_memory():
    def forward(self, x):
        return x, self.fc.weight, x.reshape([-1]), x + 1

    layer, x = layer_of(forward, linear), floats(2, 4)
    before, weight = x.numpy(), layer.fc.weight.numpy()
    for array in trace(layer, x)([x]):
        array += 100
    np.testing.assert_array_equal(x.numpy(), before)
    np.testing.assert_array_equal(layer.fc.weight.numpy(), weight)


def _counting(self):
    self.fc = paddle.nn.Linear(4, 4)
    self.register_buffer("steps", paddle.zeros([1]))
    self.calls = 0
    self.log = []


def test_the_eager_call_is_the_only_effect():
    def forward(self, x):
        self.calls += 1
        self.log.append("call")
        self.steps = self.steps + 1
        return paddle.nn.functional.dropout(self.fc(x), 0.5, training=self.training) * self.steps

    layer, x = layer_of(forward, _counting), floats(2, 4)
    alone = copy.deepcopy(layer)
    paddle.seed(3), random.seed(3), np.random.seed(3)
    expected = alone(x)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    paddle.seed(3), random.seed(3), np.random.seed(3)
    outputs, _ = paddle.jit.TracedLayer.trace(layer, [x])
    assert torch.equal(outputs, expected)
    assert layer.calls == alone.calls == 1
    assert layer.log == alone.log == ["call"]
    assert torch.equal(layer.steps, alone.steps)
    assert layer.training
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]


def test_a_failed_trace_leaves_one_eager_call_too():
    def forward(self, x):
        self.calls += 1
        self.steps = self.steps + 1
        self.last = x * 2
        if x.sum() > 100:
            return x
        return x + self.steps

    layer, x = layer_of(forward, _counting), floats(2, 4)
    with pytest.raises(paddle.errors.DataDependenceError):
        trace(layer, x)
    assert layer.calls == 1
    assert layer.steps.item() == 1
    assert type(layer.last) is paddle.Tensor
    assert torch.equal(layer.last, x * 2)


def test_a_forward_that_fails_raises_its_own_error():
    def forward(self, x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        trace(layer_of(forward), floats(2))


def test_inputs_are_left_as_the_eager_call_leaves_them():
    def forward(self, x):
        x[:, 0] = 5.0
        return x * 2

    x, alone = floats(2, 4), floats(2, 4)
    layer = layer_of(forward)
    layer(alone)
    traced = trace(layer, x)
    assert torch.equal(x, alone)
    again = floats(2, 4, seed=1)
    expected = layer(floats(2, 4, seed=1)).numpy()
    np.testing.assert_array_equal(traced([again])[0], expected)


def test_buffers_written_in_forward_are_written_by_the_graph():
    def forward(self, x):
        self.steps = self.steps + 1
        return x * self.steps

    layer, x = layer_of(forward, _counting), floats(2, 4)
    traced = trace(layer, x)
    for step in (2, 3, 4):
        np.testing.assert_array_equal(traced([x])[0], (x * step).numpy())
        assert layer.steps.item() == step


def test_batch_norm_in_training_mode_updates_the_layer():
    layer = paddle.nn.BatchNorm2D(3)
    twin = copy.deepcopy(layer)
    x = floats(4, 3, 5, 5)
    traced = trace(layer, x)
    twin(x)
    for seed in (1, 2):
        x = floats(4, 3, 5, 5, seed=seed)
        np.testing.assert_allclose(traced([x])[0], twin(x).numpy(), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(layer._mean.numpy(), twin._mean.numpy(), rtol=1e-6)
        np.testing.assert_allclose(layer._variance.numpy(), twin._variance.numpy(), rtol=1e-6)


def _live_changes():
    def optimizer_step(layer, x):
        optimizer = paddle.optimizer.SGD(0.5, parameters=layer.parameters())
        layer(x).sum().backward()
        optimizer.step()

    def torch_optimizer_step(layer, x):
        optimizer = torch.optim.Adam(layer.parameters(), 0.5)
        layer(x).sum().backward()
        optimizer.step()

    def numpy_write(layer, x):
        layer.fc.weight.detach().as_subclass(torch.Tensor).numpy()[:] = 3.0

    return {
        "optimizer step": optimizer_step,
        "torch optimizer step": torch_optimizer_step,
        "set_value": lambda layer, x: layer.fc.weight.set_value(np.full((4, 4), 2.0, "float32")),
        "set_state_dict": lambda layer, x: layer.set_state_dict(
            {k: np.full(v.shape, 0.5, "float32") for k, v in layer.state_dict().items()}
        ),
        "load_state_dict": lambda layer, x: layer.load_state_dict(
            {k: torch.full(tuple(v.shape), 0.25) for k, v in layer.state_dict().items()}
        ),
        "new parameter": lambda layer, x: setattr(layer.fc, "weight", torch.nn.Parameter(torch.full((4, 4), 0.75))),
        "data": lambda layer, x: setattr(layer.fc.weight, "data", torch.full((4, 4), 1.5)),
        "numpy write": numpy_write,
        "new buffer": lambda layer, x: setattr(layer, "shift", paddle.ones([4])),
        "zero_": lambda layer, x: layer.shift.zero_(),
    }


@pytest.mark.parametrize("change", list(_live_changes()))
def test_parameters_and_buffers_are_live(change):
    def setup(self):
        linear(self)
        self.register_buffer("shift", paddle.full([4], 0.1))

    layer, x = layer_of(lambda self, x: self.fc(x) + self.shift, setup), floats(3, 4)
    traced = trace(layer, x)
    old = traced([x])[0]
    _live_changes()[change](layer, x)
    same_as_layer(traced, layer, x)
    assert np.abs(traced([x])[0] - old).max() > 1e-3


def test_a_layer_in_double_after_the_trace():
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(3, 4)
    traced = trace(layer, x)
    layer.to(dtype="float64")
    with pytest.raises(
        paddle.errors.ExecutionError, match=r"FXT306 an operation of the static graph failed in `linear"
    ):
        traced([x])


def test_a_replaced_sublayer_is_noticed():
    layer, x = layer_of(lambda self, x: self.act(self.fc(x)), with_activation), floats(3, 4)
    for change in (
        lambda: setattr(layer, "fc", paddle.nn.Linear(4, 4)),
        lambda: setattr(layer, "act", paddle.nn.GELU()),
        lambda: delattr(layer, "act"),
    ):
        traced = trace(layer, x)
        change()
        with pytest.raises(paddle.errors.StaleGraphError, match=r"FXT107 the sublayer '(fc|act)' \(\w+\) was replaced"):
            traced([x])


def with_activation(self):
    linear(self)
    self.act = paddle.nn.ReLU()


def test_tied_weights():
    def setup(self):
        linear(self)
        self.other = paddle.nn.Linear(4, 4)
        self.other.weight = self.fc.weight

    layer, x = layer_of(lambda self, x: self.other(self.fc(x)), setup), floats(3, 4)
    traced = trace(layer, x)
    layer.fc.weight = layer.other.weight = paddle.nn.Linear(4, 4).weight
    same_as_layer(traced, layer, x)
    layer.other.weight = paddle.nn.Linear(4, 4).weight
    with pytest.raises(paddle.errors.StaleGraphError, match=r"'fc.weight' and 'other.weight' were one tensor"):
        traced([x])


def test_sizes_that_do_not_go_together():
    layer = layer_of(lambda self, x, y: x + y)
    traced = trace(layer, floats(3, 4), floats(3, 4))
    with pytest.raises(RuntimeError) as error:
        traced([floats(3, 4), floats(5, 4)])
    text = str(error.value)
    assert text.startswith("FXT306 an operation of the static graph failed in `add = torch.add(x, y)`, from ")
    assert "The size of tensor a (3) must match the size of tensor b (5)" in text


def test_an_attribute_that_is_only_written():
    def forward(self, x):
        self.last = paddle.nn.functional.softmax(self.fc(x))
        return self.last * 2

    def setup(self):
        linear(self)
        self.last = None

    layer, x = layer_of(forward, setup), floats(3, 4)
    traced = trace(layer, x)
    assert traced.program.feeds[0].shape == (-1, 4)
    same_as_layer(traced, layer, floats(5, 4))


def test_training_goes_on_while_traced():
    layer, x, y = layer_of(lambda self, x: self.fc(x), linear), floats(8, 4), ints(8, high=4)
    traced = trace(layer, x)
    optimizer = paddle.optimizer.Adam(0.1, parameters=layer.parameters())
    losses = []
    for _ in range(5):
        loss = paddle.nn.functional.cross_entropy(layer(x), y)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(float(loss))
        same_as_layer(traced, layer, x)
    assert losses[-1] < losses[0]


def test_torch_modules_with_torch_tensors():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3)
            self.lstm = torch.nn.LSTM(4, 5, batch_first=True, bidirectional=True)

        def forward(self, x):
            y = self.conv(x).relu().flatten(2).transpose(1, 2)
            out, (h, _) = self.lstm(y)
            return out.max(dim=1).values, h.permute(1, 0, 2).reshape(x.size(0), -1)

    net, x = Net(), torch.randn(2, 3, 6, 6)
    outputs, traced = paddle.jit.TracedLayer.trace(net, [x])
    assert type(outputs[0]) is torch.Tensor
    for batch in (2, 5):
        x = torch.randn(batch, 3, 6, 6)
        for result, expected in zip(traced([x]), net(x), strict=True):
            np.testing.assert_allclose(result, expected.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_eight_threads_share_one_traced_layer():
    layer = layer_of(lambda self, x: paddle.nn.functional.relu(self.fc(x)) * x.shape[0], linear)
    traced = trace(layer, floats(2, 4))
    wrong = []

    def work(seed):
        for i in range(50):
            x = floats(1 + (seed + i) % 5, 4, seed=seed * 100 + i)
            if not np.allclose(traced([x])[0], layer(x).numpy(), atol=1e-6):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_traces_in_eight_threads():
    results = {}

    def work(seed):
        layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(2, 4, seed=seed)
        outputs, traced = paddle.jit.TracedLayer.trace(layer, [x], verify=False)
        results[seed] = np.array_equal(traced([x])[0], outputs.numpy())

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(8), True)


def test_verification_can_be_turned_off():
    traced = trace(layer_of(lambda self, x: x + 1), floats(2), verify=False)
    assert traced.report is None
    np.testing.assert_array_equal(traced([floats(2)])[0], (floats(2) + 1).numpy())


def test_a_constructor_is_not_the_way():
    with pytest.raises(TypeError):
        paddle.jit.TracedLayer()
