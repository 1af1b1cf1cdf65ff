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


def graph_of(make, reduced):
    """A graph of make(call, x, w, v) in lower precision."""
    graph = fx.Graph()

    def noted(node, shape, dtype=torch.float32):
        node.meta = {"shape": shape, "dtype": dtype}
        return node

    def call(target, *args, **kwargs):
        return noted(graph.call_function(target, args, kwargs), (4, 8))

    x = noted(graph.placeholder("x"), (4, 8))
    w, v = (noted(graph.get_attr(name), (8, 8)) for name in "wv")
    graph.output((make(call, x, w, v),))
    lower_precision(graph, reduced)
    return graph


def result_of(graph, x, reduced):
    torch.manual_seed(0)
    weights = {name: (torch.rand(8, 8) - 0.5).to(reduced) for name in "wv"}
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


def residual(call, x, w, v):
    y = call(F.relu, call(F.linear, x, w))
    return call(F.linear, call(F.relu, call(operator.add, call(F.linear, y, v), y)), w)


def joined(call, x, w, v):
    y = call(F.linear, x, w)
    return call(torch.cat, (y, call(F.linear, y, v)), axis=0)


def scaled(call, x, w, v):
    return call(operator.mul, call(F.linear, x, w), 0.5)


def sum_with_input(call, x, w, v):
    return call(operator.add, call(F.linear, x, w), x)


def soft_max(call, x, w, v):
    return call(F.softmax, call(F.linear, x, w), dim=-1)


def last(call, x, w, v):
    return call(F.gelu, call(F.linear, x, w))


def integers(call, x, w, v):
    y = call(F.linear, x, w)
    whole = y.graph.call_method("to", (x, torch.int64))
    whole.meta = {"shape": (4, 8), "dtype": torch.int64}
    back = y.graph.call_method("to", (whole, torch.float32))
    back.meta = {"shape": (4, 8), "dtype": torch.float32}
    return call(operator.add, y, back)


# A graph, and for bfloat16 and float16 how many places change, and how many casts are left.
CASES = [
    (in_a_row, (2, 2), (2, 2)),
    (directly, (1, 2), (1, 2)),
    (last, (1, 2), (1, 2)),
    (read_twice, (2, 2), (0, 2)),
    (residual, (5, 2), (2, 5)),
    (joined, (2, 2), (1, 3)),
    (scaled, (1, 2), (0, 2)),
    (sum_with_input, (0, 2), (0, 2)),
    (soft_max, (0, 2), (0, 2)),
    (integers, (0, 4), (0, 4)),
]


@pytest.mark.parametrize("reduced", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", CASES, ids=[case[0].__name__ for case in CASES])
def test_casts(case, reduced):
    make, *expected = case
    changed, left = expected[reduced is torch.float16]
    graph, x = graph_of(make, reduced), torch.linspace(-1, 1, 32).reshape(4, 8)
    before = result_of(graph, x, reduced)
    assert sink_casts(graph) == changed
    assert casts(graph) == left
    after = result_of(graph, x, reduced)
    assert after.dtype is torch.float32
    assert (after - before).abs().max() <= 1e-2 * before.abs().max()
