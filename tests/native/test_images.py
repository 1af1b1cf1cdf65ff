"""Squeeze-excite blocks, convolutions and images that are turned: where kernels answer, and what they give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from fxtraced.framework import native
from fxtraced.lowering import freezing
from fxtraced.lowering.script import frozen_forward, quiet
from fxtraced.passes.calculate_linears import numbers_of
from fxtraced.passes.onednn import Activation
from tests.helpers import floats, layer_of, trace

nn, F = paddle.nn, paddle.nn.functional
pytestmark = [
    pytest.mark.skipif(
        "AVX" not in torch.backends.cpu.get_cpu_capability(), reason="there are no kernels for this CPU"
    ),
    pytest.mark.usefixtures("with_native"),
]


def convolved(gate, act=F.relu):
    """Factors by two convolutions, as in MobileNetV3, PP-LCNet and EfficientNet."""
    return lambda self, x: gate(self.second(act(self.first(F.adaptive_avg_pool2d(x, 1)))))


def multiplied(self, x):
    """Factors by two linear calls, as in SENet."""
    means = paddle.squeeze(F.adaptive_avg_pool2d(x, 1), axis=[2, 3])
    factors = F.sigmoid(self.excite(F.relu(self.squeeze(means))))
    return paddle.unsqueeze(factors, axis=[2, 3])


def read_twice(self, x):
    factors = convolved(F.sigmoid)(self, x)
    return factors * factors.mean()


# What makes the factors, and how many blocks a kernel calculates.
BLOCKS = {
    "sigmoid": (convolved(F.sigmoid), 1),
    "hard sigmoid": (convolved(F.hardsigmoid), 1),
    "Paddle's slope": (convolved(lambda y: F.hardsigmoid(y, slope=0.2, offset=0.5)), 1),
    "relu6": (convolved(lambda y: F.relu6(y + 3.0) / 6.0), 1),
    "swish": (convolved(F.sigmoid, act=F.swish), 1),
    "hard swish": (convolved(F.sigmoid, act=F.hardswish), 1),
    "linear calls": (multiplied, 1),
    "a mean": (lambda self, x: F.sigmoid(self.second(F.relu(self.first(x.mean(axis=[2, 3], keepdim=True))))), 1),
    "GELU": (convolved(F.sigmoid, act=F.gelu), 0),
    "tanh": (convolved(F.tanh), 0),
    "the largest": (lambda self, x: F.sigmoid(self.second(F.relu(self.first(F.adaptive_max_pool2d(x, 1))))), 0),
    "of something else": (lambda self, x: convolved(F.sigmoid)(self, x * 2), 0),
    "read twice": (read_twice, 0),
}


def network(factors):
    def setup(self):
        self.stem = nn.Conv2D(3, 40, 3, padding=1)
        self.first, self.second = nn.Conv2D(40, 12, 1), nn.Conv2D(12, 40, 1)
        self.squeeze, self.excite = nn.Linear(40, 12), nn.Linear(12, 40)
        self.head = nn.Conv2D(40, 8, 1)

    def forward(self, x):
        y = F.hardswish(self.stem(x))
        return self.head(y * factors(self, y)) + 1

    layer = layer_of(forward, setup)
    layer.eval()
    return layer


@pytest.fixture
def seen(monkeypatch):
    """The graphs that are compiled, as text."""
    graphs = []
    calculate = freezing.calculate_images

    def calculated(graph, feeds):
        count = calculate(graph, feeds)
        graphs.append(str(graph))
        return count

    monkeypatch.setattr(freezing, "calculate_images", calculated)
    return graphs


def agree(results, layer, x):
    """Within rounding, as a part of the scale; the same places are not finite."""
    with paddle.no_grad():
        wanted = layer(x).numpy()
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    np.testing.assert_allclose(np.asarray(results[0]), wanted, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_calculated_by_a_kernel(name, images, threads, seen, tmp_path):
    torch.set_num_threads(threads)
    factors, count = BLOCKS[name]
    layer = network(factors)
    x = floats(images, 3, 30, 34)
    traced = trace(layer, x)
    traced.save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    assert [graph.count("fxtraced::squeeze_excite") for graph in seen] == [count, count]
    for seed in range(4):
        x = floats(images, 3, 30, 34, seed=seed)
        given = x.clone()
        agree(traced([x]), layer, x)
        agree(predictor.run([x]), layer, x)
        assert (x == given).all()
    # Another size is answered otherwise.
    agree(traced([floats(images, 3, 32, 32)]), layer, floats(images, 3, 32, 32))


def test_a_new_weight_shows():
    layer = network(convolved(F.hardsigmoid))
    x = floats(1, 3, 30, 34)
    traced = trace(layer, x)
    for _ in range(60):
        traced([x])
    for weight in (layer.first.weight, layer.second.bias):
        before = traced([x])[0]
        with paddle.no_grad():
            weight.set_value(weight * 5 + 1)
        # So many calls, and there are partitions with the new weights.
        for _ in range(60):
            agree(traced([x]), layer, x)
        assert np.abs(traced([x])[0] - before).max() > 1e-4


@pytest.mark.parametrize("form", ["contiguous", "channels last", "a view"])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_images_are_turned(channels, form, tmp_path, seen):
    """In one look that also adds: what is not finite is answered by the graph as it was traced."""
    layer = layer_of(
        lambda self, x: F.relu(self.conv(x)), lambda self: setattr(self, "conv", nn.Conv2D(channels, 96, 3))
    )
    layer.eval()

    def made(seed):
        x = floats(2, channels, 30, 34, seed=seed)
        if form == "channels last":
            return torch.Tensor.contiguous(x, memory_format=torch.channels_last)
        return floats(2, channels, 34, 30, seed=seed).transpose([0, 1, 3, 2]) if form == "a view" else x

    traced = trace(layer, made(0))
    assert ["fxtraced::turned" in graph for graph in seen] == [True]
    traced.save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    for seed in range(4):
        agree(traced([made(seed)]), layer, made(seed))
        agree(predictor.run([made(seed)]), layer, made(seed))
    for value in (np.nan, np.inf):
        for place in ((0, 0, 0, 0), (1, channels - 1, 29, 33)):
            x = made(5)
            x[place] = value
            agree(traced([x]), layer, x)
            agree(predictor.run([x]), layer, x)


def test_a_feed_that_a_layer_makes_contiguous(seen):
    """It is no image that is turned."""
    layer = layer_of(
        lambda self, x: F.relu(self.conv(x.contiguous().unsqueeze(0))),
        lambda self: setattr(self, "conv", nn.Conv2D(3, 64, 3)),
    )
    x = floats(3, 40, 40)
    traced = trace(layer, x)
    agree(traced([x]), layer, x)
    assert ["fxtraced::turned" in graph for graph in seen] == [False]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [7, 28])
def test_convolutions(side, stride, threads, seen, tmp_path):
    """Whether kernels calculate them is measured; what they give is the same."""
    torch.set_num_threads(threads)

    def setup(self):
        self.first, self.second = nn.Conv2D(256, 256, 3, stride=stride, padding=1), nn.Conv2D(256, 512, 1)
        self.beside = nn.Conv2D(256, 512, 1, stride=stride, bias_attr=False)

    layer = layer_of(lambda self, x: F.relu(self.second(F.relu(self.first(x))) + self.beside(x)), setup)
    layer.eval()
    x = floats(1, 256, side, side + 1)
    traced = trace(layer, x)
    traced.save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    names = ("fxtraced::convolve", "fxtraced::winograd", "aten::conv2d")
    assert [sum(graph.count(f"{name}(") for name in names) for graph in seen] == [3, 3]
    for seed in range(3):
        x = floats(1, 256, side, side + 1, seed=seed)
        agree(traced([x]), layer, x)
        agree(predictor.run([x]), layer, x)
    with paddle.no_grad():
        layer.first.weight.set_value(layer.first.weight * 2)
    for _ in range(60):
        agree(traced([x]), layer, x)


@pytest.mark.parametrize("tile", [2, 4])
def test_a_convolution_in_winograds_form(tile):
    module = native.native()
    channels, outputs = 2 * module.width(), 3 * module.width()
    x, weight, bias, added = (
        torch.randn(*size) for size in ((2, channels, 9, 7), (outputs, channels, 3, 3), (outputs,), (2, outputs, 9, 7))
    )
    form = module.winograd_weight(weight, tile)
    assert form.shape == ((tile + 2) ** 2, 3, channels, module.width())
    result = torch.ops.fxtraced.winograd(x, form, bias, added, [1, 1], numbers_of(Activation("relu")))
    wanted = torch.relu(torch.conv2d(x.double(), weight.double(), bias.double(), padding=1) + added)
    assert (result - wanted).abs().max() < 5e-6 * wanted.max()


class _Fails(torch.nn.Module):
    """An operation that fails after a convolution of an image, or of rows as an image."""

    def __init__(self, of_rows: bool):
        super().__init__()
        self.of_rows = of_rows
        self.convolution = torch.nn.Conv2d(512, 512, 1)

    def forward(self, x):
        if self.of_rows:
            x = x.unsqueeze(1).unsqueeze(0).permute(0, 3, 1, 2)
        return self.convolution(x).reshape(7)


@pytest.mark.parametrize("of_rows", [False, True], ids=["image", "rows"])
def test_measuring_calls_no_more_of_a_graph_than_it_asks_for(of_rows):
    with quiet():
        graph = frozen_forward(torch.jit.script(_Fails(of_rows).eval())).graph
    x = torch.ones(7, 512) if of_rows else torch.ones(1, 512, 7, 1)
    calculated = native.native().calculate_images(graph, [x])
    # Rows have been measured beside the kernel for linear calls.
    assert calculated == 0 if of_rows else calculated in (0, 1)
