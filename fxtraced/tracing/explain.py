"""Everything that keeps a layer from becoming a static graph, found in one trace."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.errors import FxtracedError, TraceError
from fxtraced.tensor.tensor import Tensor
from fxtraced.tracing import torch_calls
from fxtraced.tracing.guards import Guard
from fxtraced.tracing.nodes import map_leaves
from fxtraced.tracing.recording import RecordingMode
from fxtraced.tracing.refusals import Problem
from fxtraced.tracing.state import state_refs
from fxtraced.tracing.trace import trace
from fxtraced.tracing.tracebacks import raised_at
from fxtraced.tracing.tracer import ConcolicTracer
from fxtraced.tracing.values import leaves_of


def find_problems(layer: torch.nn.Module, inputs: list[Any]) -> tuple[list[Problem], list[Guard]]:
    """Trace a layer as far as it goes: what is refused, and the guards.

    The layer is left as the run leaves it: the caller restores a Snapshot.
    """
    tracer = ConcolicTracer(state_refs(layer))
    tracer.refusals.keep_going = True
    problems = tracer.refusals.problems
    try:
        trace(layer, inputs, mode=_KeepGoingMode(tracer))
    except Exception as error:
        found = problem_of(error)
        if found.text not in [problem.text for problem in problems]:
            problems.append(found)
    return problems, tracer.guards


def problem_of(error: Exception) -> Problem:
    """An error as a problem."""
    text = str(error) if isinstance(error, FxtracedError) else f"{type(error).__name__}: {error}"
    return Problem(text, raised_at(error))


class _KeepGoingMode(RecordingMode):
    """Answers a refused call with its value, so that the trace goes on."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return super().__torch_function__(func, types, args, kwargs)
        except TraceError:
            return _value_of(self.tracer, func, args, kwargs or {})


def _value_of(tracer: ConcolicTracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call gives, wrapped as if it had been recorded. Writes are left out: they may be into a parameter."""
    name = getattr(func, "__name__", "")
    if name == "__set__" or torch_calls.writes_in_place(name, kwargs):
        return args[0]

    ours = any(isinstance(x, Tensor) for x in leaves_of((args, kwargs)))

    def wrapped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return tracer.wrap(tracer.graph.call_function(func), value, fixed=False, ours=ours)

    with torch._C.DisableTorchFunction():
        result = func(*map_leaves(tracer.to_value, args), **map_leaves(tracer.to_value, kwargs))
        return map_leaves(wrapped, result)
