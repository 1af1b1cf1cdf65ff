"""fold_batch_norm, pack_convolutions and pack_linears: where they act, where they must not, and what they compute."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.lowering.cpu import CpuExecutable
from fxtraced.passes import convolve_linears, fastest_linear, multiply_linears, pack_linears
from fxtraced.passes.fold_batch_norm import scaled_weight
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, trace

nn = paddle.nn
onednn = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


def statistics(layer):
    """Batch norm statistics that are not those of a new layer."""
    for i, module in enumerate(layer.modules()):
        if hasattr(module, "_variance"):
            module._mean.set_value(floats(*module._mean.shape, seed=i))
            module._variance.set_value(floats(*module._variance.shape, seed=i).abs() + 0.5)
    return layer


def compare(layer, shapes, **expected):
    """Trace an inference layer on the first shape, compare it on all of them; the report has what is expected."""
    layer = statistics(layer)
    layer.eval()
    traced = trace(layer, floats(*shapes[0]))
    for seed, shape in enumerate(shapes, 1):
        x = floats(*shape, seed=seed)
        with paddle.no_grad():
            wanted = layer(x)
        np.testing.assert_allclose(traced([x])[0], wanted.numpy(), rtol=1e-4, atol=1e-4)
    report = traced.program.pass_report
    assert {name: report[name] for name in expected} == expected
    return traced


def chosen(name):
    """A measurement that always finds the same."""
    return lambda sites, state, changes, **_: [name for _ in sites if changes[name]]


# What each measurement says of linear calls: multiply_linears, convolve_linears, pack_linears and fastest_linear.
WAYS = {
    "mkl": ("multiplied", "linear", "packed", "mkl"),
    "convolution": ("plain", "convolution", "packed", "convolution"),
    "packed": ("plain", "linear", "packed", "product"),
    "present": ("plain", "linear", "present", "product"),
    "kernel": ("plain", "linear", "present", "kernel"),
}


def linears_become(monkeypatch, way):
    """Let every measurement of linear calls find the same."""
    modules = multiply_linears, convolve_linears, pack_linears, fastest_linear
    for module, name in zip(modules, WAYS[way], strict=True):
        monkeypatch.setattr(module, "choose", chosen(name))


def sequence(*layers):
    return nn.Sequential(*layers)


FOLDED = {
    "conv1d": (lambda: sequence(nn.Conv1D(8, 32, 3), nn.BatchNorm1D(32)), [(2, 8, 400), (3, 8, 100)]),
    "conv2d with a bias": (lambda: sequence(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16)), [(2, 8, 30, 30), (1, 8, 9, 12)]),
    "conv2d without": (
        lambda: sequence(nn.Conv2D(8, 16, 3, groups=2, bias_attr=False), nn.BatchNorm2D(16)),
        [(2, 8, 30, 30), (1, 8, 9, 12)],
    ),
    "conv3d": (lambda: sequence(nn.Conv3D(4, 8, 3), nn.BatchNorm3D(8)), [(2, 4, 8, 9, 9)]),
    "transposed": (lambda: sequence(nn.Conv2DTranspose(8, 16, 3), nn.BatchNorm2D(16)), [(2, 8, 30, 30), (1, 8, 5, 6)]),
    "transposed in groups": (
        lambda: sequence(nn.Conv2DTranspose(8, 16, 3, stride=2, groups=4), nn.BatchNorm2D(16)),
        [(2, 8, 30, 30)],
    ),
    "linear": (lambda: sequence(nn.Linear(128, 64), nn.BatchNorm1D(64)), [(64, 128), (3, 128)]),
    "without scale and shift": (
        lambda: sequence(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16, weight_attr=False, bias_attr=False)),
        [(2, 8, 30, 30)],
    ),
}


@pytest.mark.parametrize("name", FOLDED)
def test_a_batch_norm_is_folded(name):
    make, shapes = FOLDED[name]
    compare(make(), shapes, fold_batch_norm=1)


class Shared(nn.Layer):
    """The convolution is read twice."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16)

    def forward(self, x):
        y = self.conv(x)
        return self.norm(y) + y


class Counting(Shared):
    """The graph writes into a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", paddle.zeros([1]))

    def forward(self, x):
        self.calls.add_(paddle.ones([1]))
        return self.norm(self.conv(x)) + self.calls * 0


NOT_FOLDED = {
    "read twice": (Shared, (2, 8, 30, 30)),
    "a graph that writes": (Counting, (2, 8, 30, 30)),
    "small": (lambda: sequence(nn.Conv2D(2, 2, 3), nn.BatchNorm2D(2)), (1, 2, 8, 8)),
    "channels of a linear call are last": (lambda: sequence(nn.Linear(64, 64), nn.BatchNorm1D(32)), (8, 32, 64)),
    "an activation between": (
        lambda: sequence(nn.Conv2D(8, 16, 3), nn.ReLU(), nn.BatchNorm2D(16)),
        (2, 8, 30, 30),
    ),
}


@pytest.mark.parametrize("name", NOT_FOLDED)
def test_a_batch_norm_stays(name):
    make, shape = NOT_FOLDED[name]
    compare(make(), [shape], fold_batch_norm=0)


def test_statistics_of_the_batch_are_not_folded():
    layer, x = sequence(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16)), floats(2, 8, 30, 30)
    layer.train()
    traced = trace(layer, x)
    mean = layer[1]._mean.numpy()
    traced([x])
    assert traced.program.pass_report["fold_batch_norm"] == 0
    assert np.abs(layer[1]._mean.numpy() - mean).max() > 0


class Residual(nn.Layer):
    def __init__(self, activation=F.relu, groups=1):
        super().__init__()
        self.first = nn.Conv2D(16, 32, 3, padding=1, groups=groups)
        self.second = nn.Conv2D(32, 32, 3, padding=1, stride=1)
        self.activation = activation

    def forward(self, x):
        y = self.activation(self.first(x))
        return self.activation(self.second(y) + y)


ACTIVATIONS = {
    "relu": F.relu, "relu6": F.relu6, "silu": F.silu, "hardswish": F.hardswish, "sigmoid": F.sigmoid, "tanh": F.tanh,
    "gelu": F.gelu, "gelu, tanh": lambda x: F.gelu(x, True), "leaky_relu": lambda x: F.leaky_relu(x, 0.3),
    "hardsigmoid": F.hardsigmoid,
}  # fmt: skip
IMAGES = [(2, 16, 24, 24), (1, 16, 9, 14), (3, 16, 24, 24)]


@onednn
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_convolutions_are_packed_with_what_follows(name):
    traced = compare(Residual(ACTIVATIONS[name]), IMAGES, pack_convolutions=2)
    assert isinstance(traced.program.runnable(("fetch_0",)), CpuExecutable)


@onednn
def test_fetches_have_the_layout_of_the_layer():
    traced = compare(Residual(groups=4), IMAGES, pack_convolutions=2)
    (result,) = traced.program.runnable(("fetch_0",))(floats(*IMAGES[1]))
    assert result.is_contiguous()


@onednn
def test_an_addition_that_broadcasts_at_another_size():
    class Added(Residual):
        def forward(self, x, y):
            return self.second(self.first(x)) + y

    layer = Added()
    layer.eval()
    x, y = floats(1, 16, 24, 24), floats(1, 32, 24, 24)
    traced = trace(layer, x, y)
    for other in (x, floats(3, 16, 24, 24, seed=1)):
        np.testing.assert_allclose(traced([other, y])[0], layer(other, y).numpy(), rtol=1e-4, atol=1e-5)
    assert traced.program.pass_report["pack_convolutions"] == 2


@onednn
def test_views_of_packed_results():
    class Viewed(nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2D(16, 32, 3)

        def forward(self, x):
            y = self.conv(x)
            return torch.reshape(y, [y.shape[0], -1])

    compare(sequence(Viewed()), IMAGES[:1] * 2, pack_convolutions=1)


@onednn
def test_a_graph_that_asks_for_a_layout_stays():
    class Strided(nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2D(16, 32, 3)

        def forward(self, x):
            return torch.as_strided(self.conv(x), [4], [1])

    compare(sequence(Strided()), IMAGES[:1], pack_convolutions=0)


@onednn
@pytest.mark.parametrize("name", ["gelu", "relu", "hardsigmoid", "gelu, tanh"])
@pytest.mark.parametrize("faster", [True, False])
def test_linears_are_packed_with_what_follows_where_it_is_faster(name, faster, monkeypatch):
    rows, width = 100, 512
    linears_become(monkeypatch, "packed" if faster else "present")

    class Block(nn.Layer):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(width, width), nn.Linear(width, 2 * width, bias_attr=False)

        def forward(self, x):
            return self.down(ACTIVATIONS[name](self.up(x)))

    packed = 2 if faster else 0
    compare(Block(), [(rows, width), (7, width)], pack_linears=packed)
    compare(Block(), [(2, rows // 2, width), (3, 5, width)], pack_linears=packed)


class Added(nn.Layer):
    """The sum of a linear call, an input and what follows; `first` says on which side of the plus the call is."""

    def __init__(self, first=True, activation=F.relu):
        super().__init__()
        self.linear, self.first, self.activation = nn.Linear(512, 512), first, activation

    def forward(self, x, other):
        y = self.linear(x)
        return self.activation(y + other if self.first else other + y)


ADDED = {
    "the call first": Added,
    "the call second": lambda: Added(first=False),
    "and gelu": lambda: Added(activation=F.gelu),
    "and nothing": lambda: Added(activation=lambda x: x),
}


def agrees_at_all_sizes(traced, layer):
    """Compare the sums of an `Added`; torch repeats the last three, of which one has equally many elements in both."""
    same, repeated = [(4, 25), (3, 1), (0, 2), (1, 1)], [((2, 3), (1, 3)), ((3, 1), (1, 3)), ((1, 3), (2, 3))]
    for sizes, other in [*zip(same, same, strict=True), *repeated]:
        probe = [floats(*sizes, 512), floats(*other, 512, seed=3)]
        with paddle.no_grad():
            wanted = layer(*probe).numpy()
        result = traced(probe)[0]
        assert result.shape == wanted.shape
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-5)


@onednn
@pytest.mark.parametrize("name", ADDED)
def test_a_packed_linear_adds(name, monkeypatch):
    linears_become(monkeypatch, "packed")
    layer = ADDED[name]()
    traced = trace(layer, *(floats(4, 25, 512, seed=seed) for seed in (1, 2)))
    targets = [node.target for node in traced.program.after("pack_linears").graph.nodes]
    assert pack_linears.linear_with_addition in targets
    agrees_at_all_sizes(traced, layer)


@onednn
def test_a_guard_and_a_wrong_size_are_told_in_the_users_terms():
    class Guarded(Residual):
        def forward(self, x):
            y = super().forward(x)
            return y * 2 if x.shape[2] > 10 else y

    layer = Guarded()
    layer.eval()
    traced = trace(layer, floats(*IMAGES[0]))
    traced([floats(*IMAGES[0])])
    assert traced.program.pass_report["pack_convolutions"] == 2
    with pytest.raises(paddle.errors.GuardError, match=r"FXT201 .*x.shape\[2\] > 10"):
        traced([floats(1, 16, 9, 14)])
    with pytest.raises(paddle.errors.ExecutionError, match=r"FXT306 .*conv2d"):
        traced([floats(1, 15, 24, 24)])


def test_a_pass_is_left_out_by_name():
    layer = statistics(sequence(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16)))
    layer.eval()
    x = floats(2, 8, 30, 30)
    traced = trace(layer, x)
    build = paddle.static.BuildStrategy()
    build.delete_pass("fold_batch_norm")
    assert "fold_batch_norm" not in paddle.static.CompiledProgram(traced.program, build_strategy=build).report()
    assert paddle.static.CompiledProgram(traced.program).report()["fold_batch_norm"] == 1
    with pytest.raises(
        ValueError,
        match=r"BuildStrategy.delete_pass: there is no pass 'fold'; the passes are functionalize_writes, remove_no",
    ):
        build.delete_pass("fold")


@onednn
def test_plain_torch_modules_keep_their_weights():
    """torch's parameters do not tell when their data is taken, so new weights could miss a write."""
    torch_net = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3), torch.nn.ReLU()).eval()
    x = torch.rand(4, 16, 20, 20)
    traced = paddle.jit.TracedLayer.trace(torch_net, [x])[1]
    for _ in range(2):
        torch_net[0].weight.data[0] = 3.0
        with torch.no_grad():
            np.testing.assert_array_equal(traced([x])[0], torch_net(x).numpy())
        x = x + 1
    assert "pack_convolutions" not in traced.program.pass_report


@pytest.mark.parametrize("shape", [(512, 96, 3, 3), (300, 700, 1, 1), (7, 3, 1), (0, 4, 3, 3), (2, 200_000)])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_weight_is_scaled_a_piece_at_a_time(shape, transposed):
    """As it would be at once: in double, and rounded once."""
    weight = torch.rand(shape) - 0.5
    channels = shape[1] if transposed else shape[0]
    variance, scale = torch.rand(channels) + 0.1, torch.rand(channels)
    factors = torch.rsqrt(variance.double() + 1e-5) * scale
    place = [1, -1] if transposed else [-1, 1]
    wanted = (weight * factors.reshape(place + [1] * (weight.ndim - 2))).float()
    assert torch.equal(scaled_weight(weight, variance, scale, 1e-5, 1, transposed), wanted)
