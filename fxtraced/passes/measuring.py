"""Timing of alternatives on this machine: a few nodes of a graph, taken out and changed in one way or another."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import torch
from torch import fx

from fxtraced.framework.memory import return_memory
from fxtraced.passes.layout import channels_last
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.state_values import compute

# How often each call is made, and the seconds after which no further round begins.
_ROUNDS, _BUDGET = 15, 0.25
# How many times as long as the fastest of its site a call may take to be made again, after two rounds and after four.
_FIRST_BEHIND, _BEHIND = 1.3, 1.15
# The bytes of inputs and weights that are held at once: more than the caches hold, and less than a model.
_AT_ONCE = 48 << 20
# The bytes that a round touches at least: more than a core's own caches hold.
_LEAST = 64 << 20

Changes = Mapping[str, Callable[[fx.Graph], Any]]

_chosen: dict[Hashable, str] = {}


def choose(
    sites: Iterable[tuple[Hashable, list[fx.Node]]], state: set[fx.Node], changes: Changes, gain: float = 1.0
) -> list[str]:
    """For each site the change that makes it fastest; measured once a process, key and number of torch's threads.

    A site is a key, which says all that decides how long it takes, and its nodes, of which the last gives its value.
    state: the nodes that are computed from the layer's tensors alone. All variants of all sites, or of some at a time,
    run in turns, with their input in the caches and their weights and code out of them, as in a graph. gain: how many
    times faster than the first change another one must be, so that noise does not choose one that gains little.
    """
    first = next(iter(changes))
    sites, threads = list(sites), torch.get_num_threads()
    new = {key: nodes for key, nodes in sites if (key, threads) not in _chosen}
    held: dict[Hashable, dict[str, _Call]] = {}

    def decide() -> None:
        _run_in_turns([list(calls.values()) for calls in held.values()])
        for key, calls in held.items():
            seconds = {name: call.seconds * (1.0 if name == first else gain) for name, call in calls.items()}
            _chosen[key, threads] = min(seconds, key=lambda name: seconds[name])
        held.clear()

    with torch.no_grad():
        for key, nodes in new.items():
            held[key] = {name: _Call(nodes, state, change) for name, change in changes.items()}
            if sum(call.size for calls in held.values() for call in calls.values()) > _AT_ONCE:
                decide()
        decide()
    if new:
        return_memory()
    return [_chosen[key, threads] for key, _ in sites]


def _run_in_turns(sites: list[list[_Call]]) -> None:
    if not sites:
        return
    rest = torch.zeros(max(0, _LEAST - sum(call.size for calls in sites for call in calls)), dtype=torch.uint8)
    start = time.perf_counter()
    for at in range(_ROUNDS):
        if at > 1:
            behind = _FIRST_BEHIND if at < 4 else _BEHIND
            sites = [found for calls in sites if len(found := _not_behind(calls, behind)) > 1]
            if not sites or time.perf_counter() - start > _BUDGET:
                break
        rest.add_(1)
        for calls in sites:
            for call in calls:
                call.run()


def _not_behind(calls: list[_Call], behind: float) -> list[_Call]:
    most = behind * min(call.seconds for call in calls)
    return [call for call in calls if call.seconds <= most]


class _Call:
    """Nodes in a graph of their own after a change, on tensors of the sizes of the trace.

    seconds: the shortest run. size: the bytes of the tensors that it holds.
    """

    def __init__(self, nodes: list[fx.Node], state: set[fx.Node], change: Callable[[fx.Graph], Any]):
        graph, self._inputs = _isolated(nodes, state)
        change(graph)
        remove_dead_code(graph)
        weights = _compute_weights(graph)
        self._forward = fx.GraphModule(weights, graph).forward
        self.size = sum(_bytes(x) for x in (*self._inputs, *weights.values()))
        self.seconds = math.inf

    def run(self) -> None:
        for x in self._inputs:
            x.add_(0.0)
        start = time.perf_counter()
        self._forward(*self._inputs)
        self.seconds = min(self.seconds, time.perf_counter() - start)


def _isolated(nodes: list[fx.Node], state: set[fx.Node]) -> tuple[fx.Graph, list[torch.Tensor]]:
    """The nodes as a graph, and what to call it with."""
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    outside = dict.fromkeys(x for node in nodes for x in node.all_input_nodes if x not in nodes)
    feeds = [x for x in outside if x not in state]
    for node in (*feeds, *(x for x in outside if x in state)):
        copies[node] = graph.get_attr(node.name) if node in state else graph.placeholder(node.name)
        copies[node].meta = dict(node.meta)
    for node in nodes:
        copies[node] = graph.node_copy(node, lambda n: copies[n])
    graph.output(copies[nodes[-1]])
    return graph, [_example(x) for x in feeds]


def _compute_weights(graph: fx.Graph) -> dict[str, torch.Tensor]:
    """Compute what a graph makes of weights alone, and let it read the results."""
    root: dict[str, torch.Tensor] = {}
    values: dict[fx.Node, Any] = {}
    for node in list(graph.nodes):
        if node.op == "get_attr":
            values[node] = _example(node)
        elif node.op.startswith("call") and node.all_input_nodes and all(x in values for x in node.all_input_nodes):
            with graph.inserting_before(node):
                result = graph.get_attr(node.name)
            values[result] = values[node] = compute(node, values)
            node.replace_all_uses_with(result)
    remove_dead_code(graph)
    for node in graph.nodes:
        if node.op == "get_attr":
            root[str(node.target)] = next(x for n, x in values.items() if node.target in (n.name, n.target))
    return root


def _example(node: fx.Node) -> torch.Tensor:
    """A tensor of a node's sizes; an image has its channels last, as between the convolutions of a graph."""
    tensor = torch.full(tuple(map(int, node.meta["shape"])), 0.5, dtype=node.meta["dtype"])
    return channels_last(tensor) if tensor.ndim == 4 else tensor


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
