"""fuse_attention: every spelling becomes one call, look-alikes stay, and what is not finite stays what it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import fuse_attention as module
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass

NAME = "fuse_attention"


@pytest.fixture(autouse=True)
def fused_at_any_size(monkeypatch):
    monkeypatch.setattr(module, "_WORTHWHILE", 1)


def heads(x, n=2):
    return x.reshape([x.shape[0], x.shape[1], n, x.shape[2] // n]).transpose([0, 2, 1, 3])


def setup(self):
    self.bias = self.create_parameter([1])


def parts(x):
    return heads(x), heads(x * 0.5 + 0.1), heads(x + 1.0)


def attend(x, score=lambda q, k: paddle.matmul(q, k, transpose_y=True) * 0.5, masks=()):
    q, k, v = parts(x)
    scores = score(q, k)
    for mask in masks:
        scores = scores + mask
    return paddle.matmul(F.softmax(scores, axis=-1), v)


def causal(x):
    n = x.shape[1]
    return paddle.triu(paddle.full([n, n], -1e9), 1)


def merged(x):
    """Heads in the batch, by bmm."""
    q, k, v = (y.reshape([-1, y.shape[2], y.shape[3]]) for y in parts(x))
    return paddle.bmm(F.softmax(paddle.bmm(q * 0.5, k.transpose([0, 2, 1])) + causal(x)), v)


def keys_turned_at_once(x):
    q, _, v = parts(x)
    k = (x * 0.5).reshape([x.shape[0], x.shape[1], 2, -1]).transpose([0, 2, 3, 1])
    return F.softmax(q @ k / 2.0) @ v


def by_einsum(x):
    q, k, v = (y.transpose([0, 2, 1, 3]) for y in parts(x))
    weights = F.softmax(paddle.einsum("bqhd,bkhd->bhqk", q, k) * 0.5, axis=-1)
    return paddle.einsum("bhqk,bkhd->bqhd", weights, v)


def by_einsum_of_heads(x):
    q, k, v = parts(x)
    weights = F.softmax(paddle.einsum("bhid,bhjd->bhij", q, k) + causal(x), axis=-1)
    return paddle.einsum("bhij,bhjd->bhid", weights, v)


SPELLINGS = {
    "scale after": lambda x: attend(x),
    "scale before": lambda x: attend(x, lambda q, k: paddle.matmul(q * 0.5, k.transpose([0, 1, 3, 2]))),
    "divided": lambda x: attend(x, lambda q, k: (q @ torch.transpose(k, -1, -2)) / 1.4142),
    "no scale": lambda x: attend(x, lambda q, k: q @ k.transpose([0, 1, 3, 2])),
    "a mask": lambda x: attend(x, masks=[causal(x)]),
    "a mask of a row": lambda x: attend(x, masks=[(x[:, :, 0] > 0).astype("float32").unsqueeze([1, 2])]),
    "a mask of one axis": lambda x: attend(x, masks=[x[0, :, 0]]),
    "three masks": lambda x: attend(x, masks=[causal(x), x[:, :, 1].unsqueeze([1, 2]), x[0, :, 2]]),
    "a mask first": lambda x: (lambda q, k, v: F.softmax(causal(x) + (q @ k.transpose([0, 1, 3, 2])) * 0.3) @ v)(
        *parts(x)),
    "merged heads": merged,
    "keys turned at once": keys_turned_at_once,
    "einsum": by_einsum,
    "einsum of heads": by_einsum_of_heads,
}  # fmt: skip


def returned(x):
    q, k, v = parts(x)
    weights = F.softmax(q @ k.transpose([0, 1, 3, 2]))
    return weights @ v + weights.sum()


def of(change):
    def forward(x):
        q, k, v = parts(x)
        return change(q, k.transpose([0, 1, 3, 2]), v)

    return forward


STAY = {
    "weights that are read": returned,
    "softmax over another axis": of(lambda q, k, v: F.softmax(q @ k, axis=2) @ v),
    "a scaled sum": of(lambda q, k, v: F.softmax((q @ k + 1.0) * 0.5) @ v),
    "keys not turned": of(lambda q, k, v: F.softmax(q @ k.tanh()) @ v),
    "dropout": of(lambda q, k, v: F.dropout(F.softmax(q @ k), 0.5) @ v),
    "something between": of(lambda q, k, v: F.relu(F.softmax(q @ k)) @ v),
    "another dtype": lambda x: attend(x.astype("float64")),
}
INPUTS = [[floats(2, 3, 8)], [floats(3, 5, 8, seed=1)], [floats(1, 1, 8, seed=2)]]


def layer(function):
    made = layer_of(lambda self, x: function(x) + self.bias, setup)
    made.eval()
    return made


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_becomes_one_call(name):
    check_pass(NAME, layer(SPELLINGS[name]), INPUTS, 1, exact=False)


@pytest.mark.parametrize("name", SPELLINGS)
def test_by_the_switch(name):
    check_pass("fused_attention", layer(SPELLINGS[name]), INPUTS, 1, exact=False, never=NAME, fused_attention=True)


@pytest.mark.parametrize("name", STAY)
def test_what_looks_alike_stays(name):
    function = STAY[name] if name != "another dtype" else lambda x: STAY[name](x).astype("float32")
    check_pass(NAME, layer(function), INPUTS, 0)


def test_small_ones_stay(monkeypatch):
    monkeypatch.setattr(module, "_WORTHWHILE", 1 << 23)
    check_pass(NAME, layer(SPELLINGS["a mask"]), INPUTS, 0)


def test_masks_are_added_once():
    def forward(x):
        masks = [causal(x), x[:, :, 1].unsqueeze([1, 2])]
        return attend(x, masks=masks) * attend(x * 2.0, masks=masks)

    traced = check_pass(NAME, layer(forward), INPUTS, 2, exact=False)
    after = [node for node in traced.program.after(NAME).graph.nodes if node.name.startswith("attention")]
    assert len(after) == 2
    assert after[0].args[3] is after[1].args[3]


def test_what_is_not_finite():
    """Rows that a mask rules out whole, and numbers that are none, are what the spelling makes of them."""
    made = layer_of(lambda self, x, mask: attend(x, masks=[mask]) + self.bias, setup)
    made.eval()
    traced = trace(made, floats(1, 3, 8), floats(3, 3))
    traced([floats(1, 3, 8), floats(3, 3)])
    assert traced.program.pass_report[NAME] == 1
    values = {"plain": 0.0, "nan": np.nan, "inf": np.inf, "-inf": -np.inf, "overflow": 1e30}
    for x_value in values.values():
        for mask_value in values.values():
            x, mask = floats(1, 3, 8).numpy(), floats(3, 3).numpy()
            x[0, 1, 2], mask[1], mask[2, 0] = x_value, mask_value, mask_value
            given = [paddle.to_tensor(x), paddle.to_tensor(mask)]
            with paddle.no_grad():
                wanted = made(*given).numpy()
            np.testing.assert_allclose(traced(given)[0], wanted, rtol=1e-5)


def test_shapes_that_the_one_call_does_not_take():
    def forward(self, q, k, v, mask):
        return F.softmax(q @ k.transpose([0, 1, 3, 2]) * 0.5 + mask) @ v + self.bias

    made = layer_of(forward, setup)
    made.eval()
    traced = trace(made, *(floats(2, 2, 3, 4) for _ in range(3)), floats(3, 3))
    for shapes in (
        [(2, 2, 3, 4)] * 3 + [(3, 3)],
        [(2, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), (3, 1)],
        [(1, 2, 3, 4), (1, 2, 1, 4), (1, 2, 5, 4), (3, 5)],
        [(1, 1, 3, 4), (3, 1, 3, 4), (1, 2, 3, 4), (1, 3)],
        [(1, 1, 3, 4)] * 3 + [(3, 3)],
        [(2, 2, 0, 4), (2, 2, 3, 4), (2, 2, 3, 4), (1, 3)],
    ):
        given = [floats(*shape, seed=i) for i, shape in enumerate(shapes)]
        with paddle.no_grad():
            wanted = made(*given).numpy()
        np.testing.assert_allclose(traced(given)[0], wanted, rtol=1e-5, atol=1e-6)
    assert traced.program.pass_report[NAME] == 1
    with pytest.raises(paddle.errors.ExecutionError, match="FXT306"):
        traced([floats(1, 2, 3, 4), floats(1, 2, 3, 4), floats(1, 2, 5, 4), floats(3, 3)])
