"""calculate_recurrent and calculate_softmax: where the native module's kernels answer, and what they give."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

import fxtraced as paddle
from fxtraced import inference
from fxtraced.lowering.script import quiet
from fxtraced.lowering.scripted_kernels import calculate_by_kernels
from tests.helpers import floats, layer_of, linear, trace

nn, F = paddle.nn, paddle.nn.functional
pytestmark = [
    pytest.mark.skipif(
        "AVX" not in torch.backends.cpu.get_cpu_capability(), reason="there are no kernels for this CPU"
    ),
    pytest.mark.usefixtures("with_native"),
]


class Recurrent(nn.Layer):
    """All results of a recurrent network, with initial states or without; lengths are of the sequences."""

    def __init__(self, kind, states=False, hidden=20, **options):
        super().__init__()
        self.rnn = kind(12, hidden, **options)
        self.states = states

    def forward(self, x, lengths=None):
        rnn = self.rnn
        size = [rnn.num_layers * rnn.num_directions, x.shape[1 if rnn.time_major else 0], rnn.hidden_size]
        start = [paddle.ones(size) * (0.1 * i) for i in (1, 2)] if self.states else None
        if start and rnn.mode != "LSTM":
            start = start[0]
        return rnn(x, start, sequence_length=lengths)


KINDS = {
    "LSTM": (nn.LSTM, {}),
    "GRU": (nn.GRU, {}),
    "tanh": (nn.SimpleRNN, {}),
    "relu": (nn.SimpleRNN, {"activation": "relu"}),
}
OPTIONS = {
    "one layer": {},
    "three layers": {"num_layers": 3},
    "both directions": {"direction": "bidirectional", "hidden": 33},
    "two layers, both directions": {"num_layers": 2, "direction": "bidirectional", "hidden": 16},
    "time first": {"num_layers": 2, "time_major": True, "hidden": 5},
    "states": {"states": True, "num_layers": 2, "direction": "bidirectional", "hidden": 1},
    "dropout outside of training": {"num_layers": 2, "dropout": 0.5},
}
SIZES = [(3, 7, 12), (1, 20, 12), (5, 1, 12), (8, 3, 12)]


def agree(got, layer, *inputs):
    with paddle.no_grad():
        wanted = tree_leaves(layer(*inputs))
    assert len(got) == len(wanted)
    for result, tensor in zip(got, wanted, strict=True):
        assert tuple(result.shape) == tuple(tensor.shape)
        np.testing.assert_allclose(np.asarray(result), tensor.numpy(), rtol=1e-5, atol=2e-6)


def made(kind, **options):
    cell, more = KINDS[kind]
    layer = Recurrent(cell, **more, **options)
    layer.eval()
    return layer


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_is_calculated_by_kernels(kind, options, threads, monkeypatch):
    torch.set_num_threads(threads)
    monkeypatch.setattr("fxtraced.passes.calculate_recurrent.choose", lambda sites, *rest: ["kernel" for _ in sites])
    layer = made(kind, **OPTIONS[options])
    traced = trace(layer, floats(*SIZES[0]))
    for seed, size in enumerate(SIZES):
        x = floats(*size, seed=seed)
        agree(traced([x]), layer, x)
    assert traced.program.pass_report["calculate_recurrent"] == 1
    assert traced.program.pass_report["pack_recurrent"] == 0


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_sequences_of_several_lengths(kind, time_major):
    layer = made(kind, num_layers=2, direction="bidirectional", time_major=time_major)
    x = floats(4, 4, 12)
    traced = trace(layer, x, paddle.to_tensor([2, 4, 1, 3]))
    assert traced.program.pass_report["calculate_recurrent"] == 1
    for lengths in ([2, 4, 1, 3], [4, 4, 4, 4], [1, 1, 2, 1]):
        agree(traced([x, paddle.to_tensor(lengths)]), layer, x, paddle.to_tensor(lengths))


class AfterEachOther(nn.Layer):
    """A network that reads what another gave, its states included."""

    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first(12, 16), second(16, 16)

    def forward(self, x):
        y, states = self.first(x)
        states = states if isinstance(states, list | tuple) else [states]
        start = [*states, *states][:2]
        return self.second(y, tuple(start) if self.second.mode == "LSTM" else start[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("first", [nn.LSTM, nn.GRU, nn.SimpleRNN])
@pytest.mark.parametrize("second", [nn.LSTM, nn.GRU, nn.SimpleRNN])
def test_networks_after_each_other(first, second, threads, monkeypatch):
    torch.set_num_threads(threads)
    if threads == 1:
        monkeypatch.setattr(
            "fxtraced.passes.calculate_recurrent.choose", lambda sites, *rest: ["kernel" for _ in sites]
        )
    layer = AfterEachOther(first, second)
    layer.eval()
    traced = trace(layer, floats(*SIZES[0]))
    for seed, size in enumerate(SIZES):
        x = floats(*size, seed=seed)
        agree(traced([x]), layer, x)
    assert threads > 1 or traced.program.pass_report["calculate_recurrent"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_weight_shows(kind):
    layer = made(kind, num_layers=2, direction="bidirectional")
    x = floats(*SIZES[0])
    traced = trace(layer, x)
    before = traced([x])[0]
    for factor in (1.5, 0.5):
        with paddle.no_grad():
            for weight in layer.parameters():
                weight.set_value(weight * factor)
        after = traced([x])[0]
        agree(traced([x]), layer, x)
        assert np.abs(after - before).max() > 1e-3
        before = after


def test_what_is_faster_otherwise_is_left(monkeypatch):
    torch.set_num_threads(2)
    monkeypatch.setattr("fxtraced.passes.calculate_recurrent.choose", lambda sites, *rest: ["others" for _ in sites])
    layer = made("LSTM")
    x = floats(*SIZES[0])
    traced = trace(layer, x)
    report = traced.program.pass_report
    assert (report["calculate_recurrent"], report["pack_recurrent"]) == (0, 1)
    agree(traced([x]), layer, x)


def test_it_is_measured_with_several_threads():
    torch.set_num_threads(2)
    layer = made("GRU", num_layers=2)
    x = floats(*SIZES[0])
    traced = trace(layer, x)
    assert "calculate_recurrent" in traced.program.pass_report
    agree(traced([x]), layer, x)


@pytest.mark.parametrize("why", ["training", "double", "switched off"])
def test_others_stay(why):
    layer = made("GRU")
    x = floats(*SIZES[0])
    if why == "training":
        layer.train()
    if why == "double":
        layer.to(dtype="float64")
        x = x.astype("float64")
    traced = trace(layer, x)
    build = paddle.static.BuildStrategy()
    if why == "switched off":
        build.delete_pass("calculate_recurrent")
    traced.set_strategy(build)
    agree(traced([x]), layer, x)
    assert traced.program.pass_report.get("calculate_recurrent", 0) == 0


@pytest.mark.parametrize("target", ["portable", "cpu"])
def test_archives_are_for_everybody(target, tmp_path):
    """They hold torch's own operations, and a predictor has kernels calculate them, of any length."""
    layer = layer_of(lambda self, x: F.softmax(self.rnn(x)[0]), lambda self: setattr(self, "rnn", nn.GRU(12, 20)))
    layer.eval()
    x = floats(3, 40, 12)
    trace(layer, x).save_inference_model(str(tmp_path), target=target)
    code = f"import torch; print('fxtraced::' in str(torch.jit.load({str(tmp_path / 'model.pt')!r}).inlined_graph))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    for size in [(3, 40, 12), (1, 5, 12), (4, 9, 12)]:
        for seed in range(4):
            x = floats(*size, seed=seed)
            agree(predictor.run([x]), layer, x)


def rows(self, x):
    return F.softmax(x)


MASK = np.triu(np.full((6, 6), -np.inf, dtype="float32"), 1)

SOFTMAX = {
    "rows": (rows, 1),
    "the last dimension by its number": (lambda self, x: F.softmax(x * 3, axis=2), 1),
    "of what is given, too": (lambda self, x: (y := x + 1, F.softmax(y)), 1),
    "of what is read again": (lambda self, x: (y := x * 2) + F.softmax(y) + y.exp(), 1),
    "of a view": (lambda self, x: F.softmax(x.transpose([0, 2, 1])), 1),
    "with a mask": (lambda self, x: F.softmax(x.matmul(x.transpose([0, 2, 1])) + paddle.to_tensor(MASK)), 1),
    "of two": (lambda self, x: F.softmax(F.softmax(x)), 2),
    "another dimension": (lambda self, x: F.softmax(x, axis=1), 0),
    "multiplied": (lambda self, x: F.softmax(x).matmul(x.transpose([0, 2, 1])), 0),
    "in double": (lambda self, x: F.softmax(x, dtype="float64"), 0),
}


@pytest.mark.parametrize("name", SOFTMAX)
def test_softmax(name):
    forward, count = SOFTMAX[name]
    # Without a weight, a graph is for no device.
    layer = layer_of(lambda self, x: forward(self, self.fc(x)), linear)
    traced = trace(layer, floats(2, 6, 4))
    for seed, shape in enumerate([(2, 6, 4), (1, 6, 4)]):
        x = floats(*shape, seed=seed)
        given = x.clone()
        agree(traced([x]), layer, x)
        assert (x == given).all()
    assert traced.program.pass_report["calculate_softmax"] == count


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_softmax_of_what_is_not_finite(value):
    layer = layer_of(
        lambda self, x: F.softmax(x * self.scale), lambda self: self.register_buffer("scale", paddle.ones([]))
    )
    traced = trace(layer, floats(2, 6, 4))
    assert traced.program.pass_report["calculate_softmax"] == 1
    x = floats(2, 6, 4).numpy()
    x[0, 1, 2] = value
    x[1, 3] = value
    wanted = torch.softmax(torch.from_numpy(x), -1).numpy()
    np.testing.assert_allclose(traced([paddle.to_tensor(x)])[0], wanted, rtol=1e-5, atol=1e-6)


def test_feeds_that_do_not_fit_are_told():
    """What compiles an archive asks the graph for its sizes."""
    with quiet():
        net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Softmax(-1))
        module = torch.jit.freeze(torch.jit.script(net.eval()))
    graph = module._c._get_method("forward").graph
    with pytest.raises(paddle.errors.ExecutionError, match="FXT306 an operation of the static graph failed"):
        calculate_by_kernels(graph, [torch.zeros(2, 3)])
    assert calculate_by_kernels(graph, [torch.zeros(2, 4)]) == 1
