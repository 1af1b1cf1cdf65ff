"""Random sequence models with what the passes look for written out by hand, in orders that they do not expect."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import (
    convolve_linears,
    fastest_linear,
    fuse_attention,
    linear,
    merge_projections,
    multiply_linears,
    pack_linears,
)
from tests.fuzz.networks import archives_of

nn = paddle.nn
_WIDTH = 8
# Batch and length of the input, of which the first is traced.
_SIZES = ((2, 6), (1, 4), (3, 6), (2, 1))

_ACTIVATIONS = (
    lambda x: x * 0.5 * (1.0 + paddle.erf(x / math.sqrt(2.0))),
    lambda x: 0.5 * x * (1 + paddle.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * paddle.pow(x, 3)))),
    lambda x: (paddle.erf(x * 0.7071067811865475) + 1) * (x * 0.5),
    lambda x: F.sigmoid(x) * x,
    lambda x: x * F.sigmoid(1.702 * x),
    lambda x: x * F.relu6(x + 3) / 6,
    lambda x: paddle.clip(x + 3.0, 0.0, 6.0) / 6.0,
    lambda x: x * F.hardsigmoid(x),
    F.gelu, F.mish, F.silu, paddle.exp, paddle.tanh,
)  # fmt: skip
_VIEWS = (
    lambda x: x.transpose([0, 2, 1]).transpose([0, 2, 1]),
    lambda x: x.transpose([1, 0, 2]).transpose([1, 0, 2]) * 2.0,
    lambda x: paddle.concat(paddle.split(x, 2, axis=-1), axis=-1),
    lambda x: paddle.concat(list(reversed(paddle.split(x, 2, axis=-1))), axis=-1),
    lambda x: paddle.concat([x], axis=0),
    lambda x: paddle.reshape(paddle.flatten(x), [x.shape[0], -1, _WIDTH]),
    lambda x: x.reshape([-1, _WIDTH]).reshape([x.shape[0], -1, _WIDTH]),
    lambda x: paddle.unsqueeze(x, 1).squeeze(1),
    lambda x: x[:, :, :],
    lambda x: x.expand([-1, -1, -1]),
    lambda x: x + x.shape[1] * 0.25 - x.shape[1] * 0.25,
)


class Sequence(nn.Layer):
    """Steps drawn from a seed over x [b, n, 8]; any step's result may be returned beside the last."""

    def __init__(self, seed: int):
        super().__init__()
        drawn = random.Random(seed)
        values = np.random.RandomState(seed)
        self.steps = [(drawn.choice(_STEPS), drawn.randrange(1000)) for _ in range(drawn.randint(2, 8))]
        self.returned = [drawn.random() < 0.2 for _ in self.steps]
        self.fc = nn.LayerList([nn.Linear(_WIDTH, _WIDTH, bias_attr=b) for b in (None, None, None, False, False)])
        for name, shape in {"w": [8, 8], "g": [8], "b": [8], "table": [5, 8]}.items():
            setattr(self, name, self.create_parameter(shape))
            getattr(self, name).set_value(values.uniform(-0.7, 0.7, shape).astype("float32"))
        self.register_buffer("index", paddle.to_tensor(values.randint(0, 5, [1])))

    def forward(self, x: Any) -> Any:
        kept = []
        for (step, setting), returned in zip(self.steps, self.returned, strict=True):
            x = getattr(self, f"_{step}")(x, random.Random(setting))
            kept += [x] if returned else []
        return (x, *kept)

    def _activation(self, x: Any, drawn: random.Random) -> Any:
        return drawn.choice(_ACTIVATIONS)(x)

    def _view(self, x: Any, drawn: random.Random) -> Any:
        return drawn.choice(_VIEWS)(x)

    def _norm(self, x: Any, drawn: random.Random) -> Any:
        away = x - x.mean(axis=-1, keepdim=True)
        variance = paddle.square(away).mean(axis=-1, keepdim=True) + 1e-5
        x = away * paddle.rsqrt(variance) if drawn.random() < 0.5 else away / paddle.sqrt(variance)
        x = x * self.g if drawn.random() < 0.5 else x
        return x + self.b if drawn.random() < 0.5 else x

    def _product(self, x: Any, drawn: random.Random) -> Any:
        weight = drawn.choice(
            (self.w, self.w * 0.5, self.w / paddle.sqrt(paddle.square(self.w).sum(axis=0)), self.w.t())
        )
        x = paddle.matmul(x, weight)
        return x + drawn.choice((self.b, self.g * 2, 1.0)) if drawn.random() < 0.5 else x

    def _linears(self, x: Any, drawn: random.Random) -> Any:
        first, second, third = drawn.sample(list(self.fc), 3)
        if drawn.random() < 0.3:
            return F.silu(first(x)) + second(x) * third(x)
        return paddle.tanh(first(x) * second(x) - third(x if drawn.random() < 0.7 else x * 0.5))

    def _constant(self, x: Any, drawn: random.Random) -> Any:
        made = drawn.choice((
            lambda: self.table[self.index] * 2 + self.g, lambda: paddle.exp(self.g),
            lambda: paddle.cos(paddle.arange(_WIDTH, dtype="float32") / 3.0),
            lambda: paddle.concat([self.w, self.table]).mean(0), lambda: (self.w @ self.table.t()).sum() * self.b,
        ))()  # fmt: skip
        return x * made if drawn.random() < 0.5 else x + made

    def _twice(self, x: Any, drawn: random.Random) -> Any:
        act = drawn.choice(_ACTIVATIONS)
        return act(x) * 0.5 + paddle.tanh(act(x))

    def _residual(self, x: Any, drawn: random.Random) -> Any:
        return x + drawn.choice(list(self.fc))(self._activation(x, drawn))

    def _branch(self, x: Any, drawn: random.Random) -> Any:
        act, other = drawn.choice(_ACTIVATIONS), drawn.choice(_VIEWS)
        return paddle.static.nn.cond(paddle.square(x).mean() > 0.3, lambda: act(x) * self.g, lambda: other(x) * 1.0)

    def _attention(self, x: Any, drawn: random.Random) -> Any:
        q, k, v = (layer(x) for layer in drawn.sample(list(self.fc), 3))
        spelling = drawn.choice(("heads", "merged", "einsum", "plain"))
        if spelling != "plain":
            q, k, v = (y.reshape([y.shape[0], y.shape[1], 2, 4]) for y in (q, k, v))
        if spelling == "einsum":
            scores = paddle.einsum("bqhd,bkhd->bhqk", q, k) * 0.5
        else:
            if spelling != "plain":
                q, k, v = (y.transpose([0, 2, 1, 3]) for y in (q, k, v))
            if spelling == "merged":
                q, k, v = (y.reshape([-1, y.shape[2], y.shape[3]]) for y in (q, k, v))
            scores = (
                paddle.matmul(q * 0.5, k, transpose_y=True)
                if drawn.random() < 0.5
                else (paddle.matmul(q, k, transpose_y=True) / 2.0)
            )
        n = x.shape[1]
        if drawn.random() < 0.5:
            scores = scores + paddle.triu(paddle.full([n, n], drawn.choice((-1e9, -math.inf))), 1)
        if drawn.random() < 0.3:
            scores = scores + (paddle.arange(n, dtype="float32") - 1.0) * drawn.choice((0.1, 1e30))
        weights = F.softmax(scores, axis=-1)
        if drawn.random() < 0.2:
            weights = F.dropout(weights, 0.5, training=self.training)
        if spelling == "einsum":
            return paddle.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape)
        y = paddle.matmul(weights, v)
        if spelling == "merged":
            y = y.reshape([-1, 2, y.shape[1], y.shape[2]])
        return y if spelling == "plain" else y.transpose([0, 2, 1, 3]).flatten(2)


_STEPS = "activation view norm product linears constant twice residual branch attention".split()


@contextmanager
def every_pass(seed: int) -> Iterator[None]:
    """Passes act at any size, and where they measure, a seed decides."""
    at_random = random.Random(seed)

    def choose(sites: Any, state: Any, changes: Any, gain: float = 1.0) -> list[str]:
        return [at_random.choice(list(changes)) for _ in sites]

    with (
        mock.patch.object(fuse_attention, "_WORTHWHILE", 0),
        mock.patch.object(merge_projections, "_WORTHWHILE", 0),
        mock.patch.object(merge_projections, "choose", choose),
        mock.patch.object(linear, "WORTHWHILE", 0),
        mock.patch.object(multiply_linears, "choose", choose),
        mock.patch.object(fastest_linear, "choose", choose),
        mock.patch.object(convolve_linears, "choose", choose),
        mock.patch.object(pack_linears, "choose", choose),
    ):
        yield


def largest_difference(seed: int) -> tuple[float, dict[str, int]]:
    """Of a model's static graph and of its archives for CPUs and GPUs from the layer, in parts of an output's scale.

    Each at several sizes, with not-a-number among the inputs, and, of the graph, after a change of the
    parameters; also what each pass changed.
    """
    paddle.seed(seed)
    layer = Sequence(seed)
    layer.train() if seed % 7 == 0 else layer.eval()
    found = 0.0
    with every_pass(seed), tempfile.TemporaryDirectory() as folder:
        traced = paddle.jit.TracedLayer.trace(layer, [_input(0, _SIZES[0])], verify=False)[1]
        runs = [traced, *([] if layer.training else archives_of(traced, folder))]
        for changed in (False, True):
            for number, size in enumerate(_SIZES):
                for odd in (0.0, np.nan):
                    x = _input(number, size, odd)
                    for run in runs[:1] if changed else runs:
                        paddle.seed(3)
                        with paddle.no_grad():
                            wanted = layer(x)
                        paddle.seed(3)
                        found = max(found, *(_apart(a.numpy(), b) for a, b in zip(wanted, run([x]), strict=True)))
            for parameter in layer.parameters():
                parameter.set_value(parameter * 0.9 + 0.01)
        return found, traced.program.pass_report


def _input(seed: int, size: tuple[int, ...], odd: float = 0.0) -> Any:
    values = np.random.RandomState(seed).uniform(-1, 1, (*size, _WIDTH)).astype("float32")
    if odd:
        values[0, -1, 2] = odd
    return paddle.to_tensor(values)


def _apart(wanted: np.ndarray, got: np.ndarray) -> float:
    """Infinite where one is finite and the other not."""
    if wanted.shape != got.shape or (np.isfinite(wanted) != np.isfinite(got)).any():
        return math.inf
    finite = np.isfinite(wanted)
    if not finite.any():
        return 0.0
    return float(np.abs(wanted - got)[finite].max() / max(float(np.abs(wanted[finite]).max()), 1e-3))
