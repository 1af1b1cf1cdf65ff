"""docs/zoo.md: what came of each constructor, how many passed each level, and why others did not."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import torch
from zoo_levels import LEVELS, TO_LAYER, TO_PADDLE
from zoo_source import Checkout
from zoo_survey import Results, Row

import fxtraced

INTRODUCTION = """\
# Zoo

Model code of {name}{commit}, run under `fxtraced.install_as_paddle()` as it stands in its
repository: nothing of it is copied here or changed. Written by

```bash
{command}
```

which takes any checkout: `--files` names the model files of other repositories. `--paddle` is a Python that has
paddlepaddle 2.6.2, `--weights` a folder with `<constructor>.pdparams` files. Without one, both sides fill all weights
from a seed for each key; matrices and filters are scaled down where rounding alone would show in a model's outputs. A
run goes on where the last one stopped; `--each 1` takes the first constructor of each file only.{arguments}

A model that passes is imported, built and filled. It gives what real Paddle gives, to {to_paddle:g} of the output's
largest value. Its static graph is verified, gives the same, and takes a batch of another size. The archive gives the
same when it is loaded, in Python and in C++, to {to_layer:g}. `difference` is the largest one to Paddle, eager or
static, as a part of the output's largest value.

Versions: fxtraced {fxtraced}, torch {torch}. Times are those of batch 1 on one thread of a shared machine, whose load
changes from row to row.
"""
HEADER = ["model", "parameters", "trace s", "eager ms", "static ms", "C++ ms", "difference", "guards", "passes"]


def commit_of(source: Path) -> str:
    """The commit of a checkout; "" where it is no git repository of its own."""
    if not (source / ".git").exists():
        return ""
    command = ["git", "-C", str(source), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def document(results: Results, reference: Results, source: Checkout, commit: str) -> str:
    """The whole text of docs/zoo.md."""
    lists = [row for found in (reference, results) for row in found.rows.values() if not row["name"]]
    rows = [row for row in results.rows.values() if row["name"]]
    run = [row for row in rows if row["level"]]
    introduction = INTRODUCTION.format(
        name=source.root.name,
        commit=f" at commit `{commit[:12]}`" if commit else "",
        command=_command(source),
        arguments=_arguments(source),
        to_paddle=TO_PADDLE,
        to_layer=TO_LAYER,
        fxtraced=fxtraced.__version__,
        torch=torch.__version__.split("+")[0],
    )
    parts = [introduction, "## Totals", _totals(run), "## Models", _models(run)]
    failed = [row for row in run if row["failure"]]
    if failed:
        parts += ["## Reasons", _reasons(failed)]
    not_run = [row for row in rows if not row["level"]] + [row for row in lists if "failure" in row]
    if not_run:
        parts += ["## Not run", _not_run(not_run)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _command(source: Checkout) -> str:
    prepare = f" \\\n    --prepare {shlex.quote(source.prepare)}" if source.prepare else ""
    return f"scripts/zoo --source {source.root.name} --paddle ~/paddle-env/bin/python{prepare}"


def _arguments(source: Checkout) -> str:
    """The keyword arguments of the constructors that were given some."""
    if not source.arguments:
        return ""
    lines = [f"    {name}: {json.dumps(given)}" for name, given in source.arguments.items()]
    return "\nThese constructors got arguments, by `--arguments`:\n\n" + "\n".join(lines)


def _passed(row: Row) -> int:
    """How many levels a row has passed."""
    at = list(LEVELS).index(row["level"])
    return at if row["failure"] else at + 1


def _totals(run: list[Row]) -> str:
    files = {row["file"] for row in run}
    counts = [[level, str(sum(_passed(row) > i for row in run))] for i, level in enumerate(LEVELS)]
    said = f"{len(run)} constructors of {len(files)} files; the numbers are those that pass each level."
    return said + "\n\n" + _table(["level", "models"], counts)


def _models(rows: list[Row]) -> str:
    lines = []
    for row in sorted(rows, key=lambda row: (row["file"], row.get("parameters", 0))):
        differences = row["differences"].values()
        passed = [*LEVELS][: _passed(row)]
        lines.append(
            [
                f"`{row['name']}`",
                f"{row['parameters']:,}" if "parameters" in row else "",
                *(_number(row.get(key), digits) for key, digits in _MEASURED),
                f"{max(differences):.0e}" if differences else "",
                str(row.get("guards", "")),
                "all" if not row["failure"] else passed[-1] if passed else "nothing",
            ]
        )
    return _table(HEADER, lines)


_MEASURED = [("trace_s", 1), ("eager_ms", 0), ("static_ms", 0), ("cpp_ms", 0)]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _reasons(failed: list[Row]) -> str:
    """Why models fail, the most frequent reason first, each with its models."""
    reasons = Counter(_reason(row) for row in failed)
    lines = []
    for reason, count in reasons.most_common():
        names = ", ".join(f"`{row['name']}`" for row in failed if _reason(row) == reason)
        lines.append([str(count), reason, names])
    return _table(["models", "reason", "which"], lines)


def _reason(row: Row) -> str:
    return _cell(f"{row['level']}: {row['failure']}")


def _not_run(rows: list[Row]) -> str:
    """What real Paddle does not build, and the files that cannot be imported."""
    return _table(
        ["model or file", "reason"], [[f"`{row['name'] or row['file']}`", _cell(row["failure"])] for row in rows]
    )


def _cell(text: str) -> str:
    """The first line of a text, without what would end a cell of a table."""
    line = re.sub(r"\s+", " ", text.splitlines()[0]).replace("|", "\\|")
    return line if len(line) <= 160 else line[:157] + "..."


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
