"""lower_precision on graphs where it must act and where it must not, and the archives that it makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.archive import read_manifest
from fxtraced.passes.lower_precision import lower_precision
from fxtraced.passes.pipeline import copy_graph
from tests.helpers import floats, ints, layer_of, linear, trace

# torch says that TorchScript is deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit")
F = paddle.nn.functional


def embedded(self):
    self.table = paddle.nn.Embedding(10, 4)
    self.fc = paddle.nn.Linear(4, 4)


def convolved(self):
    self.conv = paddle.nn.Conv2D(3, 4, 3)
    self.norm = paddle.nn.BatchNorm2D(4)


def tied(self, ids):
    return paddle.matmul(self.fc(self.table(ids)), self.table.weight, transpose_y=True)


def in_branch(self, x):
    return paddle.static.nn.cond(x.sum() > 0, lambda: self.fc(x), lambda: x * 2)


def written(self, x):
    y = self.fc(x)
    y[0] = 0
    return y + x


def twice(self, x):
    return self.fc(x) + self.fc.weight.sum()


# forward, setup, inputs; how many products are lowered, and which tensors are stored in the dtype.
GRAPHS = {
    "linear": (lambda self, x: self.fc(x), linear, [floats(2, 4)], 1, {"fc.weight", "fc.bias"}),
    "convolution": (lambda self, x: self.norm(self.conv(x)), convolved, [floats(2, 3, 5, 5)], 1,
                    {"conv.weight", "conv.bias"}),
    "tied embedding": (tied, embedded, [ints(2, 3)], 3, {"table.weight", "fc.weight", "fc.bias"}),
    "a weight used elsewhere, too": (twice, linear, [floats(2, 4)], 1, {"fc.bias"}),
    "a fetched weight": (lambda self, x: (self.fc(x), self.fc.weight), linear, [floats(2, 4)], 1, {"fc.bias"}),
    "a part of a weight": (lambda self, x: F.linear(x, self.fc.weight[:, :2]), linear, [floats(2, 4)], 1,
                           {"fc.weight"}),
    "a write into an activation": (written, linear, [floats(2, 4)], 1, set()),
    "two activations": (lambda self, x: paddle.matmul(x, x, transpose_y=True), None, [floats(2, 4)], 0, set()),
    "a branch": (in_branch, linear, [floats(2, 4)], 0, set()),
    "float64": (lambda self, x: self.fc(x), lambda self: linear(self) or self.double(),
                [floats(2, 4).astype("float64")], 0, set()),
    "soft-max of sums": (lambda self, x: F.softmax(x.sum(0) + x, -1), None, [floats(2, 4)], 0, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_products_with_weights_are_lowered(name):
    forward, setup, inputs, count, stored = GRAPHS[name]
    layer = layer_of(forward, setup)
    layer.eval()
    graph = copy_graph(trace(layer, *inputs).program.trace.graph)
    assert lower_precision(graph, torch.float16) == count
    graph.lint()
    state = [node for node in graph.nodes if node.op == "get_attr"]
    assert {node.target for node in state if node.meta["dtype"] is torch.float16} == stored


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_an_archive_gives_what_the_layer_gives(name, dtype, tmp_path):
    forward, setup, inputs, count, stored = GRAPHS[name]
    layer = layer_of(forward, setup)
    layer.eval()
    traced = trace(layer, *inputs)
    traced.save_inference_model(str(tmp_path), dtype=dtype)
    module = torch.jit.load(str(tmp_path / "model.pt"))
    assert {k for k, v in module.state_dict().items() if v.dtype is getattr(torch, dtype)} == stored
    results = paddle.inference.create_predictor(paddle.inference.Config(str(tmp_path))).run(inputs)
    for result, expected in zip(results, traced(inputs), strict=True):
        assert result.numpy().dtype == expected.dtype
        np.testing.assert_allclose(result.numpy(), expected, atol=3e-2 * abs(expected).max(), rtol=0)
    found = read_manifest(str(tmp_path / "model.pt"))
    assert found["precision"] == dtype
    assert all((0 < x < 3e-2) == bool(count) for x in list(found["precision_difference"].values())[:1])


def test_a_difference_that_is_too_large_writes_nothing(tmp_path):
    traced = trace(layer_of(lambda self, x: self.fc(x) * 2, linear), floats(2, 4) * 1e6)
    message = r"FXT404 the graph in float16 .*'fetch_0' by inf of the output's scale, and 0.02 is allowed"
    with pytest.raises(paddle.errors.PrecisionError, match=message):
        traced.save_inference_model(str(tmp_path), dtype="float16")
    assert not (tmp_path / "model.pt").exists()
    traced.save_inference_model(str(tmp_path), dtype="bfloat16")
    with pytest.raises(paddle.errors.PrecisionError, match="1e-09 is allowed"):
        traced.save_inference_model(str(tmp_path), dtype="bfloat16", tolerance=1e-9)


def test_other_dtypes_are_refused(tmp_path):
    traced = trace(layer_of(lambda self, x: self.fc(x), linear), floats(2, 4))
    with pytest.raises(ValueError, match="dtype must be 'float16', 'bfloat16' or None, but received 'int8'"):
        traced.save_inference_model(str(tmp_path), dtype="int8")


def test_the_self_test_allows_what_the_precision_needs(tmp_path):
    traced = trace(layer_of(lambda self, x: self.fc(x), linear), floats(2, 4))
    for dtype, allowed in ((None, 1e-4), ("float16", 2e-2), ("bfloat16", 1e-1)):
        traced.save_inference_model(str(tmp_path), dtype=dtype)
        assert torch.jit.load(str(tmp_path / "model.pt")).fxtraced_tolerance == allowed
        program = paddle.static.load_inference_model(str(tmp_path))[0]
        assert program.tolerance() == allowed


def test_the_other_ways_to_save(tmp_path):
    layer = layer_of(lambda self, x: self.fc(x), linear)
    program = trace(layer, floats(2, 4)).program
    paddle.jit.save(layer, str(tmp_path / "a"), [floats(2, 4)], dtype="float16")
    paddle.static.save_inference_model(str(tmp_path / "b"), program.feeds, program.fetches, dtype="float16")
    for name in ("a", "b"):
        assert read_manifest(str(tmp_path / name / "model.pt"))["precision"] == "float16"
