"""Weights that passes compute from the layer's own: taken out of the graph, kept, and computed again after a change."""

from __future__ import annotations

import math
import threading
from typing import Any

import torch
from torch import fx

from fxtraced.lowering.watch import Watch
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.state_values import compute
from fxtraced.tensor.tensor import Parameter, counts_writes, plain
from fxtraced.tracing.state import Constant, StateRef, Structure


class DerivedWeights:
    """The derived calls of a graph, computed from the tensors that the layer holds now. Usable from many threads.

    Takes the calls out of the graph: each becomes an input after the feeds.
    """

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        self._structure = structure
        self._graph, self._results = take_out(graph)
        used = [str(node.target) for node in self._graph.nodes if node.op == "get_attr"]
        self._places: list[tuple[str, dict[str, Any], str]] = [
            (path, state[path].holder, state[path].key)
            if path in state
            else (path, {path: constants[path].tensor}, path)
            for path in used
        ]
        self._forms = self._form()
        self._lock = threading.Lock()
        self._watch: Watch | None = None
        self._tensors: tuple[torch.Tensor, ...] | None = None
        self._refresh()

    def tensors(self) -> tuple[torch.Tensor, ...] | None:
        """The derived weights of this moment; None where they cannot be had, as with a layer that is of float16 now.

        They are computed anew when a tensor that they come from changed. None also from the moment on that the data of
        one was taken or assigned (`tensor.data`): what then writes is not counted.
        """
        watch = self._watch
        return self._tensors if watch is not None and watch.holds() else self._refresh()

    def _refresh(self) -> tuple[torch.Tensor, ...] | None:
        with self._lock, torch.no_grad():
            self._structure.check()
            fits = None not in self._forms and self._form() == self._forms
            # What changes while it is read here is seen as changed at the next call.
            watch = Watch([(holder, key) for _, holder, key in self._places]) if fits else None
            try:
                # oneDNN's relu makes 0 of the not-a-number that comes of such a weight.
                self._tensors = self._compute() if fits and not self._have_nan() else None
            except (RuntimeError, IndexError):
                # oneDNN does not take every weight, memory may not suffice for two of each, and a table may hold
                # indices that another one no longer has: the plain graph tells that in the user's terms.
                self._tensors = None
            self._watch = watch
            return self._tensors

    def _compute(self) -> tuple[torch.Tensor, ...]:
        tensors = {path: plain(holder[key]) for path, holder, key in self._places}
        return tuple(computed(self._graph, self._results, tensors))

    def _have_nan(self) -> bool:
        return any(makes_nan(holder[key]) for _, holder, key in self._places)

    def _form(self) -> list[tuple[Any, ...] | None]:
        return [form_of(holder.get(key)) for _, holder, key in self._places]


def makes_nan(tensor: torch.Tensor) -> bool:
    """True for a source that makes not-a-number of numbers; infinity in a buffer may be a mask's."""
    total = float(torch.sum(plain(tensor))) if tensor.is_floating_point() else 0.0
    return math.isnan(total) or (math.isinf(total) and isinstance(tensor, Parameter))


def form_of(tensor: Any) -> tuple[Any, ...] | None:
    """What a derived weight takes for granted; None for what does not count all writes."""
    if not counts_writes(tensor) or tensor.is_inference():
        return None
    if tensor.device.type != "cpu" or tensor.layout is not torch.strided:
        return None
    return tuple(tensor.shape), tensor.dtype


def take_out(graph: fx.Graph) -> tuple[fx.Graph, list[fx.Node]]:
    """Make the derived calls inputs of graph; a graph that computes them, and its nodes for them."""
    derived = [node for node in graph.nodes if "derived" in node.meta]
    needed: set[fx.Node] = set()
    pending = list(derived)
    while pending:
        node = pending.pop()
        if node not in needed:
            needed.add(node)
            pending.extend(node.all_input_nodes)
    own = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if node in needed:
            copies[node] = own.node_copy(node, lambda n: copies[n])
    first = next(node for node in graph.nodes if node.op != "placeholder")
    kept = [node for node in derived if any(user not in needed for user in node.users)]
    with graph.inserting_before(first):
        for node in kept:
            weight = graph.placeholder(f"derived_{node.name}")
            weight.meta = {k: v for k, v in node.meta.items() if k != "derived"}
            node.replace_all_uses_with(weight)
    remove_dead_code(graph)
    return own, [copies[node] for node in kept]


def computed(graph: fx.Graph, results: list[fx.Node], tensors: dict[str, torch.Tensor]) -> list[Any]:
    """What a graph that take_out gave makes of the layer's tensors."""
    known: dict[fx.Node, Any] = {}
    uses, kept = {node: len(node.users) for node in graph.nodes}, set(results)
    for node in graph.nodes:
        known[node] = tensors[str(node.target)] if node.op == "get_attr" else compute(node, known)
        # A folded weight that was packed is needed no more: two of each would be held at once.
        for used in node.all_input_nodes:
            uses[used] -= 1
            if not uses[used] and used not in kept:
                del known[used]
    return [known[node] for node in results]
