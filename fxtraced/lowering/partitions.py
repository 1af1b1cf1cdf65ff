"""Partitions: a graph compiled by oneDNN's graph compiler, with the layer's tensors of one moment frozen into it.

A partition is a convolution or product with what surrounds it, compiled once for its sizes, layouts and number of
threads, and called with hardly any preparation; a oneDNN operation of torch prepares itself in each call, which takes a
tenth of a ResNet-50's time. TorchScript's executor makes the partitions of what it has seen in a first call.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from typing import Any

import torch
from torch import fx

from fxtraced.lowering.derived import form_of, take_out
from fxtraced.lowering.script import call_scripted, quiet, script
from fxtraced.lowering.watch import Watch
from fxtraced.passes.pipeline import copy_graph
from fxtraced.passes.state_values import compute
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.compare import disagreements
from fxtraced.tracing.regions import all_nodes
from fxtraced.tracing.state import StateRef, Structure
from fxtraced.tracing.tracer import Constant

# The first call is watched, and the second compiles.
_CALLS = 2
# How long each side is measured, in seconds; one call at least.
_MEASURED = 0.01

Run = Callable[..., Any]


class Source:
    """A graph that partitions can be made of, again after a change of the layer's tensors. Nothing changes it."""

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        self.graph, self.structure = graph, structure
        used = [str(node.target) for node in graph.nodes if node.op == "get_attr"]
        self.places: dict[str, tuple[dict[str, Any], str]] = {
            path: (state[path].holder, state[path].key) if path in state else ({path: constants[path].tensor}, path)
            for path in dict.fromkeys(used)
        }
        self.lines = {node.name: node.meta.get("source") for node in all_nodes(graph)}

    def tensors(self) -> dict[str, torch.Tensor]:
        """What the layer holds now, by path."""
        return {path: holder[key] for path, (holder, key) in self.places.items()}


class Partitions:
    """The graph of a source for feeds like these; `fit` says whether it may answer a call.

    feeds: plain tensors, finite. expected: gives what the graph has to give, with the layer's own weights. Raises
    CannotBePartitioned where the compiler takes nothing of the graph, where the result differs from the expected one by
    more than rounding, is the same memory in each call, or is not there sooner.
    """

    def __init__(self, source: Source, feeds: Sequence[torch.Tensor], expected: Run):
        source.structure.check()
        # What changes while it is read here is seen as changed at the next call.
        self._watch = Watch(list(source.places.values()))
        tensors = source.tensors()
        if any(form_of(x) is None for x in tensors.values()):
            raise CannotBePartitioned("a tensor of the layer does not count its writes, or is not on the CPU")
        self._lines = source.lines
        self._threads = torch.get_num_threads()
        self._forms = [(tuple(x.shape), x.stride()) for x in feeds]
        entries = source.structure.entries
        self._holders = [holder for holder, _, _ in entries]
        self._keys = [key for _, key, _ in entries]
        self._things = [thing for _, _, thing in entries]
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            self._forward, self._packed = _frozen(source.graph, {path: plain(x) for path, x in tensors.items()})
            self.count = self._compile(feeds)
        self._check(feeds, expected)

    def fit(self, feeds: Sequence[torch.Tensor]) -> bool:
        """True when the feeds have the forms that they had, and the layer and the number of threads are the same."""
        return (
            torch.get_num_threads() == self._threads
            and not torch._C._is_any_autocast_enabled()
            and all(map(_has_form, feeds, self._forms))
            and all(map(is_, map(dict.get, self._holders, self._keys), self._things))
            and self._watch.holds()
        )

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...] | None:
        """The outputs on feeds that fit; None where a feed is not finite. Raises what call_scripted does.

        A kernel's max(x, 0) is 0 for not-a-number.
        """
        results = call_scripted(self._forward, (*feeds, *self._packed), self._lines)
        return results[:-1] if math.isfinite(results[-1]) else None

    def _compile(self, feeds: Sequence[torch.Tensor]) -> int:
        """Make the partitions; returns how many."""
        with quiet(), _compiler(), torch.jit.optimized_execution(True):
            for _ in range(_CALLS):
                try:
                    self(*feeds)
                except RuntimeError as error:
                    raise CannotBePartitioned(f"the compiler refuses the graph: {error}") from error
            nodes = torch._C._last_executed_optimized_graph().nodes()
            count = sum(node.kind() == "prim::oneDNNFusionGuard" for node in nodes)
        if not count:
            raise CannotBePartitioned("the compiler takes no part of the graph")
        return count

    def _check(self, feeds: Sequence[torch.Tensor], expected: Run) -> None:
        results = self(*feeds)
        again, own = _timed(self, feeds)
        wanted, other = _timed(expected, feeds)
        if results is None or again is None:
            raise CannotBePartitioned("the sum of a feed overflows")
        if any(a.data_ptr() == b.data_ptr() and a.numel() for a, b in zip(results, again, strict=True)):
            raise CannotBePartitioned("a result is the same memory in each call")
        apart = disagreements(wanted, results)
        if apart:
            raise CannotBePartitioned(f"it differs from the graph as it was traced ({apart})")
        if own > other:
            raise CannotBePartitioned("it is not faster")


class CannotBePartitioned(Exception):
    """Why the partitions of a graph are of no use."""


def _frozen(graph: fx.Graph, tensors: dict[str, torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
    """The scripted forward of a graph with its tensors as constants, and opaque ones that it takes after the feeds."""
    graph = copy_graph(graph)
    feeds = [node for node in graph.nodes if node.op == "placeholder"]
    own, results = take_out(graph)
    values: dict[fx.Node, Any] = {}
    for node in own.nodes:
        values[node] = tensors[str(node.target)] if node.op == "get_attr" else compute(node, values)
    held = {str(node.target): (tensors[str(node.target)], False) for node in graph.nodes if node.op == "get_attr"}
    packed = []
    derived = [node for node in graph.nodes if node.op == "placeholder" and node not in feeds]
    for node, result in zip(derived, results, strict=True):
        value = values[result]
        if value.layout is not torch.strided:
            packed.append(value)
            continue
        path = f"fxtraced_derived_{node.target}"
        held[path] = (value, False)
        with graph.inserting_before(node):
            weight = graph.get_attr(path)
        weight.meta = dict(node.meta)
        node.replace_all_uses_with(weight)
        graph.erase_node(node)
    _add_total(graph, feeds)
    places = {path: f"t{i}" for i, path in enumerate(held)}
    module = script(graph, held, places=places)
    with quiet():
        frozen = torch.jit.freeze(module.eval(), optimize_numerics=False)
    return frozen._c._get_method("forward"), packed


def _add_total(graph: fx.Graph, feeds: list[fx.Node]) -> None:
    """Let a graph give one output more: the sum of all numbers that it is fed, which tells whether they are finite.

    There it costs less than before the call: an image is read to be turned anyway.
    """
    output = graph.output_node()
    feeds = [node for node in feeds if node.meta.get("dtype") is torch.float32]
    with graph.inserting_before(output):
        # An image that is turned is in the caches then.
        turned = {node.args[0]: node for node in graph.nodes if node.target == "contiguous"}
        sums = [graph.call_function(torch.sum, (turned.get(feed, feed),)) for feed in feeds]
        total = functools.reduce(lambda a, b: graph.call_function(torch.add, (a, b)), sums) if sums else 0.0
    output.args = ((*output.args[0], total),)  # type: ignore[misc]


@contextmanager
def _compiler() -> Iterator[None]:
    """Lets TorchScript's executor give oneDNN's graph compiler what it compiles. It is of the whole process."""
    before = torch._C._jit_set_llga_enabled(True)
    try:
        yield
    finally:
        torch._C._jit_set_llga_enabled(before)


def _has_form(feed: torch.Tensor, form: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    return feed.shape == form[0] and feed.stride() == form[1]


def _timed(run: Run, feeds: Sequence[torch.Tensor]) -> tuple[Any, float]:
    """The results of the last one of some calls, and the seconds of the shortest."""
    best, start = math.inf, time.perf_counter()
    while True:
        begun = time.perf_counter()
        results = run(*feeds)
        now = time.perf_counter()
        best = min(best, now - begun)
        if now - start > _MEASURED:
            return results, best
