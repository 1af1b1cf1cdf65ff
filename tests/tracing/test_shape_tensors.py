"""paddle.shape(x) and the sizes taken out of it: they stay sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of

F = paddle.nn.functional

FORWARDS: dict[str, Callable[[Any, Any], Any]] = {
    "one size": lambda self, x: x.reshape([paddle.shape(x)[0], -1]),
    "zeros": lambda self, x: paddle.zeros(paddle.shape(x)) + x,
    "expand": lambda self, x: x[0].expand(paddle.shape(x)),
    "reshape": lambda self, x: x.reshape(paddle.shape(x)),
    "joined": lambda self, x: x.reshape(paddle.concat([paddle.shape(x)[:1], paddle.to_tensor([3], dtype="int32")])),
    "full": lambda self, x: paddle.full(paddle.shape(x)[:1], 2.0),
    "arange": lambda self, x: paddle.arange(paddle.shape(x)[0]),
    "slice": lambda self, x: x[: paddle.shape(x)[0] - 1],
    "scaled": lambda self, x: paddle.nn.functional.interpolate(x.unsqueeze([0, 1]), size=paddle.shape(x) * 2),
    "pad": lambda self, x: F.pad(x, [0, paddle.shape(x)[0], 1, 5 - paddle.shape(x)[0] % 5]),
    "pad by one dtype": lambda self, x: F.pad(x.unsqueeze(0), [0, paddle.shape(x)[0]], data_format="NCL"),
    "pooled": lambda self, x: F.adaptive_avg_pool2d(x.unsqueeze([0, 1]), paddle.shape(x)[0] // 2),
    "rolled": lambda self, x: paddle.roll(x, paddle.shape(x)[0] - 1, 0),
    "strided": lambda self, x: paddle.as_strided(x, [paddle.shape(x)[0], 2], [3, 1]),
    "windows": lambda self, x: F.unfold(x.unsqueeze([0, 1]), 2, paddings=[0, 1, paddle.shape(x)[0], 1]),
    "padding": lambda self, x: F.conv1d(
        x.unsqueeze(0).transpose([0, 2, 1]), paddle.ones([1, 3, 2]), padding=[paddle.shape(x)[0]]
    ),
    "torch's own": lambda self, x: torch.nn.functional.pad(x, [0, 1, paddle.shape(x)[0], 1]),
    "number": lambda self, x: x * paddle.to_tensor([x.shape[0], 1.5, 2]),
}


@pytest.mark.parametrize("forward", FORWARDS.values(), ids=FORWARDS.keys())
def test_shape_tensors_stay_dynamic(forward: Callable[[Any, Any], Any]) -> None:
    layer = layer_of(forward)
    _, traced = paddle.jit.TracedLayer.trace(layer, [floats(4, 3)])
    for rows in (2, 7):
        x = floats(rows, 3)
        np.testing.assert_array_equal(traced([x])[0], layer(x).numpy())
