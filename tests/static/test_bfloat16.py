"""BuildStrategy.enable_mkldnn_bfloat16: a static graph in bfloat16 that follows its layer."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.lowering import partitions
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.passes import onednn, partitioning
from fxtraced.tracing.compare import ROUNDING
from tests.helpers import floats, layer_of, trace
from tests.passes.test_cpu_passes import statistics

nn, F = paddle.nn, paddle.nn.functional
bfloat16 = pytest.mark.skipif(not onednn.calculates_bfloat16(), reason="this CPU has no bfloat16")


@pytest.fixture(params=["partitions", "packed"])
def way(request, monkeypatch):
    """Partitions of graphs of any size, fast or not; or none."""
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), 0.0))
    monkeypatch.setattr(partitioning, "WORTHWHILE", 0)
    return request.param


def images(self):
    self.a, self.norm, self.b = nn.Conv2D(16, 16, 3, padding=1), nn.BatchNorm2D(16), nn.Conv2D(16, 16, 1)


def rows(self):
    self.a, self.b, self.norm = nn.Linear(64, 64), nn.Linear(64, 64), nn.LayerNorm(64)


def recurrent(self):
    self.lstm, self.a = nn.LSTM(64, 32, num_layers=2, direction="bidirectional"), nn.Linear(64, 16)


def heads(self):
    self.attention = nn.MultiHeadAttention(64, 4)


# forward, setup, a feed, one of another size, and how many products and calls of attention are lowered.
LAYERS = {
    "a residual": (lambda self, x: F.relu(self.norm(self.a(y := F.relu(self.b(x)))) + y).mean([2, 3]), images,
                   floats(2, 16, 12, 12), floats(3, 16, 10, 9), 2),
    "rows": (lambda self, x: self.norm(x + self.b(F.gelu(self.a(x)))), rows, floats(2, 50, 64), floats(3, 7, 64), 2),
    "attention": (lambda self, x: self.attention(x), heads, floats(2, 12, 64), floats(3, 7, 64), 5),
    "an LSTM": (lambda self, x: self.a(self.lstm(x)[0]), recurrent, floats(2, 12, 64), floats(3, 7, 64), 2),
    "a view of a weight": (lambda self, x: F.linear(x, self.a.weight[:, :32]), rows, floats(8, 64), floats(3, 64), 1),
}  # fmt: skip


def traced_in_bfloat16(layer, x, *left_out):
    layer.eval()
    traced = trace(layer, x)
    build = paddle.static.BuildStrategy()
    build.enable_mkldnn_bfloat16()
    for name in left_out:
        build.delete_pass(name)
    traced.set_strategy(build)
    return traced, paddle.static.CompiledProgram(traced.program, build_strategy=build)


def apart(layer, traced, x):
    """The largest difference from the layer, as a part of its result's scale."""
    with paddle.no_grad():
        wanted = layer(x).numpy()
    (result,) = traced([x])
    assert result.dtype == wanted.dtype
    return abs(result - wanted).max() / abs(wanted).max()


@bfloat16
@pytest.mark.parametrize("name", LAYERS)
def test_it_gives_what_the_layer_gives_now(name, way):
    forward, setup, x, other, products = LAYERS[name]
    layer = statistics(layer_of(forward, setup))
    traced, program = traced_in_bfloat16(layer, x, *(["compile_partitions"] if way == "packed" else []))
    assert 1e-5 < apart(layer, traced, x) < 2e-2
    assert program.report()["lower_precision"] == products
    run = traced.program.runnable(tuple(traced.program.fetch_names), program.build_strategy)
    assert isinstance(run, PartitionedExecutable) == (way == "partitions")
    assert way == "packed" or run.count > 0
    # The third call of another size, or with other weights, makes the graph for every size.
    for _ in range(4):
        assert apart(layer, traced, other) < 2e-2
    assert apart(layer, traced, other) > 1e-5
    weights = layer.state_dict()
    for key, value in weights.items():
        if "_variance" not in key:
            weights[key] = value * -1.5
    layer.set_state_dict(weights)
    for _ in range(4):
        assert apart(layer, traced, x) < 2e-2
    assert apart(layer, traced, x) > 1e-5


@bfloat16
def test_verify_says_how_far_it_is():
    layer = layer_of(lambda self, x: self.b(F.relu(self.a(x))), rows)
    _, program = traced_in_bfloat16(layer, floats(8, 64))
    with pytest.raises(paddle.errors.VerificationError, match=r"relative 0.00\d+.*\n[^$]*'lower_precision': 2"):
        program.verify(rtol=1e-5)
    assert 1e-5 < max(probe.relative for probe in program.verify().probes) < 2e-2
    assert "bfloat16" in str(program.after("lower_precision"))


@bfloat16
def test_not_a_number_stays_what_it_is(way):
    layer = layer_of(lambda self, x: F.relu(self.a(x)), rows)
    traced, _ = traced_in_bfloat16(layer, floats(8, 64), *(["compile_partitions"] if way == "packed" else []))
    traced([floats(8, 64)])
    x = floats(8, 64).numpy()
    x[3] = np.nan
    for _ in range(4):
        (result,) = traced([paddle.to_tensor(x)])
        assert np.isnan(result).all(1).tolist() == [i == 3 for i in range(8)]


@bfloat16
def test_what_would_differ_too_much_stays_in_float32(way):
    layer = layer_of(lambda self, x: (self.a(x) - self.a(x + 1e-3)) * 1e3, rows)
    traced, _ = traced_in_bfloat16(layer, floats(64, 64))
    with pytest.warns(UserWarning, match="differs from the graph as it was traced .* allowed 0"):
        traced([floats(64, 64)])
    for _ in range(4):
        assert apart(layer, traced, floats(64, 64)) < 1e-2


def writing(self, x):
    y = self.a(x)
    y[0] = 0
    return self.b(y)


def test_graphs_and_cpus_that_it_is_not_for(monkeypatch):
    layer = layer_of(writing, rows)
    traced, program = traced_in_bfloat16(layer, floats(8, 64))
    assert apart(layer, traced, floats(8, 64)) < 1e-5
    assert program.report()["lower_precision"] == 0
    monkeypatch.setattr(onednn, "calculates_bfloat16", lambda: False)
    monkeypatch.setattr(partitioning, "WORTHWHILE", 0)
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), 0.0))
    layer = layer_of(lambda self, x: self.b(self.a(x)), rows)
    traced, program = traced_in_bfloat16(layer, floats(8, 64))
    assert apart(layer, traced, floats(8, 64)) < 1e-5
    assert program.report()["lower_precision"] == 0
    # Nothing more than rounding is allowed then, neither here nor between partitions and the layer's graph.
    run = traced.program.runnable(tuple(traced.program.fetch_names), program.build_strategy)
    assert run._tolerance == ROUNDING
    asked = []
    monkeypatch.setattr(traced.program, "verifier", lambda run, thorough, rtol, atol: asked.append(rtol))
    program.verify()
    assert asked == [1e-5]


def test_a_saved_archive_is_in_float32(tmp_path):
    layer = layer_of(lambda self, x: self.b(self.a(x)), rows)
    traced, _ = traced_in_bfloat16(layer, floats(8, 64))
    traced.save_inference_model(str(tmp_path))
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    (result,) = paddle.static.Executor().run(program, {feeds[0]: floats(8, 64).numpy()})
    with paddle.no_grad():
        np.testing.assert_allclose(result, layer(floats(8, 64)).numpy(), atol=1e-6)
    assert repr(paddle.static.BuildStrategy()) != repr(traced._build_strategy) == "BuildStrategy() in bfloat16"
