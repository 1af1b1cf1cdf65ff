"""pool_images: which averages become pools, which must not, and what they compute."""

from __future__ import annotations

import pytest

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import pool_images
from fxtraced.passes.onednn import is_available
from tests.passes.test_cpu_passes import chosen, compare

nn = paddle.nn
pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")
IMAGES = [(2, 16, 28, 28), (1, 16, 5, 7), (3, 16, 3, 3), (0, 16, 9, 9)]


class Average(nn.Layer):
    """What `average` makes of the images of a packed convolution."""

    def __init__(self, average, activation=F.relu):
        super().__init__()
        self.conv, self.average, self.activation = nn.Conv2D(16, 64, 3), average, activation

    def forward(self, x):
        return self.average(self.activation(self.conv(x)))


AVERAGES = {
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 1),
    "two sizes": lambda x: F.adaptive_avg_pool2d(x, [1, 1]),
    "a mean": lambda x: x.mean(axis=[2, 3]),
    "a mean of the last axes": lambda x: paddle.mean(x, axis=[-1, -2]),
    "a mean that keeps them": lambda x: x.mean([2, 3], keepdim=True),
    "a squeeze and excitation": lambda x: x * F.sigmoid(F.adaptive_avg_pool2d(x, 1)),
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_become_pools(name, monkeypatch):
    monkeypatch.setattr(pool_images, "choose", chosen("pool"))
    compare(Average(AVERAGES[name]), IMAGES, pool_images=1)


STAYS = {
    "more than one place": lambda x: F.adaptive_avg_pool2d(x, 2),
    "one axis": lambda x: x.mean(axis=[2]),
    "the channels": lambda x: x.mean(axis=[1, 2]),
    "everything": lambda x: x.mean(),
    "after a transposition": lambda x: x.transpose([0, 1, 3, 2]).mean(axis=[2, 3]),
}


@pytest.mark.parametrize("name", STAYS)
def test_other_averages_stay(name, monkeypatch):
    monkeypatch.setattr(pool_images, "choose", chosen("pool"))
    compare(Average(STAYS[name]), IMAGES[:3], pool_images=0)


def test_where_the_average_is_faster_it_stays(monkeypatch):
    monkeypatch.setattr(pool_images, "choose", chosen("present"))
    compare(Average(AVERAGES["a mean"]), IMAGES, pool_images=0)


def test_large_images_stay(monkeypatch):
    monkeypatch.setattr(pool_images, "choose", chosen("pool"))
    compare(Average(AVERAGES["a mean"]), [(1, 16, 70, 70)], pool_images=0)


def test_images_that_are_fed_stay(monkeypatch):
    class Fed(Average):
        def forward(self, x):
            return self.conv(x).flatten(1).sum() * self.average(x)

    monkeypatch.setattr(pool_images, "choose", chosen("pool"))
    compare(Fed(AVERAGES["a mean"]), IMAGES[:3], pool_images=0, pack_convolutions=1)
