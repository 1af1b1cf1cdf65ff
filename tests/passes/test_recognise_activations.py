"""recognise_activations: every spelling becomes the one call, look-alikes stay, values are the same within rounding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from tests.helpers import floats, layer_of, trace
from tests.passes.cases import check_pass

NAME = "recognise_activations"
ROOT = math.sqrt(2.0)
TANH = math.sqrt(2.0 / math.pi)


def with_weight(self):
    self.scale = self.create_parameter([4])


SPELLINGS = {
    "gelu, x first": lambda x: x * 0.5 * (1.0 + paddle.erf(x / ROOT)),
    "gelu, half first": lambda x: 0.5 * x * (1 + torch.erf(x * 0.7071067811865476)),
    "gelu, half last": lambda x: x * (paddle.erf(x / ROOT) + 1.0) * 0.5,
    "gelu, half with the bracket": lambda x: x * (0.5 * (1.0 + paddle.erf(x / ROOT))),
    "gelu, divided": lambda x: (paddle.erf(x / ROOT) + 1.0) * x / 2.0,
    "gelu, short constant": lambda x: x * 0.5 * (1.0 + paddle.erf(x / 1.41421356)),
    "tanh, pow": lambda x: 0.5 * x * (1 + paddle.tanh(TANH * (x + 0.044715 * paddle.pow(x, 3)))),
    "tanh, products": lambda x: 0.5 * x * (1 + paddle.tanh(TANH * (x + 0.044715 * x * x * x))),
    "tanh, x before the bracket": lambda x: 0.5 * x * (1 + paddle.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))),
    "tanh, square": lambda x: x * (0.5 * (1 + paddle.tanh(TANH * x * (0.044715 * paddle.square(x) + 1)))),
    "swish": lambda x: x * F.sigmoid(x),
    "swish, turned": lambda x: torch.sigmoid(x) * x,
    "hard swish": lambda x: x * F.relu6(x + 3) / 6,
    "hard swish, sixth first": lambda x: x * (F.relu6(x + 3.0) * (1.0 / 6)),
    "hard swish, clip": lambda x: x * paddle.clip(x + 3, 0, 6) / 6,
    "hard sigmoid": lambda x: F.hardsigmoid(x),
    "hard sigmoid, relu6": lambda x: F.relu6(3 + x) / 6,
    "hard sigmoid, clip": lambda x: paddle.clip(x / 6 + 0.5, 0.0, 1.0),
}
STAY = {
    "another constant": lambda x: x * 0.5 * (1.0 + paddle.erf(x / 1.4142)),
    "another factor": lambda x: x * 0.25 * (1.0 + paddle.erf(x / ROOT)),
    "quick gelu": lambda x: x * F.sigmoid(1.702 * x),
    "of another tensor": lambda x: x * F.sigmoid(x + 1),
    "another cubic": lambda x: 0.5 * x * (1 + paddle.tanh(TANH * (x + 0.0447 * x * x * x))),
    "a square for a cube": lambda x: 0.5 * x * (1 + paddle.tanh(TANH * (x + 0.044715 * x * x))),
    "a ramp to 5": lambda x: x * paddle.clip(x + 3, 0, 5) / 6,
    "a slope of a fifth": lambda x: F.hardsigmoid(x, slope=0.2),
    "one bound": lambda x: x * paddle.clip(x + 3, min=0) / 6,
    "a part is returned": lambda x: (lambda y: (x * y, y))(F.sigmoid(x)),
    "a part is read": lambda x: (lambda y: x * 0.5 * y + y)(1.0 + paddle.erf(x / ROOT)),
    "a column": lambda x: x[:, :1] * F.sigmoid(x),
}
INPUTS = [[floats(3, 4) * 5], [floats(7, 4, seed=1) * 9], [floats(1, 4, seed=2) * 0.01]]


def layer(function):
    made = layer_of(lambda self, x: function(x * self.scale + x), with_weight)
    made.eval()
    return made


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_becomes_one_call(name):
    count = 2 if name == "hard swish, sixth first" else 1
    check_pass(NAME, layer(SPELLINGS[name]), INPUTS, count, exact=False)


@pytest.mark.parametrize("name", STAY)
def test_what_looks_alike_stays(name):
    check_pass(NAME, layer(STAY[name]), INPUTS, 0)


@pytest.mark.parametrize("name", ["swish", "hard swish", "gelu, x first"])
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_other_dtypes_stay(name, dtype):
    made = layer_of(lambda self, x: SPELLINGS[name](x) + self.scale.astype(dtype), with_weight)
    check_pass(NAME, made, [[x.astype(dtype)] for (x,) in INPUTS], 0)


def test_in_training_and_in_a_graph_that_writes():
    def forward(self, x):
        return F.dropout(x * F.sigmoid(x), 0.5, training=self.training) * self.scale

    check_pass(NAME, layer_of(forward, with_weight), INPUTS, 0)

    def writes(self, x):
        x = x * self.scale
        y = x * F.sigmoid(x)
        x[0] = 1.0
        return y + x

    check_pass(NAME, layer_of(writes, with_weight), INPUTS, 0)


def test_with_a_guard():
    def forward(self, x):
        y = x * self.scale
        return y * F.sigmoid(y) if x.shape[0] > 1 else y

    traced = check_pass(NAME, layer_of(forward, with_weight), INPUTS[:2], 1, exact=False)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        traced(INPUTS[2])


def test_in_a_plain_torch_module():
    """It makes no new weights, which could not follow torch's own parameters."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(4, 4)

        def forward(self, x):
            y = self.fc(x)
            return y * torch.sigmoid(y)

    net = Net().eval()
    x = torch.Tensor(floats(3, 4).numpy())
    traced = paddle.jit.TracedLayer.trace(net, [x])[1]
    for _ in range(2):
        with torch.no_grad():
            np.testing.assert_allclose(traced([x])[0], net(x).numpy(), rtol=1e-6, atol=1e-7)
            net.fc.weight.data.mul_(2)
    assert traced.program.pass_report[NAME] == 1
    assert "fold_constants" not in traced.program.pass_report


@pytest.mark.parametrize("name", [x for x in SPELLINGS if "gelu" not in x])
def test_what_is_not_finite(name):
    """GELU itself gives not-a-number at infinity, where its spelling gives infinity."""
    values = np.array([[np.nan, np.inf, -np.inf, 1e30], [-1e30, 0.0, -0.0, 1e-40]], "float32")
    made = layer_of(lambda self, x: SPELLINGS[name](x) + self.scale * 0, with_weight)
    made.eval()
    traced = trace(made, floats(2, 4))
    results = [traced([x])[0] for x in (floats(2, 4), paddle.to_tensor(values))]
    with paddle.no_grad():
        wanted = made(paddle.to_tensor(values)).numpy()
    assert traced.program.pass_report[NAME]
    np.testing.assert_allclose(results[1], wanted, rtol=1e-6)
