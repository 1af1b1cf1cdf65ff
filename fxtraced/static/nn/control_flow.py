"""Control flow by functions: run as Python runs it on eager tensors, recorded as branches and loops in a trace.

While a layer is traced, a condition that depends on the inputs makes a real branch: every function is recorded, and the
graph decides in each call. A condition that follows from sizes, parameters and constants is looked at, and guarded.
Loops are always recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fxtraced.tracing.control_flow import record_cond, record_while_loop
from fxtraced.tracing.recording import current_tracer
from fxtraced.tracing.regions import note_way
from fxtraced.tracing.values import TracedValue

__all__ = ["case", "cond", "switch_case", "while_loop"]


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
    return_names: Any = None,
) -> Any:
    """true_fn() if pred, a tensor of one element, holds, else false_fn(); None for a missing function.

    Raises AssertionError for another pred, TypeError for what cannot be called; in a trace ControlFlowError for
    functions whose results differ in structure, dtype or number of dimensions.
    """
    for argument, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if function is not None and not callable(function):
            raise TypeError(f"The {argument} in cond must be callable, but received {type(function).__name__}")
    _check(pred, "cond")
    return _choose(pred, true_fn or _nothing, false_fn or _nothing, ("true_fn of cond", "false_fn of cond"))


def case(pred_fn_pairs: Any, default: Callable[[], Any] | None = None, name: str | None = None) -> Any:
    """The result of the first function whose predicate holds, else of default, or of the last one without default."""
    pairs = list(pred_fn_pairs)
    if not pairs:
        raise TypeError("case: pred_fn_pairs must not be empty")
    for pred, _ in pairs:
        _check(pred, "case")
    if default is None:
        pairs, default = pairs[:-1], pairs[-1][1]
    return _first_that_holds(pairs, default, "case")


def switch_case(
    branch_index: Any, branch_fns: Any, default: Callable[[], Any] | None = None, name: str | None = None
) -> Any:
    """The result of the function with this index, else of default, or of the one with the largest index.

    branch_fns: a dict, a list of pairs (index, function), or a list of functions.
    """
    pairs = list(branch_fns.items()) if isinstance(branch_fns, dict) else list(branch_fns)
    functions = dict(enumerate(pairs) if pairs and callable(pairs[0]) else pairs)
    if not functions:
        raise TypeError("switch_case: branch_fns must not be empty")
    _check(branch_index, "switch_case")
    if default is None:
        default = functions.pop(max(functions))
    index = branch_index.to(torch.int64)
    return _first_that_holds([(index == key, function) for key, function in functions.items()], default, "switch_case")


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, is_test: bool = False, name: str | None = None
) -> Any:
    """Replace loop_vars by body(*loop_vars) while cond(*loop_vars) holds; returns them.

    Raises TypeError for what cannot be called and for loop_vars that are no list or tuple, ValueError for none and
    when body returns another number of them; in a trace ControlFlowError (a ValueError) also for other dtypes and
    numbers of dimensions.
    """
    for argument, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(f"{argument} in while_loop should be callable")
    if not isinstance(loop_vars, list | tuple):
        raise TypeError("loop_vars in while_loop should be a list or tuple")
    if not loop_vars:
        raise ValueError("loop_vars in while_loop should not be empty")

    def holds(*values: Any) -> Any:
        pred = cond(*values)
        _check(pred, "while_loop")
        return pred

    def step(*values: Any) -> list[Any]:
        given = body(*values)
        given = list(given) if isinstance(given, list | tuple) else [given]
        if len(given) != len(values):
            raise ValueError(
                f"body in while_loop should return as many values as loop_vars holds ({len(values)}), but returned "
                f"{len(given)}"
            )
        return given

    tracer = current_tracer()
    if tracer is not None:
        return record_while_loop(tracer, holds, step, list(loop_vars), body)
    values = list(loop_vars)
    while bool(holds(*values)):
        note_way("body of while_loop")
        values = step(*values)
    return values


def _choose(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], roles: tuple[str, str]) -> Any:
    tracer = current_tracer()
    if tracer is not None and not tracer.traced(pred).fixed:
        return record_cond(tracer, pred, true_fn, false_fn, roles)
    chosen, role = (true_fn, roles[0]) if bool(pred) else (false_fn, roles[1])
    note_way(role)
    return chosen()


def _first_that_holds(pairs: list[tuple[Any, Callable[[], Any]]], default: Callable[[], Any], call: str) -> Any:
    """A chain of branches: each pred is asked for only where those before it do not hold."""

    def chain(place: int) -> Any:
        if place == len(pairs):
            return default()
        pred, function = pairs[place]
        last = place == len(pairs) - 1
        # What stands for the rest of the chain is no way of its own.
        roles = (f"function {place} of {call}", f"default of {call}" if last else "")
        return _choose(pred, function, lambda: chain(place + 1), roles)

    return chain(0)


def _nothing() -> None:
    """The missing function of a cond."""


def _check(pred: Any, function: str) -> None:
    assert isinstance(pred, torch.Tensor), f"{function}: the condition must be a tensor, but received {type(pred)}"
    # Asking a traced tensor for its sizes would leave guards.
    shape = list((pred.example if isinstance(pred, TracedValue) else pred).shape)
    one = all(size == 1 for size in shape)
    assert one, f"{function}: the condition must have one element, but its shape is {shape}"
