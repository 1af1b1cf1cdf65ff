"""Settings of a layer that are changed after the trace."""

from __future__ import annotations

import pytest

import fxtraced as paddle
from tests.helpers import floats, trace


class Block(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.scale = 2.0
        self.unread = "a"
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.scale


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.causal = False
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        x = self.fc(self.block(x))
        return paddle.tril(x) if self.causal else x


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda net: setattr(net, "causal", True), "Net.causal, which was False during the trace and is True now"),
        (lambda net: setattr(net.block, "scale", 2), "Block.scale, which was 2.0 during the trace and is 2 now"),
        (lambda net: delattr(net.block, "scale"), "Block.scale, which was 2.0 during the trace and is None now"),
    ],
)
def test_a_setting_that_forward_reads(change, text):
    net = Net()
    traced = trace(net, floats(3, 4))
    traced([floats(3, 4)])
    change(net)
    with pytest.raises(paddle.errors.StaleGraphError, match="^FXT107 forward reads ") as error:
        traced([floats(3, 4)])
    assert text in str(error.value)


def test_what_forward_does_not_read_may_change():
    net = Net()
    traced = trace(net, floats(3, 4))
    net.block.unread, net.block.scale, net.new, net.training = "b", float("2.0"), 3, True
    net(floats(3, 4))
    traced([floats(3, 4)])


def test_a_setting_that_is_put_back():
    net = Net()
    traced = trace(net, floats(3, 4))
    net.causal = True
    with pytest.raises(paddle.errors.StaleGraphError):
        traced([floats(3, 4)])
    net.causal = False
    traced([floats(3, 4)])


def test_classes_are_left_as_they_were():
    class Own(Net):
        def __getattribute__(self, name):
            return super().__getattribute__(name)

    before = Own.__getattribute__
    trace(Own(), floats(3, 4))
    assert Own.__getattribute__ is before
    assert "__getattribute__" not in vars(Net)


@pytest.mark.parametrize("size", [lambda x: x.shape[1], lambda x: 4], ids=["traced", "plain"])
def test_what_forward_writes_before_it_reads_is_no_setting(size):
    class Sized(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.block = Block()
            self.block.height = None

        def forward(self, x):
            self.block.height = size(x)
            return self.block(x).reshape([-1, self.block.height])

    net = Sized()
    traced = trace(net, floats(3, 4))
    net(floats(2, 4))
    assert traced([floats(5, 4)])[0].shape == (5, 4)
