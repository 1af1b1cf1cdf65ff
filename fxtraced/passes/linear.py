"""What passes ask of linear calls."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.state_values import products

# Multiplications from which a oneDNN call can pay.
WORTHWHILE = 1 << 20


class Linear(NamedTuple):
    """The arguments of a linear call."""

    x: Any
    weight: Any
    bias: Any

    @staticmethod
    def of(node: fx.Node) -> Linear:
        return Linear(argument(node, 0, "input"), argument(node, 1, "weight"), argument(node, 2, "bias"))


class Site(NamedTuple):
    """A linear call with the one call after it that can be made with it.

    added: the addition that alone reads it, and the other operand. activation: where there is no such addition, the
    call that alone reads it, and oneDNN's name of it.
    """

    node: fx.Node
    linear: Linear
    added: tuple[fx.Node, fx.Node] | None
    activation: tuple[fx.Node, onednn.Activation] | None

    @staticmethod
    def of(node: fx.Node) -> Site:
        added = onednn.addition_after(node)
        return Site(node, Linear.of(node), added, None if added else onednn.activation_after(node))

    @property
    def nodes(self) -> list[fx.Node]:
        """The calls in their order."""
        return [self.node, *(x[0] for x in (self.added, self.activation) if x)]

    @property
    def key(self) -> tuple[Any, ...]:
        """What decides how long it takes."""
        outputs, inputs = map(int, self.linear.weight.meta["shape"])
        activation = self.activation and self.activation[1]
        return "linear", rows(self.node), outputs, inputs, self.added is not None, activation


def linears(graph: fx.Graph, state: set[fx.Node]) -> list[Site]:
    """The linear calls that can have weights of their own on this CPU, and are large enough for that to pay.

    state: the graph's state_values.
    """
    if not onednn.is_available():
        return []
    return [Site.of(node) for node in graph.nodes if _can_pack(node, state)]


def rows(node: fx.Node) -> int:
    """How many rows a linear call has at the sizes of the trace."""
    return math.prod(map(int, node.meta["shape"][:-1]))


def only_linear(graph: fx.Graph) -> fx.Node:
    """The linear call of a graph that has one."""
    return next(node for node in graph.nodes if is_call(node, "linear"))


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "linear"):
        return False
    x, weight, bias = Linear.of(node)
    if weight not in state or len(weight.meta["shape"]) != 2 or len(x.meta["shape"]) < 2:
        return False
    if bias is not None and bias not in state:
        return False
    operands = (x, weight) if bias is None else (x, weight, bias)
    return onednn.takes(node, *operands) and products(node, weight) >= WORTHWHILE
