"""Constants, closures, globals, NumPy data, defaults, class attributes."""

from __future__ import annotations

import math
import os
import random
import time

import numpy as np
import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, linear

G = Gallery("constants")

TABLE = torch.arange(4.0)
ARRAY = np.arange(4, dtype="float32")
SETTINGS = {"scale": 2.0, "shifts": [1, 2, 3]}


@G.right(f32(3, 4), f32(5, 4))
def a_global_tensor(self, x):
    return x * TABLE + TABLE[1]


@G.right(f32(3, 4), f32(5, 4), style="torch")
def a_global_array(self, x):
    return x * torch.from_numpy(ARRAY) + torch.tensor(ARRAY[2])


@G.right(f32(3, 4), f32(5, 4), style="paddle")
def a_global_array_to_tensor(self, x):
    return x * paddle.to_tensor(ARRAY) + ARRAY


@G.right(f32(3, 4), f32(5, 4))
def global_numbers(self, x):
    return x * SETTINGS["scale"] + sum(SETTINGS["shifts"]) + math.pi


@G.right(f32(3, 4), f32(5, 4))
def tensors_from_literals(self, x):
    weights = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return x.reshape([-1, 2]) @ weights + torch.tensor([1, 2]) + torch.tensor(True)


@G.right(f32(3, 4), f32(5, 4))
def a_literal_written(self, x):
    total = torch.zeros(4)
    parts = torch.tensor([1.0, 2.0, 3.0, 4.0])
    parts += x.sum(0)
    total.add_(parts)
    return total * x


@G.right(f32(3, 4), f32(5, 4))
def a_scalar_tensor_filled(self, x):
    best = torch.tensor(0.0)
    best.copy_(x.sum())
    return x + best


_TOTAL = torch.zeros(4)


@G.refused("FXT103", f32(3, 4))
def a_global_tensor_written(self, x):
    _TOTAL.add_(x.sum(0))
    return x + _TOTAL


_CALLS = {"number": 0}


@G.refused("FXT202", f32(3, 4))
def a_global_counter(self, x):
    _CALLS["number"] += 1
    return x * _CALLS["number"]


@G.refused("FXT202", f32(3, 4))
def the_time_of_day(self, x):
    return x + time.time_ns() // 1000 % 1000003


@G.refused("FXT202", f32(3, 4))
def pythons_random(self, x):
    return x * random.random()


@G.refused("FXT202", f32(3, 4))
def numpys_random(self, x):
    return x * float(np.random.rand())


@G.refused("FXT202", f32(3, 4))
def a_list_shuffled(self, x):
    order = list(range(64))
    random.shuffle(order)
    return x + torch.tensor(order).float()[:4]


@G.right(f32(3, 4), f32(5, 4))
def the_environment(self, x):
    return x if "no such variable" not in os.environ else -x


class WithClassAttributes(paddle.nn.Layer):
    scale = 3.0
    table = torch.arange(4.0)

    def forward(self, x):
        return x * self.scale + self.table + type(self).scale


G.right(f32(3, 4), f32(5, 4))(WithClassAttributes)


@G.right(f32(3, 4), f32(5, 4))
def a_default_argument(self, x, scale=2.5, shift=None, flip=False):
    y = x * scale
    return -y if flip else y if shift is None else y + shift


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def keyword_only_defaults(self, x, *, scale=2.5):
    return self.fc(x) * scale


@G.right([f32(3, 4), f32(3, 4)], [f32(5, 4), f32(5, 4)])
def an_optional_input_given(self, x, other=None):
    return x if other is None else x + other


@G.right(f32(3, 4), f32(5, 4))
def infinities_and_not_a_numbers(self, x):
    low = torch.full([4], float("-inf"))
    return torch.maximum(x, low) + torch.where(x > 9, float("inf"), 0.0) * 0 + torch.tensor(float("nan")).isnan()


@G.right(f32(3, 4), f32(5, 4))
def large_and_small_numbers(self, x):
    return x * 1e-30 * 1e30 + 2**40 * 1e-12 - 1e308 * 0 + 0.1 + 1 / 3


@G.right(f32(3, 4), f32(5, 4))
def a_tensor_of_a_parameters_dtype(self, x):
    return x + torch.zeros(1, dtype=x.dtype) + torch.ones([], device=x.device)


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: setattr(self, "fixed", torch.arange(4.0)))
def a_tensor_attribute(self, x):
    return x * self.fixed


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: setattr(self, "fixed", np.arange(4, dtype="float32")))
def an_array_attribute(self, x):
    return x * torch.tensor(self.fixed)


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_weight_looked_at(self, x):
    return self.fc(x) if self.fc.weight.shape[0] == 4 and self.fc.bias is not None else x


@G.guarded(f32(3, 4), f32(5, 4), setup=lambda self, nn: self.register_buffer("scale", torch.full([1], 2.0)))
def a_number_of_a_size_and_a_buffer(self, x):
    return x * float(self.scale) * (2 if x.shape[0] > 3 else 1)


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_weight_normalised(self, x):
    weight = self.fc.weight / self.fc.weight.norm()
    return torch.matmul(x, weight)


@G.right(f32(3, 4), f32(5, 4))
def a_constant_result(self, x):
    return torch.ones([2, 2]) * 3, torch.tensor([1, 2])


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_weight_returned(self, x):
    return self.fc.weight, x * 2, self.fc.bias


@G.right(f32(3, 4), f32(5, 4))
def a_global_tensor_returned(self, x):
    return TABLE, x
