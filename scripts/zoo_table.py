"""docs/zoo.md: what came of each constructor, how many passed each level, and why others did not."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from zoo_levels import LEVELS, TO_LAYER, TO_PADDLE
from zoo_survey import PATTERN, Results, Row

import fxtraced

INTRODUCTION = """\
# Zoo

Model code of public repositories, run under `fxtraced.install_as_paddle()` as it stands there: nothing of it is copied
here or changed. Written by

```bash
{commands}
```

which takes any checkout: `--files` names the files whose constructors are run, `--models` a file of functions that
build models with their arguments (those in `scripts/zoo_models` are used here). `--paddle` is a Python that has
paddlepaddle 2.6.2, `--weights` a folder with `<constructor>.pdparams` files. Without one, both sides fill all weights
from a seed for each key; matrices and filters are scaled down where rounding alone would show in a model's outputs. A
run goes on where the last one stopped; `--each 1` takes the first constructor of each file only.{arguments}

A model that passes is imported, built and filled. It gives what real Paddle gives, to {to_paddle:g} of the output's
largest value. Its static graph is verified, gives the same, and takes a batch of another size. The archive gives the
same when it is loaded, in Python and in C++, to {to_layer:g}. `difference` is the largest one to Paddle, eager or
static, as a part of the output's largest value.

Versions: fxtraced {fxtraced}, torch {torch}. Times are those of batch 1 on one thread of a shared machine, whose load
changes from row to row: compare the columns of a row, not the rows.{code}
"""
ON_REASONS = """\
FXT201 on a batch of another size: `forward` loops over the images, repeats a list once for each image, or drops all
axes of size 1, and Python's lists and numbers of axes are the graph's constants. FXT101: a decoder that stops when it
has read the end looks at what it has read; `paddle.static.nn.while_loop` can say so in a graph. More than rounding
between this and Paddle: the model draws random numbers outside of training, and each side its own. Keys that differ:
the model names a buffer after a tensor, and Paddle counts all tensors of the process.
"""
HEADER = ["model", "parameters", "trace s", "eager ms", "static ms", "C++ ms", "difference", "guards", "passes"]
REASONS = 10


class Source:
    """What was run of one checkout: `name`, `commit`, `options` of its command, `arguments` by constructor, `rows`.

    unread: the rows of files that could not be imported. left: constructors that no run has come to.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        described = json.loads((folder / "source.json").read_text())
        self.commit, self.options, self.arguments = (described[key] for key in ("commit", "options", "arguments"))
        results, reference = Results(folder / "results.jsonl"), Results(folder / "reference.jsonl")
        lists = [row for found in (reference, results) for row in found.rows.values() if not row["name"]]
        self.unread = [row for row in lists if "failure" in row]
        self.rows = [row for row in results.rows.values() if row["name"]]
        self.run = [row for row in self.rows if row["level"]]
        listed = dict.fromkeys((row["file"], name) for row in lists for name in row["constructors"])
        self.left = [name for file, name in listed if results.get(file, name) is None]

    @property
    def files(self) -> int:
        return len({row["file"] for row in self.run})


def describe(folder: Path, given: argparse.Namespace) -> None:
    """Keep beside the results of a source what the document says of it."""
    options = ["--prepare", given.prepare] if given.prepare else []
    if given.models:
        options += ["--models", str(given.models)]
    elif given.files != [PATTERN]:
        options += ["--files", *given.files]
    described = {
        "commit": given.commit or commit_of(given.source),
        "options": options,
        "arguments": json.loads(given.arguments.read_text()) if given.arguments else {},
    }
    (folder / "source.json").write_text(json.dumps(described))


def commit_of(source: Path) -> str:
    """The commit of a checkout; "" where it is no git repository of its own."""
    if not (source / ".git").exists():
        return ""
    command = ["git", "-C", str(source), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def document(out: Path) -> str:
    """The whole text of docs/zoo.md, from the results of all sources below a folder."""
    sources = [Source(path.parent) for path in sorted(out.glob("*/source.json"))]
    introduction = INTRODUCTION.format(
        commands="\n".join(map(_command, sources)),
        arguments=_arguments(sources),
        to_paddle=TO_PADDLE,
        to_layer=TO_LAYER,
        fxtraced=fxtraced.__version__,
        torch=torch.__version__.split("+")[0],
        code=_code(sources),
    )
    parts = [introduction, "## Totals", _totals(sources)]
    failed = [row for source in sources for row in source.run if row["failure"]]
    if failed:
        parts += ["## Reasons", _reasons(failed), ON_REASONS]
    for source in sources:
        parts += [f"## Models of {source.name}", _models(source.run)]
    not_run = [row for source in sources for row in source.rows if not row["level"]]
    not_run += [row for source in sources for row in source.unread]
    if not_run:
        parts += ["## Not run", _not_run(not_run)]
    for source in sources:
        if source.left:
            parts += [
                f"## Left out of {source.name}",
                f"{len(source.left)}: {', '.join(f'`{x}`' for x in source.left)}",
            ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _command(source: Source) -> str:
    options = "".join(f" \\\n    {shlex.join(source.options)}" if source.options else "")
    return f"scripts/zoo --source {source.name} --paddle ~/paddle-env/bin/python{options}"


def _arguments(sources: list[Source]) -> str:
    """The keyword arguments of the constructors that were given some."""
    given: dict[str, Any] = {name: said for source in sources for name, said in source.arguments.items()}
    if not given:
        return ""
    lines = [f"    {name}: {json.dumps(said)}" for name, said in given.items()]
    return "\nThese constructors got arguments, by `--arguments`:\n\n" + "\n".join(lines)


def _code(sources: list[Source]) -> str:
    """Which commits of fxtraced gave the rows, where a row says so."""
    lines = []
    for source in sources:
        counts = Counter(row.get("code") for row in source.run)
        names = {None: "earlier commits", "": "code without a commit"}
        said = [f"{count} from {names.get(code, f'`{str(code)[:7]}`')}" for code, count in counts.most_common()]
        lines.append(f"- {source.name}: {', '.join(said)}")
    return "\n\nThe code of fxtraced that gave the rows:\n\n" + "\n".join(lines)


def _passed(row: Row) -> int:
    """How many levels a row has passed."""
    at = list(LEVELS).index(row["level"])
    return at if row["failure"] else at + 1


def _totals(sources: list[Source]) -> str:
    """A line a source, and one for all."""
    lines = [
        [source.name, f"`{source.commit[:12]}`" if source.commit else "", source.files, len(source.run)]
        + [sum(_passed(row) > i for row in source.run) for i in range(len(LEVELS))]
        for source in sources
    ]
    if len(lines) > 1:
        lines.append(["all", "", *(sum(line[i] for line in lines) for i in range(2, len(lines[0])))])
    table = _table(["source", "commit", "files", "constructors", *LEVELS], [list(map(str, line)) for line in lines])
    return "The numbers are those of the constructors that pass each level.\n\n" + table


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
    """Why models fail: the most frequent reasons first, each with its models."""
    reasons = Counter(_reason(row) for row in failed)
    lines = []
    for reason, count in reasons.most_common(REASONS):
        names = ", ".join(f"`{row['name']}`" for row in failed if _reason(row) == reason)
        lines.append([str(count), reason, names])
    said = f"The most frequent {len(lines)} of {len(reasons)}.\n\n" if len(reasons) > len(lines) else ""
    return said + _table(["models", "reason", "which"], lines)


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
    return line if len(line) <= 240 else line[:237] + "..."


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
