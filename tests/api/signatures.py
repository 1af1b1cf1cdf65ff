"""What a callable takes, written so that Paddle's and ours can be compared. Needs the standard library alone."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def public_callables(module: Any) -> dict[str, Callable[..., Any]]:
    """The functions and classes that a module or class offers, by name."""
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    found = {name: getattr(module, name, None) for name in names if not name.startswith("_")}
    return {name: value for name, value in found.items() if callable(value) and not isinstance(value, ModuleType)}


Parameters = list[list["str | None"]]


def parameters_of(value: Callable[..., Any], method: bool = False) -> Parameters | None:
    """[name, kind, default] of each parameter in order, without self; None where there is no signature to read.

    A class counts by its __init__; method: the first parameter is the object, whatever its name.
    """
    takes = value
    if inspect.isclass(value):
        takes = value.__init__
        if takes is object.__init__:
            if value.__new__ is object.__new__:
                return []
            takes = value.__new__
    try:
        found = list(inspect.signature(takes).parameters.values())
    except (TypeError, ValueError):
        return None
    if (inspect.isclass(value) or method) and found and found[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        found = found[1:]
    return [[parameter.name, KINDS[parameter.kind], default_of(parameter)] for parameter in found]


KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def table() -> dict[str, Parameters | None]:
    """What Paddle's callables take, by API (scripts/record_signatures.py)."""
    return json.loads((Path(__file__).parent / "recorded" / "signatures.json").read_text())


def found_in(paddle: ModuleType, api: str) -> tuple[Any, bool]:
    """What stands at this path of a library, None where nothing does, and whether it is a method."""
    value: Any = paddle
    owner = None
    for name in api.split(".")[1:]:
        owner, value = value, getattr(value, name, None)
        if value is None:
            return None, False
    return value, inspect.isclass(owner)


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


def written(parameters: Parameters | None) -> str:
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
