"""multiply_pointwise: where 1x1 convolutions become linear calls, where they must not, and what they compute."""

from __future__ import annotations

import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import multiply_pointwise
from fxtraced.passes.onednn import is_available
from tests.helpers import floats
from tests.passes.test_cpu_passes import ACTIVATIONS, chosen, compare, sequence

nn = paddle.nn
pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")
FORMS = ["linear", "transposed", "packed"]
IMAGES = [(2, 16, 28, 28), (1, 16, 5, 7), (3, 16, 1, 1)]


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    monkeypatch.setattr(multiply_pointwise, "choose", chosen(request.param))
    return request.param


class Block(nn.Layer):
    """1x1 convolutions before and after a large one, with an addition and an activation."""

    def __init__(self, activation=F.relu, added=True, bias=None):
        super().__init__()
        self.up, self.down = nn.Conv2D(16, 64, 1, bias_attr=bias), nn.Conv2D(64, 16, 1)
        self.large = nn.Conv2D(64, 64, 3, padding=1)
        self.activation, self.added = activation, added

    def forward(self, x):
        y = self.down(self.activation(self.large(self.activation(self.up(x)))))
        return self.activation(y + x) if self.added else self.activation(y)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_pointwise_convolutions_are_multiplied_with_what_follows(name, form):
    compare(Block(ACTIVATIONS[name]), IMAGES, multiply_pointwise=2, pack_convolutions=1)


CASES = {
    "without an addition": lambda: Block(added=False),
    "without a bias": lambda: Block(bias=False),
    "without an activation": lambda: Block(activation=lambda x: x),
    "with a batch norm": lambda: sequence(nn.Conv2D(16, 64, 1, bias_attr=False), nn.BatchNorm2D(64), Block64()),
}


class Block64(nn.Layer):
    """Two results of one convolution are fetched, one of them as it is."""

    def __init__(self):
        super().__init__()
        self.large, self.down = nn.Conv2D(64, 64, 3, padding=1), nn.Conv2D(64, 32, 1)

    def forward(self, x):
        return self.down(F.relu(self.large(x) + x))


@pytest.mark.parametrize("name", CASES)
def test_forms_of_pointwise_convolutions(name, form):
    traced = compare(CASES[name](), IMAGES, multiply_pointwise=2, pack_convolutions=1)
    (result,) = traced.program.runnable(("fetch_0",))(floats(*IMAGES[1]))
    assert result.is_contiguous()


STAYS = {
    "a stride": lambda: nn.Conv2D(16, 64, 1, stride=2),
    "a padding": lambda: nn.Conv2D(16, 64, 1, padding=1),
    "groups": lambda: nn.Conv2D(16, 64, 1, groups=2),
    "a larger kernel": lambda: nn.Conv2D(16, 64, (1, 3)),
}


@pytest.mark.parametrize("name", STAYS)
def test_other_convolutions_stay(name, monkeypatch):
    monkeypatch.setattr(multiply_pointwise, "choose", chosen("linear"))
    compare(sequence(STAYS[name](), nn.Conv2D(64, 64, 3)), [(2, 16, 40, 40)], multiply_pointwise=0, pack_convolutions=2)


def test_where_a_convolution_is_faster_it_stays(monkeypatch):
    monkeypatch.setattr(multiply_pointwise, "choose", chosen("convolution"))
    compare(Block(), IMAGES, multiply_pointwise=0, pack_convolutions=3)


def test_graphs_of_small_convolutions_stay(monkeypatch):
    monkeypatch.setattr(multiply_pointwise, "choose", chosen("linear"))
    compare(sequence(nn.Conv2D(4, 4, 1)), [(1, 4, 8, 8)], multiply_pointwise=0)


def test_it_is_measured_on_this_machine():
    traced = compare(Block(), IMAGES, pack_recurrent=0)
    report = traced.program.pass_report
    assert report["multiply_pointwise"] + report["pack_convolutions"] == 3


def test_an_addition_of_two_pointwise_convolutions(form):
    class Two(nn.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2D(16, 64, 1), nn.Conv2D(16, 64, 1)
            self.large = nn.Conv2D(64, 64, 3)

        def forward(self, x):
            return self.large(F.relu(self.a(x) + self.b(x)))

    compare(Two(), [*IMAGES[:1], (1, 16, 9, 7)], multiply_pointwise=2, pack_convolutions=1)


def test_an_addition_that_broadcasts_at_another_size(form):
    class Added(nn.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.large = nn.Conv2D(16, 64, 1), nn.Conv2D(64, 64, 3, padding=1)

        def forward(self, x, y):
            return self.large(F.relu(self.a(x) + y))

    layer = Added()
    layer.eval()
    y = floats(1, 64, 28, 28)
    traced = paddle.jit.TracedLayer.trace(layer, [floats(1, 16, 28, 28), y])[1]
    for n in (1, 3):
        x = floats(n, 16, 28, 28, seed=n)
        assert torch.allclose(torch.tensor(traced([x, y])[0]), torch.tensor(layer(x, y).numpy()), atol=1e-4)
    assert traced.program.pass_report["multiply_pointwise"] == 1
