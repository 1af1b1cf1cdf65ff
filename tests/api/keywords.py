"""Which parameters of Paddle's functions the rows of the API table exercise: those given a value that is no default."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from signatures import Parameters, text_of

# Nothing to test: it names a thing in a static program.
NAMES = {"name"}


def full_name(node: ast.expr) -> str | None:
    """The dotted name that an expression is: paddle.nn.Linear."""
    if isinstance(node, ast.Name):
        return node.id
    owner = full_name(node.value) if isinstance(node, ast.Attribute) else None
    return None if owner is None else f"{owner}.{node.attr}"  # type: ignore[attr-defined]


def is_default(value: ast.expr, default: str | None) -> bool:
    try:
        return text_of(ast.literal_eval(value)) == default
    except ValueError:
        return False


def exercised(call: ast.Call, parameters: Parameters) -> Iterator[str]:
    """The parameters that a call gives a value other than the default."""
    defaults = {name: default for name, _, default in parameters if name is not None}
    positional = [name for name, kind, _ in parameters if kind == "" and name is not None]
    for name, value in zip(positional, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        if not is_default(value, defaults[name]):
            yield name
    for keyword in call.keywords:
        if keyword.arg in defaults and not is_default(keyword.value, defaults[keyword.arg]):
            yield keyword.arg


def never_exercised(calls: Iterable[str], table: dict[str, Parameters | None], scope: str) -> dict[str, set[str]]:
    """By API below `scope` that stands in a call, its parameters with a default that no call gives another value."""
    found: dict[str, set[str]] = {}
    for text in calls:
        for node in ast.walk(ast.parse(text, mode="eval")):
            api = full_name(node.func) if isinstance(node, ast.Call) else None
            parameters = table.get(api) if api is not None and api.rpartition(".")[0] == scope else None
            if parameters is None:
                continue
            optional = {name for name, kind, default in parameters if kind != "**" and default is not None and name}
            found.setdefault(api, optional - NAMES).difference_update(exercised(node, parameters))  # type: ignore[arg-type]
    return {api: names for api, names in found.items() if names}
