"""recognise_layer_norm: every spelling becomes the one call, look-alikes stay, values are the same within rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass

NAME = "recognise_layer_norm"


def parameters(self):
    self.scale = self.create_parameter([8])
    self.shift = self.create_parameter([8])
    self.one = self.create_parameter([1])
    for i, parameter in enumerate((self.scale, self.shift, self.one)):
        parameter.set_value(floats(*parameter.shape, seed=i))


def centred(x):
    return x - x.mean(axis=-1, keepdim=True)


def plain(x, epsilon=1e-5):
    away = centred(x)
    return away / paddle.sqrt(away.pow(2).mean(axis=-1, keepdim=True) + epsilon)


def by_rsqrt(x):
    away = centred(x)
    return away * paddle.rsqrt(paddle.mean(paddle.square(away), axis=-1, keepdim=True) + 1e-6)


def twice(x):
    variance = (centred(x) * centred(x)).mean(axis=2, keepdim=True)
    return paddle.rsqrt(1e-5 + variance) * centred(x)


def by_var(x):
    return centred(x) / torch.sqrt(torch.var(x, -1, unbiased=False, keepdim=True) + 1e-5)


def by_power(x):
    return centred(x) * torch.pow(torch.var(x, -1, correction=0, keepdim=True) + 1e-5, -0.5)


SPELLINGS = {
    "plain": lambda self, x: plain(x),
    "weight and bias": lambda self, x: plain(x) * self.scale + self.shift,
    "turned": lambda self, x: self.shift + self.scale * by_rsqrt(x),
    "weight alone": lambda self, x: by_rsqrt(x) * self.scale,
    "bias alone": lambda self, x: twice(x) + self.shift,
    "var": lambda self, x: by_var(x) * self.scale + self.shift,
    "Paddle's var": lambda self, x: (x - x.mean(-1, keepdim=True)) / paddle.sqrt(
        x.var(-1, unbiased=False, keepdim=True) + 1e-5),
    "power": lambda self, x: by_power(x) * self.scale,
    "a weight that broadcasts": lambda self, x: plain(x) * self.one + self.shift,
    "two": lambda self, x: plain(plain(x * 3) * self.scale) + self.shift,
}  # fmt: skip
STAY = {
    "divided by n - 1": lambda self, x: centred(x) / torch.sqrt(torch.var(x, -1, keepdim=True) + 1e-5),
    "epsilon outside": lambda self, x: centred(x) / (torch.sqrt(torch.var(x, -1, unbiased=False, keepdim=True)) + 1e-5),
    "another axis": lambda self, x: (x - x.mean(1, keepdim=True)) * torch.rsqrt(
        torch.var(x, 1, unbiased=False, keepdim=True) + 1e-5),
    "two axes": lambda self, x: (x - x.mean([1, 2], keepdim=True)) * torch.rsqrt(
        torch.var(x, [1, 2], unbiased=False, keepdim=True) + 1e-5),
    "the mean of another": lambda self, x: (x - (x * x).mean(-1, keepdim=True)) * torch.rsqrt(
        torch.var(x, -1, unbiased=False, keepdim=True) + 1e-5),
    "without a mean": lambda self, x: x * torch.rsqrt(paddle.square(x).mean(-1, keepdim=True) + 1e-6),
    "a part is returned": lambda self, x: (lambda away: (
        away * torch.rsqrt(paddle.square(away).mean(-1, keepdim=True) + 1e-6), away))(centred(x)),
}  # fmt: skip
INPUTS = [[floats(2, 3, 8)], [floats(5, 1, 8, seed=1) * 30 + 5], [floats(1, 7, 8, seed=2) * 0.1]]


def layer(forward):
    made = layer_of(forward, parameters)
    made.eval()
    return made


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_becomes_one_call(name):
    check_pass(
        NAME, layer(lambda self, x: SPELLINGS[name](self, x) + self.one), INPUTS, 2 if name == "two" else 1, exact=False
    )


@pytest.mark.parametrize("name", STAY)
def test_what_looks_alike_stays(name):
    def forward(self, x):
        results = STAY[name](self, x)
        return (*results, self.one * 2) if isinstance(results, tuple) else results + self.one

    check_pass(NAME, layer(forward), INPUTS, 0)


def test_the_weight_and_bias_are_in_the_call():
    traced = trace(layer(SPELLINGS["weight and bias"]), INPUTS[0][0])
    text = str(traced.program.after(NAME))
    assert "layer_norm(x, [size], scale, shift, 1e-05)" in text
    assert "mul(" not in text
    assert "sub(" not in text


def test_other_widths():
    """What is free in the layer stays free."""
    check_pass(
        NAME,
        layer(lambda self, x: plain(x) + self.one),
        [[floats(2, 8)], [floats(3, 5)], [floats(2, 1)]],
        1,
        exact=False,
    )


def test_a_width_that_broadcasts_to_the_weight():
    check_pass(
        NAME, layer(SPELLINGS["weight and bias"]), [[floats(2, 8)], [floats(3, 1)], [floats(4, 8)]], 1, exact=False
    )


def test_other_dtypes_and_training():
    forward = SPELLINGS["weight alone"]
    check_pass(
        NAME,
        layer(lambda self, x: by_rsqrt(x) + self.one.astype("float64")),
        [[x.astype("float64")] for (x,) in INPUTS],
        0,
    )
    made = layer_of(forward, parameters)
    check_pass(NAME, made, INPUTS, 1, exact=False)


def test_what_is_not_finite():
    made = layer(SPELLINGS["weight and bias"])
    traced = trace(made, floats(2, 3, 8))
    traced([floats(2, 3, 8)])
    x = floats(1, 4, 8).numpy()
    x[0, 0, 0], x[0, 1, 0], x[0, 2, 0], x[0, 3] = np.nan, np.inf, 1e30, 0.0
    with paddle.no_grad():
        wanted = made(paddle.to_tensor(x)).numpy()
    result = traced([paddle.to_tensor(x)])[0]
    assert traced.program.pass_report[NAME] == 1
    np.testing.assert_allclose(result[:, [0, 1, 3]], wanted[:, [0, 1, 3]], rtol=1e-6)
    # Where squares overflow, the spelling gives the bias alone.
    assert np.isnan(result[:, 2]).all()
