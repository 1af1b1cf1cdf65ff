"""What a trace refuses: looks at data, writes that a graph cannot hold, code that it cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import (
    ControlFlowError,
    DataDependenceError,
    ParameterWriteError,
    SourceLine,
    StateWriteError,
    TraceError,
)
from fxtraced.tracing.nodes import possible_bases
from fxtraced.tracing.regions import regions_of
from fxtraced.tracing.source import user_line
from fxtraced.tracing.state import StateRef
from fxtraced.tracing.values import TracedValue


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a layer from becoming a static graph, and the user's line that it is about.

    text: what happened, where, why and what to do; it starts with the code of docs/errors.md, if it has one.
    """

    text: str
    source: SourceLine | None

    @property
    def code(self) -> str:
        """The code of docs/errors.md; empty for an error of forward's own."""
        return self.text[:6] if self.text.startswith("FXT") else ""

    def __str__(self) -> str:
        return self.text


class Refusals:
    """What is wrong with one trace, also what forward itself catches: raised together at its end.

    keep_going: raise nothing, so that one trace finds as much as possible.
    """

    def __init__(self) -> None:
        self.keep_going = False
        self.problems: list[Problem] = []
        self._looks: list[tuple[str, Exception | None]] = []
        self._first: TraceError | None = None

    def add_look(self, traced: TracedValue, how: str, cause: Exception | None = None) -> None:
        """Note a look at the data of a tensor. cause: the error that told of the data, if that is the look."""
        here, origin = user_line(), traced.node.meta.get("source")
        comes = f"\n  the value comes from {origin}" if origin and origin != here else ""
        if traced.node.op == "placeholder":
            kind = "loop variable" if "loop_var" in traced.node.meta else "input"
            comes = f"\n  the value is the {kind} {traced.node.name!r}"
        problem = (
            f"FXT101 forward looks at the data of a tensor through {how}{_at(here)}{comes}\n"
            "  A static graph cannot depend on values that change from call to call. Keep the value a tensor "
            "(paddle.where(condition, a, b) chooses between two), make it a branch or loop of the graph "
            "(paddle.static.nn.cond, paddle.static.nn.while_loop), or move the decision out of forward."
        )
        if problem not in (text for text, _ in self._looks):
            self._looks.append((problem, cause))
            self.problems.append(Problem(f"{problem} See docs/errors.md#fxt101", here))

    def note(self, error: TraceError) -> None:
        """Keep the first error of this trace, in case forward catches it."""
        self._first = self._first or error
        problem = Problem(str(error), user_line())
        if problem not in self.problems:
            self.problems.append(problem)

    def refuse(self, error: TraceError) -> None:
        """Note an error, and raise it unless the trace is to keep going."""
        self.note(error)
        if not self.keep_going:
            raise error

    def raise_all(self, ended_by: Exception | None = None) -> None:
        """Raise what was found wrong, if anything was. ended_by: the error that ended forward; it tells of itself."""
        if self.keep_going:
            return
        if self._first is not None:
            raise self._first
        texts = [text for text, cause in self._looks if cause is None or cause is not ended_by]
        if texts:
            raise DataDependenceError("\n".join([*texts, "  See docs/errors.md#fxt101"]))


def refuse_calls(func: Any, name: str) -> None:
    """Raise for what a graph cannot hold or the tracer cannot see: gradients, scripted code, writes into lists."""
    if func in (torch.autograd.grad, torch.autograd.backward):
        raise TraceError(
            f"FXT100 forward calls torch.autograd.{name}(){_at(user_line())}: gradients are no part of a static graph. "
            "Compute them outside of forward. See docs/errors.md#fxt100"
        )
    if isinstance(func, torch._C.ScriptMethod | torch._C.ScriptFunction):
        raise TraceError(
            f"FXT100 forward calls a scripted {name or 'function'}(){_at(user_line())}: its operations cannot be seen. "
            "Call the Python code that it was scripted from. See docs/errors.md#fxt100"
        )
    if name.startswith("_foreach") and name.endswith("_"):
        raise TraceError(
            f"FXT100 forward calls torch.{name}(){_at(user_line())}, whose writes TorchScript loses. Write into each "
            "tensor by itself. See docs/errors.md#fxt100"
        )


def refuse_autocast(name: str, device: torch.device | None) -> None:
    """Raise when an operation runs under autocast."""
    if torch.is_autocast_enabled((device or torch.device("cpu")).type):
        raise TraceError(
            f"FXT100 {name}() runs under autocast{_at(user_line())}\n"
            "  A static graph holds no autocast: its operations would run in other dtypes. Cast in forward "
            '(x.astype("bfloat16")), or convert the layer before the trace. See docs/errors.md#fxt100'
        )


def refuse_assignment(name: str) -> None:
    """Raise for x.data = value where forward did not compute x."""
    raise TraceError(
        f"FXT100 forward assigns to .{name} of a tensor that it did not compute{_at(user_line())}\n"
        "  A static graph cannot give such a tensor other memory. Compute a new tensor instead. "
        "See docs/errors.md#fxt100"
    )


def refuse_write(
    name: str,
    written: torch.Tensor,
    known: Iterable[tuple[torch.Tensor, TracedValue]],
    refs: dict[int, StateRef],
) -> None:
    """Raise for a write into a parameter, or into a tensor that is neither the layer's nor made by forward.

    known: the tensors that forward did not compute, with their traced values; refs: the layer's own, by id.
    """
    memory = written.untyped_storage().data_ptr()
    for tensor, traced in known:
        ref = refs.get(id(tensor))
        if (ref and ref.kind != "parameter") or traced.example.untyped_storage().data_ptr() != memory:
            continue
        if ref is None:
            raise StateWriteError(
                f"FXT103 forward writes through {name}() into a tensor that it keeps outside of the layer's buffers "
                f"and attributes (in a global, a closure, a list){_at(user_line())}\n"
                "  A static graph holds such a tensor as a constant. Keep the value in a buffer (register_buffer). "
                "See docs/errors.md#fxt103"
            )
        raise ParameterWriteError(
            f"FXT102 forward writes into the parameter {ref.path!r} through {name}(){_at(user_line())}\n"
            "  A static graph shares its parameters and must leave them alone. Compute a new tensor instead, "
            "or keep the value in a buffer (register_buffer). See docs/errors.md#fxt102"
        )


def refuse_write_to_result(name: str, written: fx.Node) -> None:
    """Raise for a write into what a branch or loop gave, if that may be a tensor from outside of it."""
    for node in possible_bases(written):
        if regions_of(node) and node.meta["view"]:
            raise ControlFlowError(
                f"FXT108 forward writes through {name}() into a result of {node.name}{_at(user_line())}\n"
                "  That may be a tensor from outside of the branch or loop, given back as it is. Write into a copy: "
                "clone() it first. See docs/errors.md#fxt108"
            )


def _at(line: Any) -> str:
    return f" at {line}" if line else ""
