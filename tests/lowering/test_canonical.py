"""Calls are written as the operators that they end in."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from fxtraced.lowering.canonical import _OPERATORS, _signature
from fxtraced.lowering.codegen import forward_source
from tests.helpers import floats, same_as_layer, trace


class Net(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = torch.nn.Parameter(floats(3).as_subclass(torch.Tensor))
        self.register_buffer("mean", floats(3).as_subclass(torch.Tensor))
        self.register_buffer("variance", torch.ones(3))

    def forward(self, x):
        return self.function(self, x)


WRITTEN = {
    "batch_norm": (
        lambda self, x: F.batch_norm(x, self.mean, self.variance, eps=1e-3),
        "torch.batch_norm(x, None, None, self.mean, self.variance, False, 0.1, 0.001, True)",
    ),
    "layer_norm": (
        lambda self, x: F.layer_norm(x, [4], eps=1e-3),
        "torch.layer_norm(x, [4], None, None, 0.001)",
    ),
    "max_pool2d": (
        lambda self, x: F.max_pool2d(x, 2, padding=1),
        "torch.max_pool2d(x, 2, 2, 1, 1, False)",
    ),
    "adaptive_avg_pool2d": (
        lambda self, x: F.adaptive_avg_pool2d(x, [None, 2]),
        "torch._C._nn.adaptive_avg_pool2d(x, [x.size(-2), 2])",
    ),
    "unflatten": (
        lambda self, x: torch.unflatten(x, -1, [2, 2]),
        "torch.reshape(x, [x.size(0), x.size(1), x.size(2), 2, 2])",
    ),
    "softmax": (lambda self, x: F.softmax(x, 1), "torch.softmax(x, 1, None)"),
    "softmax of another dtype": (
        lambda self, x: F.softmax(x, -1, dtype=torch.float64),
        "torch.softmax(x, -1, torch.float64)",
    ),
    "pad": (lambda self, x: F.pad(x, [1, 1], value=2), "torch._C._nn.pad(x, [1, 1], 'constant', 2.0)"),
    "embedding": (
        lambda self, x: F.embedding(x.long().clamp(0, 2), self.weight.unsqueeze(1)),
        "torch.embedding(unsqueeze, clamp, -1, False, False)",
    ),
    "interpolate nearest": (
        lambda self, x: F.interpolate(x, scale_factor=2),
        "torch._C._nn.upsample_nearest2d(x, None, [2.0, 2.0])",
    ),
    "interpolate bilinear": (
        lambda self, x: F.interpolate(x, [7, x.shape[2] * 2], mode="bilinear", align_corners=True),
        "torch._C._nn.upsample_bilinear2d(x, [7, mul], True, None)",
    ),
    "interpolate bilinear, one number": (
        lambda self, x: F.interpolate(x, 7, mode="bilinear"),
        "torch._C._nn.upsample_bilinear2d(x, [7, 7], False, None)",
    ),
    "interpolate bicubic": (
        lambda self, x: F.interpolate(x, scale_factor=[1.5, 2], mode="bicubic"),
        "torch._C._nn.upsample_bicubic2d(x, None, False, [1.5, 2.0])",
    ),
    "interpolate linear": (
        lambda self, x: F.interpolate(x.flatten(2), 5, mode="linear"),
        "torch._C._nn.upsample_linear1d(flatten, [5], False, None)",
    ),
    "interpolate trilinear": (
        lambda self, x: F.interpolate(x.unsqueeze(2), [2, 3, x.shape[3]], mode="trilinear"),
        "torch._C._nn.upsample_trilinear3d(unsqueeze, [2, 3, size], False, None)",
    ),
    **{
        name: (lambda self, x, name=name: getattr(F, name)(x), f"{operator.name}(x")
        for name, operator in ((wrapper.__name__, operator) for wrapper, operator in _OPERATORS.items())
        if operator.arguments.split()[1:] in ([], ["alpha"], ["negative_slope"], ["min_val", "max_val"], ["dim"])
    },
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_operator_stands_for_the_wrapper(name):
    function, text = WRITTEN[name]
    layer = Net(function)
    traced = trace(layer, floats(2, 3, 4, 4))
    source = forward_source(traced.program.trace.graph)
    assert text in source
    assert "torch.nn.functional" not in source
    same_as_layer(traced, layer, floats(2, 3, 4, 4))


KEPT = {
    "interpolate": lambda self, x: F.interpolate(x, 2, mode="area"),
    "unflatten": lambda self, x: torch.unflatten(x, 1, [-1, 3]),
    "batch_norm": lambda self, x: F.batch_norm(x, self.mean, self.variance, training=True),
    "relu": lambda self, x: F.relu(x * 2, inplace=True),
    "embedding": lambda self, x: F.embedding(x.long().clamp(0, 2), self.weight.unsqueeze(1).clone(), max_norm=1.0),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_wrapper_that_does_more_stays(name):
    layer = Net(KEPT[name])
    module = "torch" if name == "unflatten" else "torch.nn.functional"
    assert f"{module}.{name}(" in forward_source(trace(layer, floats(2, 3, 4, 4)).program.trace.graph)


@pytest.mark.parametrize("wrapper", _OPERATORS, ids=lambda wrapper: wrapper.__name__)
def test_the_table_names_parameters(wrapper):
    words = _OPERATORS[wrapper].arguments.replace("/", " ").split()
    assert [x for x in words if x[0].islower() and x not in _signature(wrapper).parameters] == []
