"""Control flow by functions, as Paddle runs it in dynamic mode: the values decide, in Python.

A static graph cannot branch on values: while a layer is traced these raise DataDependenceError, unless the condition
follows from sizes, parameters or constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["case", "cond", "switch_case", "while_loop"]


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
    return_names: Any = None,
) -> Any:
    """true_fn() if pred, a tensor of one element, holds, else false_fn(); None for a missing function.

    Raises AssertionError for another pred, TypeError for what cannot be called.
    """
    for argument, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if function is not None and not callable(function):
            raise TypeError(f"The {argument} in cond must be callable, but received {type(function).__name__}")
    chosen = true_fn if _holds(pred, "cond") else false_fn
    return None if chosen is None else chosen()


def case(pred_fn_pairs: Any, default: Callable[[], Any] | None = None, name: str | None = None) -> Any:
    """The result of the first function whose predicate holds, else of default, or of the last one without default."""
    pairs = list(pred_fn_pairs)
    if not pairs:
        raise TypeError("case: pred_fn_pairs must not be empty")
    for pred, function in pairs:
        if _holds(pred, "case"):
            return function()
    return default() if default is not None else pairs[-1][1]()


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
    index = int(branch_index)
    if index in functions:
        return functions[index]()
    return default() if default is not None else functions[max(functions)]()


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, is_test: bool = False, name: str | None = None
) -> Any:
    """Replace loop_vars by body(*loop_vars) while cond(*loop_vars) holds; returns them.

    Raises TypeError for what cannot be called and for loop_vars that are no list or tuple, ValueError for none and
    when body returns another number of them.
    """
    for argument, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(f"{argument} in while_loop should be callable")
    if not isinstance(loop_vars, list | tuple):
        raise TypeError("loop_vars in while_loop should be a list or tuple")
    if not loop_vars:
        raise ValueError("loop_vars in while_loop should not be empty")
    values = list(loop_vars)
    while _holds(cond(*values), "while_loop"):
        given = body(*values)
        given = list(given) if isinstance(given, list | tuple) else [given]
        if len(given) != len(values):
            raise ValueError(
                f"body in while_loop should return as many values as loop_vars holds ({len(values)}), but returned "
                f"{len(given)}"
            )
        values = given
    return values


def _holds(pred: Any, function: str) -> bool:
    _check(pred, function)
    return bool(pred)


def _check(pred: Any, function: str) -> None:
    assert isinstance(pred, torch.Tensor), f"{function}: the condition must be a tensor, but received {type(pred)}"
    one = all(size == 1 for size in pred.shape)
    assert one, f"{function}: the condition must have one element, but its shape is {list(pred.shape)}"
