"""`fxtraced port`: the Paddle APIs that code uses and fxtraced lacks, by file and line, before anybody runs it."""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import fxtraced
from fxtraced.cli._uses import Use, uses_in
from fxtraced.cli.common import UsageError, table


@dataclass(frozen=True)
class Finding:
    """kind is "missing", "argument" (a keyword that is not taken), "differs", "possible" or "unreadable"."""

    kind: str
    file: str
    line: int
    api: str
    text: str


# These stop the code; the others are for a person to look at.
_FATAL = ("missing", "argument", "unreadable")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "port",
        help="list the Paddle APIs that code uses and fxtraced lacks",
        description="Reads Python files, without running them, and lists what they use of Paddle that is missing "
        "here, or takes other arguments, by file and line. `possible` are methods that Paddle's tensors have and "
        "ours lack, called on something whose type is not known. The exit code is 1 if something is missing.",
        epilog="example: fxtraced port path/to/code --json",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a Python file, or a directory of them")
    parser.add_argument(
        "--used", action="store_true", help="list every API that is used, in how many files, and its mark"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.set_defaults(function=_port)


def _port(given: argparse.Namespace) -> int:
    files = [file for path in given.paths for file in _files(path)]
    uses: Counter[str] = Counter()
    findings: list[Finding] = []
    for file in files:
        try:
            with open(file, encoding="utf-8") as opened:
                found = uses_in(opened.read(), _names_of)
        except (SyntaxError, UnicodeDecodeError) as error:
            findings.append(Finding("unreadable", file, getattr(error, "lineno", None) or 1, "", str(error)))
            continue
        uses.update({use.name for use in found if not use.name.startswith(".")})
        findings += [finding for use in found for finding in _judged(use, file)]
    findings = list(dict.fromkeys(findings))
    code = int(any(finding.kind in _FATAL for finding in findings))
    used = _marked(uses, findings) if given.used else []
    if given.json:
        written = {"files": len(files), "apis": len(uses), "findings": [asdict(f) for f in findings]}
        written |= (
            {"used": [{"api": api, "files": count, "mark": mark} for count, api, mark in used]} if given.used else {}
        )
        print(json.dumps(written, indent=1))
        return code
    if used:
        print(table([[str(count), api, mark] for count, api, mark in used]))
    if findings:
        lines = table([[f"{f.file}:{f.line}", f.kind, f.api] for f in findings]).splitlines()
        for line, finding in zip(lines, findings, strict=True):
            print(f"{line}\n    {finding.text}")
    kinds = Counter(finding.kind for finding in findings)
    summary = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing missing"
    print(f"{len(files)} files use {len(uses)} names of Paddle: {summary}")
    return code


def _marked(uses: Counter[str], findings: list[Finding]) -> list[tuple[int, str, str]]:
    """(in how many files, which, kinds of its findings) of the APIs used, by name."""
    kinds: dict[str, list[str]] = {}
    for finding in findings:
        kinds.setdefault(finding.api, []).append(finding.kind)
    return [(count, api, ", ".join(dict.fromkeys(kinds.get(api, ())))) for api, count in sorted(uses.items())]


def _files(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield path
    elif not os.path.isdir(path):
        raise UsageError(f"there is no file or directory {path}")
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))


def _judged(use: Use, file: str) -> Iterator[Finding]:
    data = paddle_api()
    if use.name.startswith("."):
        method = use.name[1:]
        owners = [owner for owner, names in data["names"].items() if method in names]
        # What other classes have, too, is rather theirs: self.create_parameter(...).
        if owners in (["paddle.Tensor"], ["paddle", "paddle.Tensor"]) and not hasattr(fxtraced.Tensor, method):
            text = "Paddle's tensors have this method, fxtraced's lack it"
            yield Finding("possible", file, use.line, f"paddle.Tensor.{method}", text)
        return
    value, missing = _found(use.name)
    if missing:
        owner, _, name = missing.rpartition(".")
        if name in data["names"].get(owner, ()):
            yield Finding("missing", file, use.line, missing, "fxtraced lacks it")
        else:
            known = missing in data["names"]
            what = "the module" if known else f"{missing}, which is not in Paddle 2.6's documentation"
            yield Finding("missing", file, use.line, use.name, f"fxtraced lacks {what}")
        return
    if use.name in data["differs"]:
        yield Finding("differs", file, use.line, use.name, data["differs"][use.name])
    for keyword in _refused(value, use.keywords):
        yield Finding("argument", file, use.line, use.name, f"it takes no argument {keyword!r}")


def _found(path: str) -> tuple[Any, str | None]:
    """What stands at a path of Paddle here, or the first part of the path that is missing.

    What belongs to a value that is neither a module nor a class is not looked at.
    """
    value: Any = fxtraced
    at = "paddle"
    for name in path.split(".")[1:]:
        if not isinstance(value, ModuleType) and not inspect.isclass(value):
            break
        at += f".{name}"
        if not hasattr(value, name) and not _has_module(value, name):
            return None, at
        value = getattr(value, name)
    return value, None


def _has_module(package: Any, name: str) -> bool:
    """Whether a package has a module that nobody has imported yet; it is imported."""
    try:
        importlib.import_module(f"{package.__name__}.{name}")
    except ImportError:
        return False
    return isinstance(package, ModuleType)


def _refused(value: Any, keywords: tuple[str, ...]) -> list[str]:
    if not keywords or not callable(value):
        return []
    try:
        parameters = inspect.signature(value).parameters
    except (TypeError, ValueError):
        return []
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    return [keyword for keyword in keywords if keyword not in parameters]


def _names_of(module: str) -> Iterator[str]:
    return iter(paddle_api()["names"].get(module, ()))


@functools.cache
def paddle_api() -> dict[str, Any]:
    """`names`: what each module and class of Paddle 2.6.2 offers; `differs`: what here takes other arguments, and why.

    scripts/write_api_docs.py writes the file.
    """
    text = resources.files("fxtraced.cli").joinpath("paddle_api.json").read_text(encoding="utf-8")
    read = json.loads(text)
    return {"names": {owner: set(names.split()) for owner, names in read["names"].items()}, "differs": read["differs"]}
