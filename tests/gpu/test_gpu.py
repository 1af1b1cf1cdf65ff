"""Tracing, running, saving and loading with CUDA tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, trace

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


def forward(self, x):
    n = x.shape[0]
    mask = paddle.tril(paddle.ones([n, n]))
    return self.fc(mask @ x) + paddle.to_tensor([1.0, 2.0, 3.0, 4.0])


def layer_on(device):
    paddle.seed(0)
    layer = layer_of(forward, linear)
    return layer.to(device)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_trace_and_run_on_the_gpu():
    layer = layer_on("gpu")
    x = floats(3, 4).cuda()
    traced = trace(layer, x)
    for n in (3, 5):
        x = floats(n, 4).cuda()
        close(traced([x])[0], layer(x).numpy())
        (tensor,) = traced([x], return_numpy=False)
        assert tensor.device.type == "cuda"


def test_trace_on_the_cpu_and_run_on_the_gpu_and_back():
    layer = layer_on("cpu")
    traced = trace(layer, floats(3, 4))
    expected = layer(floats(5, 4)).numpy()
    layer.to("gpu")
    close(traced([floats(5, 4).cuda()])[0], expected)
    layer.to("cpu")
    close(traced([floats(5, 4)])[0], expected)


def test_inputs_on_another_device_are_named():
    traced = trace(layer_on("gpu"), floats(3, 4).cuda())
    with pytest.raises(paddle.errors.FeedError, match="feed 'x' must be on cuda:0, where the parameters are"):
        traced([floats(3, 4)])


def test_an_archive_lands_on_either_device(tmp_path):
    layer = layer_on("gpu")
    trace(layer, floats(3, 4).cuda()).save_inference_model(str(tmp_path))
    expected = layer(floats(5, 4).cuda()).numpy()
    for place in (paddle.CPUPlace(), paddle.CUDAPlace(0)):
        exe = paddle.static.Executor(place)
        program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), exe)
        close(exe.run(program, {feeds[0]: floats(5, 4).numpy()}, fetches)[0], expected)
