"""Nested inputs and outputs: flattening, names, and putting back together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils import _pytree as pytree

from fxtraced.framework.errors import FeedError

# What may stand among the tensors that a layer is called with.
FIXED = (type(None), bool, int, float, str)


@dataclass(frozen=True)
class Flat:
    """A nested structure as its leaves, their names and the structure.

    fixed: what is part of the structure, though it could be a leaf, by its place among all leaves.
    """

    leaves: list[Any]
    paths: list[tuple[Any, ...]]
    spec: pytree.TreeSpec
    fixed: dict[int, Any] = field(default_factory=dict)

    def rebuild(self, leaves: list[Any]) -> Any:
        """The structure around other leaves."""
        rest = iter(leaves)
        places = range(len(leaves) + len(self.fixed))
        return pytree.tree_unflatten([self.fixed[i] if i in self.fixed else next(rest) for i in places], self.spec)


def flatten(value: Any) -> Flat:
    """The leaves of nested lists, tuples, named tuples and dicts, in order, each with its path of keys."""
    pairs, spec = pytree.tree_flatten_with_path(value)
    paths = [tuple(_key(k) for k in path) for path, _ in pairs]
    return Flat([leaf for _, leaf in pairs], paths, spec)


def flatten_inputs(inputs: Any) -> Flat:
    """The tensors among the inputs of a call; None, numbers and texts are part of the structure."""
    everything = flatten(inputs)
    fixed = {i: leaf for i, leaf in enumerate(everything.leaves) if isinstance(leaf, FIXED)}
    leaves = [leaf for i, leaf in enumerate(everything.leaves) if i not in fixed]
    return Flat(leaves, [path for i, path in enumerate(everything.paths) if i not in fixed], everything.spec, fixed)


def call(layer: torch.nn.Module, inputs: Any) -> Any:
    """Call a layer: a list holds positional inputs, a dict those by name."""
    return layer(**inputs) if isinstance(inputs, dict) else layer(*inputs)


def leaves_as(value: Any, example: Flat) -> list[Any]:
    """The leaves of value in the order of example: the entries of dicts by key, whatever their order.

    Raises FeedError for a dict with other keys than example's, and for another value of what is part of the structure.
    """
    found: list[Any] = []

    def walk(pattern: Any, part: Any) -> None:
        if isinstance(pattern, dict):
            if not isinstance(part, dict) or set(part) != set(pattern):
                given = sorted(map(str, part)) if isinstance(part, dict) else type(part)
                raise FeedError(
                    f"FXT301 an input must be a dict with the keys {sorted(map(str, pattern))}, but received {given}. "
                    "See docs/errors.md#fxt301"
                )
            for key, entry in pattern.items():
                walk(entry, part[key])
        elif isinstance(pattern, list | tuple) and isinstance(part, list | tuple) and len(part) == len(pattern):
            for entry, item in zip(pattern, part, strict=True):
                walk(entry, item)
        elif isinstance(pattern, FIXED):
            if type(part) is not type(pattern) or part != pattern:
                raise FeedError(
                    f"FXT301 an input is {pattern!r} in this static graph, but received {_text(part)}: None, numbers "
                    "and texts are part of the graph. Trace again with it, or make it a tensor. See "
                    "docs/errors.md#fxt301"
                )
        else:
            found.extend(flatten_inputs(part).leaves)

    walk(example.rebuild(example.leaves), value)
    return found


def feed_names(layer: torch.nn.Module, paths: list[tuple[Any, ...]]) -> list[str]:
    """Names of the inputs: the parameter names of forward, with positions for nested ones (`feats_0`)."""
    parameters = parameter_names(layer.forward)
    names: list[str] = []
    for path in paths:
        first, rest = path[0], path[1:]
        if isinstance(first, str):
            head = first
        elif first < len(parameters):
            head = parameters[first]
        else:
            head = f"{parameters[-1].lstrip('*')}_{first - len(parameters) + 1}" if parameters else f"feed_{first}"
        if head.startswith("*"):
            head = f"{head[1:]}_{first - len(parameters) + 1}"
        names.append(_unique("_".join([head, *(str(k) for k in rest)]), names))
    return names


def fetch_names(outputs: Any, paths: list[tuple[Any, ...]]) -> list[str]:
    """Names of the outputs: the keys when the layer returns a dict, otherwise fetch_0, fetch_1, ..."""
    if not isinstance(outputs, dict):
        return [f"fetch_{i}" for i in range(len(paths))]
    names: list[str] = []
    for path in paths:
        names.append(_unique("_".join(str(k) for k in path), names))
    return names


def parameter_names(function: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters, the one of `*args` with its star; none for a built-in one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    names = []
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            names.append(f"*{parameter.name}")
    return names


def _unique(name: str, taken: list[str]) -> str:
    if not name.isidentifier():
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        name = name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"
    candidate, number = name, 0
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, FIXED) else f"a {type(value).__name__}"


def _key(entry: Any) -> Any:
    for attribute in ("idx", "key", "name"):
        if hasattr(entry, attribute):
            return getattr(entry, attribute)
    return str(entry)
