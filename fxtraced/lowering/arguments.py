"""Arguments that torch takes in Python and TorchScript does not, as ones that it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import fx


class Text(str):
    """A piece of TorchScript source among the values of a call."""

    __slots__ = ()


def scriptable(node: fx.Node, text: Callable[[Any], str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call for TorchScript: ints where it declares floats become floats, kept sizes are written out.

    text: the source text of a value.
    """
    args, kwargs = node.args, node.kwargs
    if isinstance(node.target, torch._ops.OpOverload):
        return _as_declared(node.target, args, text), kwargs
    if str(getattr(node.target, "__name__", "")).startswith("adaptive_"):
        args, kwargs = _with_kept_sizes(text, args, kwargs)
    floats = _declared_floats(node.target)
    if not floats:
        return args, kwargs
    places = tuple(_as_float(x, text) if i in floats else x for i, x in enumerate(args))
    return places, {k: _as_float(v, text) if k in floats else v for k, v in kwargs.items()}


def _as_declared(target: torch._ops.OpOverload, args: tuple[Any, ...], text: Callable[[Any], str]) -> tuple[Any, ...]:
    """The arguments of an operator by its own schema: a list of optional numbers needs its type written down."""
    kinds = [str(argument.type) for argument in target._schema.arguments]
    return tuple(
        Text(f"torch.jit.annotate({kind}, [{', '.join(map(text, x))}])") if kind == "List[Optional[number]]" else x
        for x, kind in zip(args, kinds, strict=False)
    )


def _as_float(value: Any, text: Callable[[Any], str]) -> Any:
    if isinstance(value, list | tuple):
        return [_as_float(x, text) for x in value]
    if isinstance(value, fx.Node):
        return Text(f"float({text(value)})") if value.meta.get("number") is int else value
    return float(value) if type(value) is int else value


def _with_kept_sizes(
    text: Callable[[Any], str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """An adaptive pool's output_size with the input's size for every None in it."""
    x = text(args[0] if args else kwargs["input"])

    def kept(sizes: Any) -> Any:
        if not isinstance(sizes, list | tuple):
            return sizes
        return [Text(f"{x}.size({i - len(sizes)})") if size is None else size for i, size in enumerate(sizes)]

    return args[:1] + tuple(map(kept, args[1:])), {k: kept(v) for k, v in kwargs.items()}


@cache
def _declared_floats(target: Any) -> frozenset[int | str]:
    """The positions and names of the parameters of a torch function or method that take a float and no int."""
    if isinstance(target, str) or not hasattr(target, "__code__"):
        return _floats_of_schemas(target)
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    found = [(i, p.name) for i, p in enumerate(parameters) if _is_float(_kind(p))]
    return frozenset(key for pair in found for key in pair)


def _floats_of_schemas(target: Any) -> frozenset[int | str]:
    name = target if isinstance(target, str) else getattr(target, "__name__", "")
    kinds: dict[int | str, list[str]] = {}
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        for i, argument in enumerate(schema.arguments):
            kinds.setdefault(argument.name, []).append(str(argument.type))
            if not argument.kwarg_only:
                kinds.setdefault(i, []).append(str(argument.type))
    floats = {key for key, types in kinds.items() if any(map(_is_float, types))}
    return frozenset(key for key in floats if not any(_takes_int(kind) for kind in kinds[key]))


def _kind(parameter: inspect.Parameter) -> str:
    if parameter.annotation is parameter.empty:
        # Some of torch's functions declare their types in a comment; the default has the type, too.
        return type(parameter.default).__name__
    annotation = parameter.annotation
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _is_float(kind: str) -> bool:
    return "float" in kind and not _takes_int(kind)


def _takes_int(kind: str) -> bool:
    return "int" in kind.replace("interpolation", "") or "Int" in kind or "number" in kind or "Scalar" in kind
