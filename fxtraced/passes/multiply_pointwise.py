"""multiply_pointwise: a 1x1 convolution becomes a product with a matrix, where that is faster.

Requires: a graph for a CPU, before pack_convolutions. Ensures: same values within rounding at every size; a 1x1
convolution of stride 1 is a linear call on its input with the channels last, plain or oneDNN's with a derived weight;
the addition and the activation that alone read it come before its channels are first again. Nothing is copied for that,
as tensors between convolutions are channels last in memory. Which is faster differs from CPU to CPU and from size to
size, and is measured.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import fx

from fxtraced.passes.convolution import Site, convolutions
from fxtraced.passes.fuse_activation import fuse_activation
from fxtraced.passes.fuse_addition import fuse_addition
from fxtraced.passes.layout import CHANNELS_FIRST, CHANNELS_LAST, allow_channels_last
from fxtraced.passes.matching import is_call
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_convolutions import pack_convolution
from fxtraced.passes.pack_linears import pack_linear
from fxtraced.passes.state_values import derived_call, state_values


def multiply_pointwise(graph: fx.Graph) -> int:
    """Replace 1x1 convolutions by linear calls, in place; returns how many."""
    state = state_values(graph)
    sites = [site for site in convolutions(graph, state) if site.convolution.is_pointwise]
    chosen = choose([(("pointwise", *site.key), site.nodes) for site in sites], state, _ALONE)
    for site, name in zip(sites, chosen, strict=True):
        if name in _FORMS:
            _FORMS[name](graph, site.node)
    changed = sum(name in _FORMS for name in chosen)
    if changed:
        allow_channels_last(graph)
    return changed


def matrix(weight: Any) -> Any:
    """A 1x1 convolution's weight [out, in, 1, 1] as [out, in]."""
    return weight.reshape(weight.shape[:2])


def transposed_matrix(weight: Any) -> Any:
    """The same with the outputs of an input side by side in memory."""
    return matrix(weight).t().contiguous().t()


def _multiply(graph: fx.Graph, node: fx.Node, form: Callable[[Any], Any] = matrix, packed: bool = False) -> None:
    site = Site.of(node)
    x, weight, bias, *_ = site.convolution
    last = site.nodes[-1]
    with graph.inserting_before(last):
        own = derived_call(graph, form, (weight,), like=weight)
        own.meta["shape"] = own.meta["shape"][:2]
        linear = graph.call_function(torch.nn.functional.linear, (_permuted(graph, x, CHANNELS_LAST), own, bias))
        value = _as_channels_last(linear, node)
        if site.added:
            added, other = site.added
            both = (value, _permuted(graph, other, CHANNELS_LAST))
            value = _as_channels_last(graph.call_function(operator.add, both), added)
        if site.activation:
            act = site.activation[0]
            args = (value, *act.args[1:])
            value = _as_channels_last(graph.create_node(act.op, act.target, args, dict(act.kwargs)), act)
        first = graph.call_function(torch.permute, (value, CHANNELS_FIRST))
        first.meta = dict(last.meta)
    last.replace_all_uses_with(first)
    for replaced in reversed(site.nodes):
        graph.erase_node(replaced)
    if packed:
        pack_linear(graph, linear)


def _permuted(graph: fx.Graph, value: fx.Node, axes: tuple[int, ...]) -> fx.Node:
    node = graph.call_function(torch.permute, (value, axes))
    node.meta = {**value.meta, "shape": tuple(value.meta["shape"][i] for i in axes)}
    return node


def _as_channels_last(node: fx.Node, other: fx.Node) -> fx.Node:
    """node, which computes what other does with the channels last."""
    node.meta = {**other.meta, "shape": tuple(other.meta["shape"][i] for i in CHANNELS_LAST)}
    return node


def _alone(change: Callable[[fx.Graph, fx.Node], Any]) -> Callable[[fx.Graph], None]:
    """A change of a convolution as one of a graph that has no other."""

    def changed(graph: fx.Graph) -> None:
        change(graph, next(node for node in graph.nodes if is_call(node, "conv2d")))
        fuse_addition(graph, after=("linear",))
        fuse_activation(graph)

    return changed


_FORMS: dict[str, Callable[[fx.Graph, fx.Node], Any]] = {
    "linear": _multiply,
    "transposed": partial(_multiply, form=transposed_matrix),
    "packed": partial(_multiply, packed=True),
}
_ALONE = {name: _alone(change) for name, change in {"convolution": pack_convolution, **_FORMS}.items()}
