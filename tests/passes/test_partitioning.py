"""What oneDNN's graph compiler must not see: where a graph is parted."""

from __future__ import annotations

import operator

import pytest
import torch
from torch import fx

from fxtraced.passes.partitioning import part_ways_that_meet


@pytest.mark.parametrize(("between", "parted"), [(torch.tanh, 1), (torch.ops.aten.alias.default, 0)])
def test_ways_that_meet_behind_what_the_compiler_does_not_know_are_no_matter(between, parted):
    graph = fx.Graph()
    nodes = [graph.placeholder("x"), graph.placeholder("weight")]
    nodes.append(graph.call_function(torch.nn.functional.linear, tuple(nodes)))
    nodes.append(graph.call_function(between, (nodes[-1],)))
    nodes.append(graph.call_function(torch.relu, (nodes[-1],)))
    nodes.append(graph.call_function(operator.add, tuple(nodes[-2:])))
    graph.output((nodes[-1],))
    for node in nodes:
        node.meta["shape"] = (8, 8)
    assert part_ways_that_meet(graph) == parted
