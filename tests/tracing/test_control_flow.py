"""paddle.static.nn.cond, case, switch_case and while_loop in a trace: real branches and loops, checked both ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.errors import ControlFlowError
from fxtraced.static.nn import case, cond, switch_case, while_loop
from tests.helpers import floats, layer_of, linear, same_as_layer, trace


def setup(self):
    linear(self)
    self.register_buffer("scale", paddle.full([4], 2.0))
    self.table = paddle.to_tensor([1.0, 2.0, 3.0, 4.0])


def two_in_one(self, x):
    def shared():
        return self.fc(x)

    return cond(x.sum() > 0, lambda: shared() * 2, lambda: shared() - 1)


def nested_loop(self, x):
    def body(i, y):
        return i + 1, cond(y.sum() > 3, lambda: y / 4, lambda: y * 3 + self.scale)

    return while_loop(lambda i, y: (i < 7).logical_and(y.abs().max() < 50), body, [paddle.to_tensor(0), x])


def loop_in_branch(self, x):
    def doubled():
        return while_loop(lambda y: y.sum() < 20, lambda y: y * 2, [x])[0]

    return cond(x.sum() > 0, doubled, lambda: x)


def loop_in_loop(self, x):
    def inner(j, y):
        return j + 1, y + self.table * j.astype("float32")

    def outer(i, y):
        return i + 1, while_loop(lambda j, z: j < i, inner, [paddle.zeros([], "int64"), y])[1]

    return while_loop(lambda i, y: y.sum() < 40, outer, [paddle.ones([], "int64"), x])[1]


def by_count(self, x):
    count = (x.sum().abs() * 3).astype("int64")
    return while_loop(lambda n, y: n > 0, lambda n, y: [n - 1, y + x.shape[0]], [count, x])


def growing(self, x):
    return while_loop(lambda y: y.sum() < 5, lambda y: paddle.concat([y, y[:1] + 1]), [x])[0].sum(0)


def filled_in_place(self, x):
    out = paddle.zeros([x.shape[0], 4])

    def body(i, out):
        out[i] = x[i] * 2
        return i + 1, out

    going = paddle.shape(x)[0]
    i, result = while_loop(lambda i, _: (i < going).logical_and(x.sum() > 0), body, [paddle.zeros([], "int64"), out])
    return result + out, i


def written_buffer(self, x):
    def write():
        paddle.assign(x.mean(0), self.scale)
        return self.scale + 1

    return cond(x.sum() > 0, write, lambda: self.scale * 1.0) + self.scale


def written_outer(self, x):
    y = x * 2

    def write():
        y[0] = 0.0
        return y.sum()

    return cond(x.sum() > 0, write, lambda: y.mean()) + y


def many_results(self, x):
    a = cond(x.sum() > 0, lambda: {"a": x, "b": [x.sum(), (x * 2, None)]}, lambda: {"a": x * 3, "b": [x.max(), (x, None)]})
    return a["a"], a["b"][0], a["b"][1][0]


def only_effect(self, x):
    def count():
        self.scale.add_(paddle.ones([4]))

    cond(x.sum() > 0, count)
    return x + self.scale


def by_case(self, x):
    s = x.sum()
    return case([(s > 1, lambda: x * 2), (s > 0, lambda: x * 3), (s > -1, lambda: x * 4)], default=lambda: x * 5)


def by_case_without_default(self, x):
    return case([(x.sum() > 1, lambda: x * 2), (x.sum() > 0, lambda: x * 3)])


def by_switch(self, x):
    index = paddle.floor(x.sum()).astype("int64")
    return switch_case(index, {0: lambda: x * 2, -1: lambda: x + self.table, 2: lambda: self.fc(x)})


def by_switch_with_default(self, x):
    index = paddle.floor(x.sum()).astype("int32").reshape([1])
    return switch_case(index, [lambda: x * 2, lambda: x * 3], default=lambda: x * self.scale)


WORKS = {
    "the same sublayer in both": two_in_one,
    "parameters, buffers, constants and sizes": lambda self, x: cond(
        (x @ self.fc.weight).sum() > 0, lambda: x * self.scale + self.table, lambda: x - x.shape[0] / x.shape[1]
    ),
    "tensors made in a branch": lambda self, x: cond(
        x.sum() > 0, lambda: x + paddle.arange(x.shape[1]), lambda: x + paddle.to_tensor([0.5] * 4)
    ),
    "an int and a float for pred": lambda self, x: cond(
        (x.sum() > 0).astype("int32"), lambda: cond(F.relu(x.sum() - 1), lambda: x * 2, lambda: x * 3), lambda: x
    ),
    "a pred of one element and one dimension": lambda self, x: cond(x.sum().reshape([1]) > 0, lambda: x, lambda: -x),
    "nested results": many_results,
    "no false_fn": only_effect,
    "a cond in a loop": nested_loop,
    "a loop in a branch": loop_in_branch,
    "a loop in a loop": loop_in_loop,
    "a count from data": by_count,
    "a loop that may not run": lambda self, x: while_loop(lambda y: y.sum() > 0, lambda y: y - 1, [x]),
    "a loop variable that grows": growing,
    "writes into a loop variable": filled_in_place,
    "a write into a buffer": written_buffer,
    "a write into an outer tensor": written_outer,
    "case": by_case,
    "case without default": by_case_without_default,
    "switch_case": by_switch,
    "switch_case with default": by_switch_with_default,
    "swapped loop variables": lambda self, x: while_loop(
        lambda a, b: a.sum() < 9, lambda a, b: [b * 2, a + 3], [x, x * 2 + self.table]
    ),
    "nested loop variables": lambda self, x: while_loop(
        lambda s: s["n"].sum() < 9, lambda s: {"n": s["n"] + 1, "rest": (s["n"], s["rest"][1])}, [{"n": x, "rest": (x, 3)}]
    )[0]["rest"][0],
    "a guard inside": lambda self, x: cond(x.sum() > 0, lambda: x * 2 if x.shape[1] == 4 else x, lambda: x),
}


def inputs_for_every_way():
    values = [floats(3, 4, seed=seed) * scale for seed in range(4) for scale in (1, -1, 4, 0.1)]
    return [*values, floats(2, 4), -floats(2, 4).abs(), floats(2, 4).abs()]


@pytest.mark.parametrize("name", WORKS)
def test_both_ways_give_what_the_layer_gives(name):
    layer, twin = layer_of(WORKS[name], setup), layer_of(WORKS[name], setup)
    twin.set_state_dict(layer.state_dict())
    traced = trace(layer, floats(3, 4))
    twin.scale.set_value(layer.scale)
    for x in inputs_for_every_way():
        same_as_layer(traced, twin, x)
        np.testing.assert_array_equal(layer.scale.numpy(), twin.scale.numpy())


@pytest.mark.parametrize("name", [name for name in WORKS if WORKS[name] not in (only_effect, written_buffer)])
def test_the_archive_takes_both_ways(name, tmp_path):
    layer = layer_of(WORKS[name], setup)
    trace(layer, floats(3, 4)).save_inference_model(str(tmp_path))
    module = torch.jit.load(str(tmp_path / "model.pt"))
    for x in inputs_for_every_way():
        results = module(x.as_subclass(torch.Tensor).clone())
        results = results if isinstance(results, tuple) else (results,)
        for result, tensor in zip(results, tree_leaves(layer(x)), strict=True):
            np.testing.assert_array_equal(result.numpy(), tensor.numpy())
