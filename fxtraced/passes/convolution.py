"""What passes ask of two-dimensional convolutions."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.layout import looks_at_layout
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.state_values import products

# Multiplications in an average convolution below which nothing is gained.
_WORTHWHILE = 1 << 20


class Convolution(NamedTuple):
    """The arguments of a conv2d call; stride, padding and dilation are two numbers each."""

    x: Any
    weight: Any
    bias: Any
    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int

    @staticmethod
    def of(node: fx.Node) -> Convolution:
        x, weight, bias = (argument(node, i, name) for i, name in enumerate(("input", "weight", "bias")))
        stride, padding, dilation = map(_pair, _settings(node))
        return Convolution(x, weight, bias, stride, padding, dilation, argument(node, 6, "groups", 1))

    @property
    def settings(self) -> tuple[list[int], list[int], list[int], int]:
        """padding, stride, dilation, groups: the order of oneDNN's operations."""
        return self.padding, self.stride, self.dilation, self.groups

    @property
    def input_size(self) -> list[int]:
        return list(map(int, self.x.meta["shape"]))

    @property
    def is_pointwise(self) -> bool:
        """True for one that multiplies each place's channels with one matrix."""
        kernel = list(self.weight.meta["shape"][2:])
        return (kernel, self.stride, self.padding, self.groups) == ([1, 1], [1, 1], [0, 0], 1)


class Site(NamedTuple):
    """A convolution with the calls after it that can be made with it.

    added: the addition that alone reads it, and the other operand. activation: the call that alone reads what is
    before it, and oneDNN's name of it.
    """

    node: fx.Node
    convolution: Convolution
    added: tuple[fx.Node, fx.Node] | None
    activation: tuple[fx.Node, onednn.Activation] | None

    @staticmethod
    def of(node: fx.Node) -> Site:
        added = onednn.addition_after(node)
        return Site(node, Convolution.of(node), added, onednn.activation_after(added[0] if added else node))

    @property
    def nodes(self) -> list[fx.Node]:
        """The calls in their order."""
        return [self.node, *(x[0] for x in (self.added, self.activation) if x)]

    @property
    def key(self) -> tuple[Any, ...]:
        """What decides how long it takes."""
        _, weight, bias, *_ = self.convolution
        activation = self.activation and self.activation[1]
        sizes = tuple(self.convolution.input_size), tuple(map(int, weight.meta["shape"]))
        return *sizes, bias is None, str(self.convolution.settings), self.added is None, activation


def convolutions(graph: fx.Graph, state: set[fx.Node]) -> list[Site]:
    """The convolutions that can have weights of their own on this CPU; none where that would not pay.

    state: the graph's state_values.
    """
    if not onednn.is_available() or looks_at_layout(graph):
        return []
    found = [node for node in graph.nodes if _can_pack(node, state)]
    if sum(products(node, argument(node, 1, "weight")) for node in found) < _WORTHWHILE * max(len(found), 1):
        return []
    return [Site.of(node) for node in found]


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "conv2d"):
        return False
    x, weight, bias = (argument(node, i, name) for i, name in enumerate(("input", "weight", "bias")))
    return (
        onednn.takes(node, x, weight, *([] if bias is None else [bias]))
        and len(x.meta["shape"]) == 4
        and weight in state
        and products(node, weight) > 0
        and (bias is None or bias in state)
        and isinstance(argument(node, 6, "groups", 1), int)
        and all(map(_is_pair, _settings(node)))
    )


def _settings(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 3, "stride", 1), argument(node, 4, "padding", 0), argument(node, 5, "dilation", 1)


def _is_pair(value: Any) -> bool:
    """True for plain numbers; a padding may be a text, and a size of a tensor."""
    return all(isinstance(x, int) for x in (value if isinstance(value, list | tuple) else [value]))


def _pair(value: Any) -> list[int]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return values * 2 if len(values) == 1 else values
