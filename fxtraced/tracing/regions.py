"""Branches and loops in a graph: a node that holds graphs of its own, called regions.

    cond(pred, Region, (captured, ...), Region, (captured, ...))                   -> tuple of tensors
    while_loop(Region, (captured, ...), Region, (captured, ...), (loop_var, ...))  -> tuple of tensors

                 graph        x   fc.weight   gt
                              │       │        │
                 ┌────────────▼───────▼──┐     │
    Region       │ placeholders          │     │   one for each loop variable, then one for each captured value
                 │ operations, guards    ◄─────┘   run only where the branch is taken, in each round of the loop
                 │ output: a tuple       │
                 └────────────┬──────────┘
                              ▼
                 graph        getitem(cond, 0)

A region takes everything from outside through its placeholders. Parameters, buffers and constants are nodes of the
outermost graph and are captured like any other value, so whoever asks a graph which of them it uses sees them all.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import fx

from fxtraced.framework.errors import SourceLine
from fxtraced.tracing.nodes import describe
from fxtraced.tracing.source import user_line


@dataclass(frozen=True)
class Way:
    """A function that decides by data whether it runs: its role in the call ("true_fn of cond"), and the call's line.

    role: empty for what is no way of its own: the condition of a loop, and the conditions left over of a case.
    """

    role: str
    source: SourceLine | None

    @property
    def title(self) -> str:
        """The role, for a reader."""
        return self.role or "a condition"

    def __str__(self) -> str:
        return f"{self.title} at {self.source}" if self.source else self.title


@dataclass(frozen=True, eq=False)
class Region:
    """A graph inside of a node. written: the placeholders, by position, that it may write into."""

    graph: fx.Graph
    way: Way
    written: frozenset[int]

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        note_way(self.way.role, self.way.source)
        known: dict[fx.Node, Any] = dict(zip(self.placeholders, values, strict=True))
        for node in self.graph.nodes:
            args, kwargs = fx.map_arg((node.args, node.kwargs), lambda n: known[n])
            if node.op == "call_function":
                known[node] = node.target(*args, **kwargs)
            elif node.op == "call_method":
                known[node] = getattr(args[0], node.target)(*args[1:], **kwargs)
            elif node.op == "output":
                return tuple(args[0])
        raise AssertionError("a region without an output")

    @property
    def placeholders(self) -> list[fx.Node]:
        """What the region takes, in order."""
        return [node for node in self.graph.nodes if node.op == "placeholder"]

    @property
    def outputs(self) -> tuple[fx.Node, ...]:
        """What the region gives."""
        return tuple(self.graph.output_node().args[0])  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"Region({', '.join(map(describe, self.outputs))})"


def cond(
    pred: Any,
    true_region: Callable[..., Any],
    true_values: tuple[Any, ...],
    false_region: Callable[..., Any],
    false_values: tuple[Any, ...],
) -> Any:
    """The operation that a branch is in a graph."""
    return true_region(*true_values) if pred else false_region(*false_values)


def while_loop(
    cond_region: Callable[..., Any],
    cond_values: tuple[Any, ...],
    body_region: Callable[..., Any],
    body_values: tuple[Any, ...],
    loop_vars: tuple[Any, ...],
) -> Any:
    """The operation that a loop is in a graph."""
    values = tuple(loop_vars)
    while cond_region(*values, *cond_values)[0]:
        values = body_region(*values, *body_values)
    return values


def regions_of(node: fx.Node) -> list[tuple[Region, tuple[Any, ...]]]:
    """The regions of a node, each with the nodes around it that its placeholders stand for; none for other nodes."""
    args: tuple[Any, ...] = node.args
    if node.target is cond:
        return [(args[1], args[2]), (args[3], args[4])]
    if node.target is while_loop:
        return [(args[0], (*args[4], *args[1])), (args[2], (*args[4], *args[3]))]
    return []


def region_graphs(graph: fx.Graph) -> Iterator[fx.Graph]:
    """The graphs of all regions in a graph, those in regions included."""
    for node in graph.nodes:
        for region, _ in regions_of(node):
            yield region.graph
            yield from region_graphs(region.graph)


def all_nodes(graph: fx.Graph) -> Iterator[fx.Node]:
    """The nodes of a graph and of the regions in it."""
    yield from graph.nodes
    for inner in region_graphs(graph):
        yield from inner.nodes


def written_values(node: fx.Node) -> list[fx.Node]:
    """What a branch or loop may write into."""
    return [values[place] for region, values in regions_of(node) for place in region.written]


def replace_regions(graph: fx.Graph, change: Callable[[fx.Graph], fx.Graph]) -> None:
    """Give each region directly in graph a changed graph."""
    for node in graph.nodes:
        if regions_of(node):
            node.args = tuple(replace(x, graph=change(x.graph)) if isinstance(x, Region) else x for x in node.args)


# Which ways were taken: verification wants to know what its probes reached.

_watches = threading.local()


@dataclass
class _Watch:
    taken: set[Way]
    left: float


@contextmanager
def watched_ways(most: float = math.inf) -> Iterator[set[Way]]:
    """The set of the ways that are taken within it, by layers and by regions, in this thread.

    most: raise RuntimeError when ways are taken more often. A loop may never end on values that it is not made for.
    """
    watch = _Watch(set(), most)
    before = getattr(_watches, "present", ())
    _watches.present = (*before, watch)
    try:
        yield watch.taken
    finally:
        _watches.present = before


def note_way(role: str, source: SourceLine | None = None) -> None:
    """Tell whoever watches that a way is taken; source: the line of the call, by default the present one."""
    present = getattr(_watches, "present", ())
    if present:
        way = Way(role, source or user_line())
        for watch in present:
            watch.taken.add(way)
            watch.left -= 1
            if watch.left < 0:
                raise RuntimeError(f"too many rounds: {way}")


def ways_of(graph: fx.Graph) -> tuple[list[Way], set[Way]]:
    """The ways in a graph, and those that the inputs of the trace took."""
    ways, taken = [], set()
    for node in all_nodes(graph):
        taken |= node.meta.get("taken", set())
        ways += [region.way for region, _ in regions_of(node) if region.way.role]
    return list(dict.fromkeys(ways)), taken
