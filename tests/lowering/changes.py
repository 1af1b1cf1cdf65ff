"""A layer whose weights passes rework, and every way of changing them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import fxtraced as paddle
from tests.helpers import floats

nn = paddle.nn


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2D(16, 32, 3), nn.BatchNorm2D(32)
        self.plain = nn.Conv2D(32, 32, 3, padding=1)
        self.fc = nn.Linear(32, 1024)
        self.out = nn.Linear(1024, 512)

    def forward(self, x):
        y = nn.functional.relu(self.norm(self.conv(x)))
        y = nn.functional.relu(self.plain(y) + y).mean(axis=[2, 3])
        return self.out(nn.functional.gelu(self.fc(y)))


X = floats(4, 16, 20, 20)


def agree(traced: Any, layer: Any, x: Any = X, tolerance: float = 1e-5) -> Any:
    """Assert that the static graph gives what the layer gives in evaluation; returns that."""
    layer.eval()
    with paddle.no_grad():
        wanted = layer(x).numpy()
    (got,) = traced([x])
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * max(1.0, np.abs(wanted).max()))
    return wanted


def optimizer_step(layer):
    layer.train()
    optimizer = paddle.optimizer.SGD(0.5, parameters=layer.parameters())
    (layer(X) ** 2).mean().backward()
    optimizer.step()
    optimizer.clear_grad()


def statistics(layer):
    layer.train()
    layer(X * 3 + 1)


def set_value(layer):
    layer.conv.weight.set_value(floats(*layer.conv.weight.shape, seed=3))


def write_data(layer):
    for parameter in layer.parameters():
        parameter.data.mul_(1.5)


def one_number_of_data(layer):
    layer.plain.weight.data[3, 2, 1, 1] = 9.0


_VIEWS: dict = {}


def a_view_taken_before(layer):
    view = _VIEWS.setdefault(layer, layer.plain.weight.data)
    view[-1, -1, -1, -1] += 5.0


def assign_data(layer):
    for parameter in layer.parameters():
        parameter.data = parameter.data * 1.5


def write_through_numpy(layer):
    for parameter in layer.parameters():
        torch.Tensor.numpy(parameter.detach())[...] *= 1.5


def load_state_dict(layer):
    other = Net()
    layer.set_state_dict(other.state_dict())


def new_parameters(layer):
    layer.conv.weight = layer.create_parameter(layer.conv.weight.shape)
    layer.out.weight = layer.create_parameter(layer.out.weight.shape)


def new_statistics(layer):
    layer.norm._variance = layer.norm._variance * 4


def one_number(layer):
    with paddle.no_grad():
        layer.plain.weight[3, 2, 1, 1] = 9.0
        layer.norm.bias[5] = -7.0


def bias_only(layer):
    layer.fc.bias.set_value(floats(1024, seed=9))


def there_and_back(layer):
    layer.to(dtype="float64")
    layer.to(dtype="float32")
    write_data(layer)


CHANGES = [
    optimizer_step, statistics, set_value, write_data, one_number_of_data, a_view_taken_before, assign_data,
    write_through_numpy, load_state_dict, new_parameters, new_statistics, one_number, bias_only, there_and_back,
]  # fmt: skip
