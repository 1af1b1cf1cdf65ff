"""Derived weights follow every change of what they come from, and calls beside the graph's own case are right."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering import derived
from fxtraced.lowering.cpu import CpuExecutable
from fxtraced.lowering.derived import DerivedWeights
from fxtraced.lowering.script import quiet
from fxtraced.passes import linear
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, trace
from tests.lowering.changes import CHANGES, Net, X, agree, write_data
from tests.passes.test_cpu_passes import linears_become

nn = paddle.nn
pytestmark = [
    pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU"),
    pytest.mark.usefixtures("with_and_without_native"),
]


@pytest.fixture(autouse=True)
def packed_everywhere(monkeypatch, without_partitions):
    """Linear calls are packed at any size, and whether that is faster or not."""
    monkeypatch.setattr(linear, "WORTHWHILE", 1)
    linears_become(monkeypatch, "packed")


@pytest.fixture
def net():
    paddle.seed(0)
    layer = Net()
    layer.eval()
    return layer


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_shows_in_the_next_call(net, change):
    traced = trace(net, X)
    before = agree(traced, net)
    assert isinstance(traced.program.runnable(("fetch_0",)), CpuExecutable)
    names = ("fold_batch_norm", "pack_convolutions", "pack_linears")
    assert [traced.program.pass_report[name] for name in names] == [1, 2, 2]
    for _ in range(2):
        change(net)
        after = agree(traced, net)
    assert np.abs(after - before).max() > 1e-4


def test_another_dtype_and_back(net):
    traced = trace(net, X)
    agree(traced, net)
    run = traced.program.runnable(("fetch_0",))
    net.to(dtype="float64")
    for x in (X.astype("float64"), X.astype("float64") * 2):
        with paddle.no_grad():
            np.testing.assert_array_equal(run(x)[0].numpy(), net(x).numpy())
    net.to(dtype="float32")
    agree(traced, net)


def test_tensors_without_a_version_run_with_the_layers_own_weights():
    with torch.inference_mode():
        layer = Net()
    layer.eval()
    with paddle.no_grad():
        traced = trace(layer, X)
        before = agree(traced, layer)
        with torch.inference_mode():
            layer.conv.weight.mul_(2.0)
        assert np.abs(agree(traced, layer) - before).max() > 1e-4


def test_weights_that_cannot_be_computed(net, monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("could not create a primitive")

    monkeypatch.setattr(derived, "compute", refuse)
    traced = trace(net, X)
    agree(traced, net)
    agree(traced, net)


def test_a_lowered_graph_that_is_wrong_is_not_used(net, monkeypatch):
    """The first call is made both ways, at the trace."""
    expected = net(X).numpy()
    right, kept = DerivedWeights.tensors, {}

    def wrong(self):
        # Packed weights are opaque; biases are not.
        return kept.setdefault("", tuple(x if x.is_mkldnn else x + 1 for x in right(self)))

    monkeypatch.setattr(DerivedWeights, "tensors", wrong)
    with pytest.warns(UserWarning, match=r"differs from the graph as it was traced \(largest absolute difference"):
        traced = trace(net, X)
    np.testing.assert_allclose(traced([X])[0], expected, rtol=1e-4, atol=1e-5)


def test_tied_weights_that_part_are_noticed():
    class Tied(nn.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(512, 512), nn.Linear(512, 512)
            self.second.weight = self.first.weight

        def forward(self, x):
            return self.second(self.first(x))

    layer, x = Tied(), floats(4, 512)
    traced = trace(layer, x)
    agree(traced, layer, x)
    layer.first.weight = layer.create_parameter([512, 512])
    with pytest.raises(paddle.errors.StaleGraphError, match="were one tensor during the trace and are two now"):
        traced([x])


def test_copies_of_a_layer_have_graphs_of_their_own(net):
    traced = trace(net, X)
    other = copy.deepcopy(net)
    write_data(other)
    agree(traced, net)
    agree(trace(other, X), other)


def test_an_archive_has_the_layers_own_weights(net, tmp_path):
    traced = trace(net, X)
    wanted = agree(traced, net)
    traced.save_inference_model(str(tmp_path))
    with quiet():
        loaded = torch.jit.load(str(tmp_path / "model.pt"))
    assert set(dict(loaded.named_parameters())) == set(dict(net.named_parameters()))
    assert not any("derived" in name for name in dict(loaded.named_buffers()))
    np.testing.assert_allclose(loaded(X.as_subclass(torch.Tensor)).detach().numpy(), wanted, atol=1e-5)


def test_threads_while_weights_change(net):
    traced = trace(net, X)
    wanted = agree(traced, net)
    run = traced.program.runnable(("fetch_0",))
    results = []
    threads = [threading.Thread(target=lambda: results.extend(run(X)[0].numpy() for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with paddle.no_grad():
            net.conv.weight.add_(0.0)
    assert len(results) == 80
    for result in results:
        np.testing.assert_allclose(result, wanted, atol=1e-5)


@pytest.mark.parametrize("activation", [nn.functional.relu, nn.functional.relu6])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_a_number_stays_what_it_is(activation, value):
    """oneDNN's relu makes 0 of it."""

    class Activated(nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2D(16, 32, 3), nn.Linear(32, 64)

        def forward(self, x):
            y = activation(self.conv(x))
            return activation(self.fc(y.mean(axis=[2, 3]))), y

    layer = Activated()
    layer.eval()
    traced = trace(layer, X)
    x = X.numpy()
    x[1, 2, 3, 4] = value
    for given in (X, paddle.to_tensor(x), X):
        with paddle.no_grad():
            wanted = layer(given)
        for result, tensor in zip(traced([given]), wanted, strict=True):
            np.testing.assert_allclose(result, tensor.numpy(), rtol=1e-4, atol=1e-4)
    assert traced.program.pass_report["pack_linears"] == 1
    with paddle.no_grad():
        layer.conv.weight[3] = value
        np.testing.assert_array_equal(np.isnan(traced([X])[1]), np.isnan(layer(X)[1].numpy()))
