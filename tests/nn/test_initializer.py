"""Initializers: fixed values, moments of random ones, the global default."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import nn
from fxtraced.nn import initializer as init


def filled(initializer, *shape):
    return initializer(torch.empty(shape))


@pytest.mark.parametrize(
    ("initializer", "std"),
    [
        (init.Normal(0.0, 0.5), 0.5),
        (init.XavierNormal(), math.sqrt(2 / 500)),
        (init.XavierUniform(), math.sqrt(2 / 500)),
        (init.KaimingNormal(), math.sqrt(2 / 200)),
        (init.KaimingUniform(negative_slope=1.0, nonlinearity="leaky_relu"), math.sqrt(1 / 200)),
        (init.Uniform(-1.0, 1.0), math.sqrt(1 / 3)),
        (init.TruncatedNormal(0.0, 1.0), 0.8796),
    ],
)
def test_standard_deviation(initializer, std):
    torch.manual_seed(0)
    assert float(filled(initializer, 200, 300).std()) == pytest.approx(std, rel=0.02)


def test_truncated_normal_stays_within_two_deviations():
    assert float(filled(init.TruncatedNormal(1.0, 0.5), 1000).sub(1.0).abs().max()) <= 1.0 + 1e-6


def test_orthogonal():
    made = filled(init.Orthogonal(2.0), 4, 6)
    torch.testing.assert_close(made @ made.T, torch.eye(4) * 4, atol=1e-5, rtol=0)


def test_dirac_is_the_identity_of_a_convolution():
    x = torch.randn(1, 4, 7)
    weight = filled(init.Dirac(), 4, 4, 3)
    torch.testing.assert_close(torch.nn.functional.conv1d(x, weight, padding=1), x)


def test_global_initializer_yields_to_an_attribute():
    nn.initializer.set_global_initializer(init.Constant(2.0), init.Constant(3.0))
    try:
        linear = nn.Linear(2, 2, bias_attr=init.Constant(4.0))
    finally:
        nn.initializer.set_global_initializer(None)
    assert linear.weight.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert linear.bias.tolist() == [4.0, 4.0]


def test_gains():
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx(math.sqrt(2 / 1.04))
    with pytest.raises(ValueError, match="nonlinearity must be one of"):
        init.calculate_gain("other")


def test_assign_decides_on_the_shape():
    assign = init.Assign(np.arange(6.0).reshape(2, 3))
    parameter = paddle.create_parameter([4], "float32", default_initializer=assign)
    assert parameter.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert parameter.dtype == paddle.float32
    layer = nn.Linear(2, 4)
    assign(layer.weight)
    assert layer.weight.shape == [2, 3]
    assert layer.state_dict()["weight"] is layer.weight


def test_initializers_take_the_block_of_a_parameter():
    weight = nn.Linear(2, 3).weight
    init.Constant(2.0)(weight, weight.block)
    assert weight.tolist() == [[2.0] * 3] * 2


def test_a_constant_may_be_a_text():
    """Configurations in YAML give 1e-3 as one."""
    assert filled(init.Constant("1e-3"), 2).tolist() == pytest.approx([0.001, 0.001])
    with pytest.raises(ValueError, match="could not convert string to float: 'abc'"):
        init.Constant("abc")
