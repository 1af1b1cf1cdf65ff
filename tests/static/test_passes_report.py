"""What CompiledProgram tells of the passes: report, after, verify."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.passes.pipeline import PIPELINE, Step
from tests.helpers import floats, layer_of, trace

nn = paddle.nn
VerificationError = paddle.errors.VerificationError


def folded():
    net = nn.Sequential(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16))
    net.eval()
    return net


def compiled(layer, *inputs, strategy=None):
    return paddle.static.CompiledProgram(trace(layer, *inputs).program, build_strategy=strategy)


def with_step(monkeypatch, step):
    monkeypatch.setattr("fxtraced.passes.pipeline.PIPELINE", [*PIPELINE, step])


def test_the_graph_after_a_pass():
    program = compiled(folded(), floats(2, 8, 30, 30))
    before, after = program.after("remove_no_ops"), program.after("fold_batch_norm")
    assert [name in str(before) for name in ("batch_norm", "scaled_weight")] == [True, False]
    assert [name in str(after) for name in ("batch_norm", "scaled_weight")] == [False, True]
    assert list(before.report) == ["functionalize_writes", "remove_no_ops"]
    assert after.report["fold_batch_norm"] == 1
    assert str(after).splitlines()[1] == "  feed   input: float32[-1, 8, -1, -1]"
    assert str(after).splitlines()[-1] == "  fetch  fetch_0: float32[-1, 16, -1, -1] = conv2d_1"
    # The program itself stays as it was traced.
    assert "batch_norm" in str(program)
    assert str(program.program.after("fold_batch_norm")) == str(after)


def test_a_pass_that_does_not_run_is_told_with_those_that_do():
    build = paddle.static.BuildStrategy()
    build.delete_pass("fold_batch_norm")
    program = compiled(folded(), floats(2, 8, 30, 30), strategy=build)
    for name in ("fold", "fold_batch_norm", "fused_attention"):
        with pytest.raises(ValueError, match=f"no pass '{name}' runs on this graph; these do: functionalize_writes, "):
            program.after(name)


def test_a_loaded_program_has_no_passes(tmp_path):
    trace(folded(), floats(2, 8, 30, 30)).save_inference_model(str(tmp_path))
    program = paddle.static.CompiledProgram(paddle.static.load_inference_model(str(tmp_path))[0])
    assert program.report() == {}
    for ask in (lambda: program.after("fold_batch_norm"), program.verify):
        with pytest.raises(ValueError, match="a program from a file has no passes and no layer: it runs as it was"):
            ask()


def test_the_optimised_graph_is_verified():
    layer = folded()
    program = compiled(layer, floats(2, 8, 30, 30))
    report = program.verify()
    assert [probe.skipped for probe in report.probes] == ["", "", ""]
    assert 0 < max(probe.absolute for probe in report.probes) < 1e-5
    layer[0].weight.set_value(layer[0].weight * 3)
    assert program.verify(thorough=True).sizes[0].verdict == "free"
    with pytest.raises(VerificationError, match="allowed 0"):
        program.verify(rtol=0.0, atol=0.0)


def test_a_wrong_pass_is_found_when_asked(monkeypatch):
    def wrong(graph):
        for node in graph.find_nodes(op="call_function", target=torch.exp):
            node.target = torch.expm1
        return 1

    layer = layer_of(lambda self, x: paddle.exp(self.fc(x)), lambda self: setattr(self, "fc", nn.Linear(4, 4)))
    with_step(monkeypatch, Step("wrong", wrong, switched=False, devices=("cpu",)))
    # The first call, at the trace, is compared, and calls go on with the graph as it was traced.
    with pytest.warns(UserWarning, match="differs from the graph as it was traced"):
        program = compiled(layer, floats(2, 4))
    with pytest.raises(VerificationError) as error:
        program.verify()
    assert "FXT202 the static graph and the layer differ on the given inputs: fetch_0: largest" in str(error.value)
    assert "This is the graph after the passes: {" in str(error.value)
    assert "'wrong': 1}. BuildStrategy.delete_pass leaves one out" in str(error.value)
    (result,) = paddle.static.Executor().run(program, feed={"x": floats(2, 4)})
    with paddle.no_grad():
        np.testing.assert_array_equal(result, layer(floats(2, 4)).numpy())


def test_verifying_leaves_the_layer_as_it_was():
    layer = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1D(4), nn.Dropout(0.5))
    program = compiled(layer, floats(6, 4))
    layer.eval()
    paddle.seed(3)
    before, drawn = {k: v.numpy() for k, v in layer.state_dict().items()}, paddle.rand([2]).numpy()
    paddle.seed(3)
    report = program.verify()
    np.testing.assert_array_equal(paddle.rand([2]).numpy(), drawn)
    assert not any(module.training for module in layer.sublayers(include_self=True))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
    assert max(probe.absolute for probe in report.probes) == 0


def test_a_graph_that_writes_is_not_called_twice(monkeypatch):
    """Its first call is not compared: what it writes would be written twice."""
    with_step(monkeypatch, Step("changes", lambda graph: 1, switched=False, devices=("cpu",)))

    def setup(self):
        self.register_buffer("calls", paddle.zeros([1]))

    def forward(self, x):
        self.calls.add_(paddle.ones([1]))
        return x + self.calls

    layer = layer_of(forward, setup)
    traced = trace(layer, floats(2))
    traced([floats(2)])
    assert layer.calls.numpy().tolist() == [2.0]
