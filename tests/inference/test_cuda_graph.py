"""CUDA graphs as far as no GPU is needed: which shapes are captured, and when a model runs without."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from fxtraced.inference.cuda_graph import CudaGraphs, captured_on
from tests.helpers import floats, layer_of, trace


class Model:
    """Gives x * factor, and counts its calls and captures. As a capture, a graph that gives `replayed` instead."""

    def __init__(self, replayed=2.0, error=None):
        self.calls, self.captures, self.replayed, self.error = 0, [], replayed, error

    def run(self, x):
        self.calls += 1
        return (x * 2.0,)

    def capture(self, run, tensors):
        assert run == self.run
        self.captures.append([list(x.shape) for x in tensors])
        if self.error:
            raise self.error
        return lambda x: (x * self.replayed,)


def graphs_of(model, max_shapes=2):
    return CudaGraphs(model.run, model.capture, max_shapes, tolerance=1e-4)


def test_a_shape_is_captured_once():
    model = Model()
    graphs = graphs_of(model)
    for n in (1, 2, 1, 2, 1):
        (result,) = graphs(torch.ones(n, 3))
        assert torch.equal(result, torch.full((n, 3), 2.0))
    assert model.captures == [[[1, 3]], [[2, 3]]]
    assert model.calls == 2  # one for each comparison
    assert graphs.shapes == [[[1, 3]], [[2, 3]]]
    assert graphs.stopped is None


def test_further_shapes_run_as_without():
    model = Model()
    graphs = graphs_of(model, max_shapes=1)
    for n in (1, 5, 5):
        assert graphs(torch.ones(n, 3))[0].shape == (n, 3)
    assert model.captures == [[[1, 3]]]
    assert model.calls == 3


def test_empty_inputs_run_as_without():
    model = Model()
    assert graphs_of(model)(torch.ones(0, 3))[0].shape == (0, 3)
    assert model.captures == []


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            Model(error=RuntimeError("operation not permitted\nwhen capturing")),
            "RuntimeError: operation not permitted$",
        ),
        (Model(replayed=2.1), r"a replay differs from an ordinary call: largest absolute difference 0\.1"),
    ],
)
def test_what_cannot_be_captured_runs_as_without(model, reason):
    graphs = graphs_of(model)
    with pytest.warns(UserWarning, match=rf"inputs of \[\[2, 3\]\] .* without a CUDA graph: {reason}"):
        graphs(torch.ones(2, 3))
    for n in (2, 4):
        assert torch.equal(graphs(torch.ones(n, 3))[0], torch.full((n, 3), 2.0))
    assert len(model.captures) == 1
    assert graphs.shapes == []
    assert graphs.stopped


def test_wrong_inputs_are_no_reason_to_stop():
    def run(x):
        raise paddle.errors.GuardError("FXT201 another size")

    graphs = CudaGraphs(run, Model().capture, 2, 1e-4)
    with pytest.raises(paddle.errors.GuardError):
        graphs(torch.ones(2, 3))
    assert graphs.stopped is None


def test_threads_capture_a_shape_once():
    model = Model()
    graphs = graphs_of(model)
    threads = [threading.Thread(target=graphs, args=(torch.ones(2, 3),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(model.captures) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_no_gpu():
    with pytest.raises(RuntimeError, match="torch sees no GPU"):
        captured_on(torch.device("cuda", 0))


@pytest.fixture
def predictor_of(tmp_path):
    def make(forward, *inputs, **options):
        trace(layer_of(forward), *inputs).save_inference_model(str(tmp_path), **options)
        return inference.create_predictor(inference.Config(str(tmp_path)))

    return make


def test_on_the_cpu_it_says_so_and_runs_as_without(predictor_of):
    predictor = predictor_of(lambda self, x: x * 2, floats(2, 3))
    with pytest.warns(UserWarning, match="enable_cuda_graph changes nothing for .*: the model is on cpu"):
        predictor.enable_cuda_graph()
    with pytest.warns(UserWarning, match="the model is on cpu"):
        predictor.reload()
    np.testing.assert_array_equal(predictor.run([floats(4, 3)])[0].numpy(), (floats(4, 3) * 2).numpy())
    assert predictor.cuda_graph_shapes() == []
    with pytest.raises(ValueError, match="max_shapes must be at least 1, but received 0"):
        predictor.enable_cuda_graph(0)


def written(self, x):
    x.add_(1)
    return x * 2


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda self, x: x * 2, None),
        (lambda self, x: paddle.zeros([x.shape[0], 2]) + x.sum(), None),
        (lambda self, x: x[:, :2] if x.shape[1] > 1 else x, None),
        (lambda self, x: x + paddle.rand([2, 3]), "it draws random numbers or writes into its own state"),
        (written, r"it writes into its inputs \['x'\]"),
        (lambda self, x: paddle.nonzero(x), "it reads data while it runs: aten::nonzero"),
        (lambda self, x: x.masked_select(x > 0), "it reads data while it runs: aten::masked_select"),
        (
            lambda self, x: paddle.static.nn.cond(x.sum() > 0, lambda: x * 2, lambda: x),
            "it reads data while it runs: aten::Bool",
        ),
    ],
)
def test_what_is_known_against_a_capture(predictor_of, forward, reason):
    found = predictor_of(forward, floats(2, 3))._cell.served.program.no_cuda_graph_because()
    if reason is None:
        assert found is None
    else:
        assert re.match(reason, found)
