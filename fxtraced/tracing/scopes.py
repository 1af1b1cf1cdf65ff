"""Where the tracer records: the graph, or the region of a branch or loop in it."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch import fx

from fxtraced.framework.errors import ControlFlowError
from fxtraced.tensor.tensor import Tensor, plain_copy
from fxtraced.tracing.guards import GuardBook
from fxtraced.tracing.values import TracedValue

_FORM = ("shape", "dtype", "number")


class Scope:
    """One graph while it is recorded.

    A region's scope works on copies of the values around it, so that a branch that is not taken writes into nothing.
    inputs: what its placeholders stand for, as the scope around it has it: traced tensors, traced sizes, the device.
    written: which of them it writes into.
    """

    def __init__(self, parent: Scope | None = None):
        self.parent = parent
        self.graph = fx.Graph()
        if parent is not None:
            # A name means one value, in the whole program.
            self.graph._graph_namespace = parent.graph._graph_namespace
        self.book = GuardBook(self.graph)
        self.inputs: list[Any] = []
        self.written: set[int] = set()
        self._copies: dict[int, TracedValue] = {}
        self._placeholders: dict[fx.Node, fx.Node] = {}
        self._locals: dict[fx.Node, TracedValue] = {}
        self._last: fx.Node | None = None

    def node(self, node: fx.Node, leaf: Any) -> fx.Node:
        """This scope's node for a value of this scope or of one around it. leaf: the value as forward has it."""
        if node.graph is self.graph:
            return node
        if node not in self._placeholders:
            if self.parent is None:
                _refuse_leaked(node)
            self.parent.node(node, leaf)
            placeholder = self._add_placeholder(node.name, leaf)
            placeholder.meta.update({key: node.meta[key] for key in _FORM if key in node.meta})
            placeholder.meta["outer"] = node
            self._placeholders[node] = placeholder
        return self._placeholders[node]

    def local(self, traced: TracedValue) -> TracedValue:
        """A traced tensor as this scope has it: with a node of this graph, and with a value to write into."""
        if traced.node.graph is self.graph:
            return traced
        if traced.node not in self._locals:
            if self.parent is None:
                _refuse_leaked(traced.node)
            outer = self.parent.local(traced)
            self._locals[traced.node] = self._copy(self.node(traced.node, traced), outer)
        return self._locals[traced.node]

    def add_loop_var(self, name: str, initial: TracedValue) -> TracedValue:
        """A traced tensor for a loop variable; initial is of the scope around this one."""
        node = self._add_placeholder(name, initial)
        node.meta["loop_var"] = True
        copy = self._copy(node, initial)
        copy.fixed = False
        return copy

    def _copy(self, node: fx.Node, outer: TracedValue) -> TracedValue:
        """A traced tensor for the newest input."""
        with torch._C.DisableTorchFunction():
            copy = outer.tracer.wrap(node, plain_copy(outer.example), outer.fixed, ours=isinstance(outer, Tensor))
        self._copies[len(self.inputs) - 1] = copy
        return copy

    def _add_placeholder(self, name: str, leaf: Any) -> fx.Node:
        self.inputs.append(leaf)
        at = self.graph.inserting_after(self._last) if self._last else self.graph.inserting_before()
        with at:
            self._last = self.graph.placeholder(name)
        return self._last

    def note_write(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        """Note that a tensor is written into; the tensors of the outermost graph that this writes into."""
        if self.parent is None:
            return [tensor]
        found = []
        for place, copy in self._copies.items():
            if copy.example.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr():
                self.written.add(place)
                found += self.parent.note_write(self.parent.local(self.inputs[place]).example)
        return found


def _refuse_leaked(node: fx.Node) -> NoReturn:
    source = node.meta.get("source")
    origin = f", from {source}" if source else ""
    raise ControlFlowError(
        f"FXT108 a value of a branch or loop ({node.name}{origin}) is used outside of it\n"
        "  It does not exist where the branch is not taken. Return it from the function that cond, case, switch_case "
        "or while_loop calls. See docs/errors.md#fxt108"
    )
