"""sink_casts: where casts move and vanish, and where they stay."""

from __future__ import annotations

import operator

import pytest
import torch
from torch import fx

from fxtraced.passes.lower_precision import lower_precision
from fxtraced.passes.sink_casts import sink_casts

F = torch.nn.functional
_SHAPES = {"x": (4, 8), "w": (8, 8), "v": (8, 8)}


def graph_of(make):
    """A graph of make(value of a name, call) in bfloat16."""
    graph = fx.Graph()

    def noted(node, shape, dtype=torch.float32):
        node.meta = {"shape": shape, "dtype": dtype}
        return node

    def call(target, *args, **kwargs):
        return noted(graph.call_function(target, args, kwargs), (4, 8))

    x = noted(graph.placeholder("x"), (4, 8))
    w, v = (noted(graph.get_attr(name), (8, 8)) for name in "wv")
    graph.output((make(call, x, w, v),))
    lower_precision(graph, torch.bfloat16)
    return graph


def result_of(graph, x):
    torch.manual_seed(0)
    weights = {name: (torch.rand(8, 8) - 0.5).bfloat16() for name in "wv"}
    root = torch.nn.Module()
    for name, weight in weights.items():
        root.register_buffer(name, weight)
    return fx.GraphModule(root, graph)(x)[0]


def casts(graph):
    return sum(node.op == "call_method" and node.target == "to" for node in graph.nodes)


def in_a_row(call, x, w, v):
    return call(F.linear, call(F.relu, call(F.linear, x, w)), v)


def directly(call, x, w, v):
    return call(F.linear, call(F.linear, x, w), v)


def read_twice(call, x, w, v):
    y = call(F.linear, x, w)
    return call(operator.add, call(F.relu, y), y)


def sums(call, x, w, v):
    return call(operator.add, call(F.linear, x, w), x)


def soft_max(call, x, w, v):
    return call(F.softmax, call(F.linear, x, w), dim=-1)


def last(call, x, w, v):
    return call(F.gelu, call(F.linear, x, w))


# A graph, how many places change, and how many casts are left.
CASES = [(in_a_row, 2, 2), (directly, 1, 2), (last, 1, 2), (read_twice, 0, 2), (sums, 0, 2), (soft_max, 0, 2)]


@pytest.mark.parametrize(("make", "changed", "left"), CASES, ids=[case[0].__name__ for case in CASES])
def test_casts(make, changed, left):
    graph, x = graph_of(make), torch.linspace(-1, 1, 32).reshape(4, 8)
    before = result_of(graph, x)
    assert sink_casts(graph) == changed
    assert casts(graph) == left
    after = result_of(graph, x)
    assert after.dtype is torch.float32
    assert (after - before).abs().max() <= 1e-2 * before.abs().max()
