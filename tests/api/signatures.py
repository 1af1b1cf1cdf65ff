"""What a callable takes, written so that Paddle's and ours can be compared. Needs the standard library alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


def public_callables(module: Any) -> dict[str, Callable[..., Any]]:
    """The functions and classes that a module or class offers, by name."""
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    found = {name: getattr(module, name, None) for name in names if not name.startswith("_")}
    return {name: value for name, value in found.items() if callable(value) and not isinstance(value, ModuleType)}


def parameters_of(value: Callable[..., Any]) -> list[list[str | None]] | None:
    """[name, kind, default] of each parameter in order, without self; None where there is no signature to read."""
    takes = value
    if inspect.isclass(value):
        takes = value.__init__
        if takes is object.__init__ and value.__new__ is not object.__new__:
            takes = value.__new__
    try:
        found = list(inspect.signature(takes).parameters.values())
    except (TypeError, ValueError):
        return None
    if inspect.isclass(value) and found and found[0].name in ("self", "cls"):
        found = found[1:]
    return [[parameter.name, KINDS[parameter.kind], default_of(parameter)] for parameter in found]


KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def default_of(parameter: inspect.Parameter) -> str | None:
    """The default as text, None where there is none: dtypes, classes and objects by their name."""
    default = parameter.default
    if default is inspect.Parameter.empty:
        return None
    return text_of(default)


def text_of(value: Any) -> str:
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text_of(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)}: {text_of(item)}" for key, item in value.items()) + "}"
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__name__
    text = str(value)
    if text.startswith("<") or " object at 0x" in text:
        return type(value).__name__
    return repr(DTYPES.get(name := text.rsplit(".", 1)[-1].lower(), name))


# Paddle's VarType names of the dtypes.
DTYPES = {"fp16": "float16", "fp32": "float32", "fp64": "float64", "bf16": "bfloat16"}


def written(parameters: list[list[str | None]] | None) -> str:
    """The parameters as one reads them: (x, axis=None, *, keepdim=False)."""
    if parameters is None:
        return "(...)"
    parts = []
    starred = False
    for name, kind, default in parameters:
        if kind == "keyword" and not starred:
            parts.append("*")
        starred = starred or kind in ("*", "keyword")
        prefix = kind if kind in ("*", "**") else ""
        parts.append(f"{prefix}{name}" + ("" if default is None else f"={default}"))
    return "(" + ", ".join(parts) + ")"
