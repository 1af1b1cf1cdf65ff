"""Guards: what Python asked about sizes during a trace, and the answer that the graph relies on."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import Any

from torch import fx

from fxtraced.framework.errors import GuardError, SourceLine
from fxtraced.tracing.nodes import question
from fxtraced.tracing.source import user_line


@dataclass(eq=False)
class Guard:
    """One question about a size with its answer, and the user's line that asked it.

    inside: the branch or loop that asks it and in which it must hold; empty for what always must.
    """

    text: str
    source: SourceLine | None
    node: fx.Node = field(repr=False)
    looks: int = 1
    inside: str = ""

    @property
    def message(self) -> str:
        where = f" at {self.source}" if self.source else ""
        return (
            f"FXT201 the static graph holds only where `{self.text}`: forward asked for it{where}. "
            "These inputs differ there, so forward would take another way. Trace again with inputs of these sizes, "
            "or keep forward from looking at the size. See docs/errors.md#fxt201"
        )

    @property
    def question(self) -> str:
        """What is asked, and in which branch or loop."""
        return f"in {self.inside}: {self.text}" if self.inside else self.text

    def __str__(self) -> str:
        return f"{self.question}  ({self.source})" if self.source else self.question


def check_guard(condition: Any, message: str) -> None:
    """The operation that a guard is in the graph. Raises GuardError unless condition holds."""
    if not condition:
        raise GuardError(message)


@dataclass(frozen=True)
class _Provisional:
    """A look through __index__ that torch's argument parser may have made; withdrawn if so."""

    guard: Guard
    number: Any
    frame: types.FrameType
    instruction: int


class FeedGuards:
    """The guards that ask about sizes of the feeds alone: they can be answered without running anything."""

    def __init__(self, guards: list[Guard]):
        asked = {guard: _feed_sizes(guard.node.args[0]) for guard in guards if not guard.inside}
        self._asked = {guard: sizes for guard, sizes in asked.items() if sizes}

    def on(self, feed: str, dim: int) -> list[Guard]:
        """The guards that ask about this dimension of a feed."""
        return [guard for guard, sizes in self._asked.items() if (feed, dim) in sizes]

    def hold(self, shapes: dict[str, tuple[int, ...]]) -> bool:
        """True when every one of them holds for feeds of these shapes."""
        return all(_answer(guard.node.args[0], shapes) for guard in self._asked)


def _feed_sizes(condition: Any) -> set[tuple[str, int]]:
    """The feeds' dimensions that a condition is calculated from; empty when it is calculated from other values, too."""
    found = set()
    pending = [condition]
    while pending:
        node = pending.pop()
        owner = node.args[0] if node.args else None
        if node.target == "size" and isinstance(owner, fx.Node) and owner.op == "placeholder":
            found.add((str(owner.target), node.args[1]))
        elif node.op != "call_function" or "shape" in node.meta:
            return set()
        else:
            pending.extend(node.all_input_nodes)
    return found


def _answer(node: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    if not isinstance(node, fx.Node):
        return node
    if node.target == "size":
        return shapes[str(node.args[0].target)][node.args[1]]  # type: ignore[union-attr, index]
    return node.target(*(_answer(x, shapes) for x in node.args))  # type: ignore[operator]


class GuardBook:
    """The guards of one trace: each question once, with its node in the graph."""

    def __init__(self, graph: fx.Graph):
        self.guards: list[Guard] = []
        self._graph = graph
        self._by_question: dict[Any, Guard] = {}
        self._provisional: list[_Provisional] = []

    def add(self, text: str, condition: fx.Node) -> Guard:
        """The guard that condition holds; the known one when the same was asked before."""
        asked = question(condition)
        known = self._by_question.get(asked)
        if known is not None:
            known.looks += 1
            return known
        node = self._graph.call_function(check_guard, (condition, ""))
        node.meta["effect"] = "guard"
        guard = Guard(text, user_line(), node)
        node.args = (condition, guard.message)
        self.guards.append(guard)
        self._by_question[asked] = guard
        return guard

    def add_provisional(self, guard: Guard, number: Any, frame: types.FrameType) -> None:
        """Note that a guard came from __index__ of a traced number, asked for by this frame's current instruction."""
        self._provisional.append(_Provisional(guard, number, frame, frame.f_lasti))

    @property
    def has_provisional(self) -> bool:
        """True when a look through __index__ may have to be withdrawn."""
        return bool(self._provisional)

    def withdraw(self, leaves: list[Any], frame: types.FrameType) -> None:
        """A torch call with these arguments, made by frame, is recorded: drop the looks of its argument parser."""
        given = {id(x) for x in leaves}
        for look in self._provisional:
            if id(look.number) in given and look.frame is frame and look.instruction == frame.f_lasti:
                self._drop_look(look.guard)
        self._provisional.clear()

    def _drop_look(self, guard: Guard) -> None:
        guard.looks -= 1
        if guard.looks == 0:
            self.guards.remove(guard)
            del self._by_question[question(guard.node.args[0])]
            self._graph.erase_node(guard.node)
