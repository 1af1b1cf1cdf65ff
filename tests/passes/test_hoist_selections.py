"""hoist_selections: where one row is calculated in the place of all, and where all are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.script import quiet
from fxtraced.passes import hoist_selections
from fxtraced.passes.pipeline import copy_graph
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass

nn, F = paddle.nn, paddle.nn.functional
NAME = "hoist_selections"


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    monkeypatch.setattr(hoist_selections, "_WORTHWHILE", 1)


def layers(self):
    self.a, self.b, self.norm = nn.Linear(8, 16), nn.Linear(16, 8), nn.LayerNorm(8)
    self.block = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu")
    self.drop = nn.Dropout(0.5)


def heads(x):
    return torch.transpose(torch.unflatten(x, -1, [2, 4]), 1, 2)


def attend(x, mask=None, is_causal=False):
    y = F.relu(x)
    whole = torch.nn.functional.scaled_dot_product_attention(heads(x), heads(y), heads(y), mask, 0.0, is_causal)
    return torch.transpose(whole, 1, 2).flatten(2)


def written_out(x):
    q, k = heads(x), heads(x * 2)
    weights = F.softmax(paddle.matmul(q, k, transpose_y=True) * 0.5, axis=-1)
    return paddle.matmul(weights, k).transpose([0, 2, 1, 3]).flatten(2)


def of_rows(self, x):
    mask = paddle.zeros([x.shape[1], x.shape[1]]) + x[0, :, 0]
    return self.norm(attend(x, mask))[:, -1]


HOISTED = {
    "the first row": lambda self, x: self.a(x)[:, 0],
    "the last row": lambda self, x: self.b(F.gelu(self.a(x)))[:, -1],
    "a slice of the first": lambda self, x: self.a(x)[:, :1] * 2,
    "a slice of the last": lambda self, x: self.a(x)[:, -1:],
    "of one in a batch": lambda self, x: self.a(x)[0],
    "a residual": lambda self, x: self.norm(self.b(F.relu(self.a(self.norm(x)))) + x)[:, 0],
    "a layer of a Transformer": lambda self, x: self.a(self.block(self.block(x))[:, 0]),
    "attention written out": lambda self, x: self.norm(written_out(x))[:, 0],
    "a mask of all rows": of_rows,
    "a mask of one row": lambda self, x: attend(x, x[:, :, 0].unsqueeze([1, 2]))[:, 0],
    "columns put together": lambda self, x: self.a(paddle.concat([x, F.relu(x)], axis=-1)[..., 4:12])[:, 0],
    "what is drawn before": lambda self, x: self.a(F.dropout(x, 0.5, training=True))[:, 0],
    "a row that is broadcast": lambda self, x: (self.a(x[:, :1]) + self.a(x))[:, -1],
}
STAY = {
    "rows that are read": lambda self, x: (y := self.a(x))[:, 0] + y.sum(),
    "rows that are given": lambda self, x: ((y := self.a(x))[:, 0] + 1, y + 1),
    "rows that are counted": lambda self, x: (y := self.a(x))[:, 0] * paddle.to_tensor(y).shape[1],
    "one in the middle": lambda self, x: self.a(x)[:, 1],
    "two rows": lambda self, x: self.a(x)[:, :2],
    "every other row": lambda self, x: self.a(x)[:, ::2],
    "a column": lambda self, x: self.a(x)[..., 0],
    "soft-max over the rows": lambda self, x: F.softmax(self.a(x), axis=1)[:, 0],
    "their mean": lambda self, x: self.a(x - x.mean(1, keepdim=True)).cumsum(1)[:, 0],
    "a triangular mask": lambda self, x: attend(x, is_causal=True)[:, 0],
    "attention of a tensor with itself": lambda self, x: torch.nn.functional.scaled_dot_product_attention(
        heads(x), *[heads(x)] * 2)[:, :, 0] + torch.nn.functional.scaled_dot_product_attention(*[x] * 3)[:, :1, :4],
    "a random draw": lambda self, x: F.dropout(self.a(x), 0.5, training=True)[:, 0],
    "in a graph that writes": lambda self, x: self.a(x)[:, 0].add_(1.0),
    "nothing that is large": lambda self, x: F.relu(x)[:, 0],
}  # fmt: skip
PROBES = [[floats(2, 5, 8)], [floats(3, 7, 8, seed=1)], [floats(1, 1, 8, seed=2)]]


def made(forward):
    layer = layer_of(forward, layers)
    layer.eval()
    return layer


@pytest.mark.parametrize("name", HOISTED)
def test_one_row_is_calculated(name):
    check_pass(NAME, made(HOISTED[name]), PROBES, 1, exact=False)


@pytest.mark.parametrize("name", STAY)
def test_all_rows_are_calculated(name):
    check_pass(NAME, made(STAY[name]), PROBES[:2], 0, exact=False)


def test_what_is_left_of_a_layer_of_a_transformer():
    layer = made(HOISTED["a layer of a Transformer"])
    traced = trace(layer, PROBES[0][0])
    compiled = paddle.static.CompiledProgram(traced.program)
    lines = str(compiled.after(NAME)).splitlines()
    shapes = [line.split(" = ")[0].split(": ")[1] for line in lines if " = linear(" in line]
    # Of the second layer, keys and values are of all rows.
    first = ["float32[2, 5, 8]"] * 4 + ["float32[2, 5, 16]", "float32[2, 5, 8]"]
    second = (
        ["float32[2, 1, 8]"] + ["float32[2, 5, 8]"] * 2 + ["float32[2, 1, 8]", "float32[2, 1, 16]", "float32[2, 1, 8]"]
    )
    assert shapes == [*first, *second, "float32[2, 16]"]
    compiled.verify()


def test_a_row_of_what_is_drawn_draws_nothing():
    traced = trace(made(HOISTED["what is drawn before"]), PROBES[0][0])
    graph = copy_graph(traced.program.trace.graph)
    assert hoist_selections.hoist_selections(graph) == 1
    assert [node.name for node in graph.nodes if node.meta.get("effect")] == ["dropout"]


def test_a_row_that_is_not_there():
    layer = made(HOISTED["the first row"])
    traced = trace(layer, PROBES[0][0])
    with pytest.raises(paddle.errors.ExecutionError, match=r"FXT306 .* index 0 out of range"):
        traced([floats(2, 0, 8)])


def test_archives_have_it(tmp_path):
    layer = made(HOISTED["a layer of a Transformer"])
    trace(layer, PROBES[0][0]).save_inference_model(str(tmp_path))
    with quiet():
        graph = torch.jit.load(str(tmp_path / "model.pt")).inlined_graph
    kinds = [node.kind() for node in graph.nodes()]
    # The queries, what is added to attention's result, and the row in the end.
    assert kinds.count("aten::slice") >= 3
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    for (x,) in PROBES:
        (result,) = paddle.static.Executor().run(program, feed={feeds[0]: x})
        with paddle.no_grad():
            np.testing.assert_allclose(result, layer(x).numpy(), rtol=0, atol=1e-5)
