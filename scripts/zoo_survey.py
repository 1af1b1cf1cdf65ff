"""Going through the constructors of a checkout: a process for each, and results that a later run goes on from."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zoo_source import Checkout

Row = dict[str, Any]
PATTERN = "ppcls/arch/backbone/*/*.py"


def parser(description: str) -> argparse.ArgumentParser:
    """The arguments that both sides take."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--source", type=_path, required=True, metavar="CHECKOUT", help="a checkout of the repository")
    made.add_argument(
        "--files", nargs="+", default=[PATTERN], metavar="GLOB", help=f"model files in it (default: {PATTERN})"
    )
    made.add_argument(
        "--models", type=_path, metavar="FILE.py", help="instead of --files: its functions build models of the checkout"
    )
    made.add_argument("--each", type=int, default=1000, metavar="N", help="only the first N constructors of each file")
    made.add_argument("--only", nargs="+", metavar="NAME", help="only these constructors, again if they have a result")
    made.add_argument("--arguments", type=_path, metavar="FILE.json", help="{constructor: {argument: value}}")
    made.add_argument("--weights", type=_path, metavar="DIR", help="has <constructor>.pdparams; others come from seeds")
    made.add_argument("--prepare", default="", metavar="PYTHON", help="is run before a model file is imported")
    made.add_argument("--limit", type=float, default=900, metavar="SECONDS", help="for one constructor (default: 900)")
    made.add_argument("--out", type=_path, default=".zoo", metavar="DIR", help="results by source (default: .zoo)")
    return made


def _path(text: str) -> Path:
    """Absolute: the processes stand elsewhere."""
    return Path(text).absolute()


def checkout(given: argparse.Namespace) -> Checkout:
    arguments = json.loads(given.arguments.read_text()) if given.arguments else {}
    found = Checkout(given.source, given.files, arguments, given.weights, given.prepare, given.models)
    if not found.files:
        raise SystemExit(f"zoo: no file in {given.source} matches {' '.join(given.files)}")
    return found


def folder(given: argparse.Namespace, source: Checkout) -> Path:
    """Where the results of a source go."""
    made = given.out / source.root.name
    made.mkdir(parents=True, exist_ok=True)
    return made


class Results:
    """Rows in a file, one JSON object a line; the last row of a constructor counts. A file's list has the name ""."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows: dict[tuple[str, str], Row] = {}
        for row in map(json.loads, lines):
            self.rows[row["file"], row["name"]] = row

    def add(self, row: Row) -> None:
        self.rows[row["file"], row["name"]] = row
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def get(self, file: str, name: str) -> Row | None:
        return self.rows.get((file, name))


def survey(
    given: argparse.Namespace,
    source: Checkout,
    results: Results,
    listed: Callable[[str], list[str] | None],
    examine: Callable[[str, str], Iterator[Row]],
) -> None:
    """Examine the constructors: the first of every file, then the second, and so on.

    listed(file): its constructors where they are known already. examine(file, name): yields the row again and again
    while it grows, so that a crash leaves what was known.
    """
    for file in source.files:
        if listed(file) is None and results.get(file, "") is None:
            row, failure = in_a_child(lambda file=file: _list(source, file), given.limit, results.path)
            results.add({"file": file, "name": "", "constructors": [], **row, **failure})
    names = {file: listed(file) or results.rows.get((file, ""), {}).get("constructors", []) for file in source.files}
    todo = [
        (file, names[file][turn])
        for turn in range(min(given.each, max(map(len, names.values()))))
        for file in source.files
        if turn < len(names[file])
    ]
    if given.only:
        todo = [(file, name) for file, name in todo if name in given.only]
    else:
        todo = [(file, name) for file, name in todo if results.get(file, name) is None]
    for i, (file, name) in enumerate(todo):
        started = time.monotonic()
        row, failure = in_a_child(lambda file=file, name=name: examine(file, name), given.limit, results.path)
        row = {"file": file, "name": name, **row, **failure}
        if "failure" in row:
            row["failure"] = row["failure"].replace(f"{source.root}/", "")
        results.add(row)
        seconds = time.monotonic() - started
        said = (row.get("failure") or "ok").splitlines()[0]
        print(f"[{i + 1}/{len(todo)}] {results.path.stem} {file} {name}: {said} ({seconds:.0f} s)", flush=True)


def _list(source: Checkout, file: str) -> Iterator[Row]:
    yield {"constructors": source.constructors(file)}


def in_a_child(rows: Callable[[], Iterator[Row]], limit: float, log: Path) -> tuple[Row, Row]:
    """The last row that a forked process yields, and {"failure": why} when it ended otherwise than it should.

    What the process prints goes to a file beside log.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _be_the_child(rows, writing, log.with_suffix(".log"))
    os.close(writing)
    text, ended = _read(reading, time.monotonic() + limit)
    if not ended:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    *_, last = [{}, *map(json.loads, text.decode().rpartition("\n")[0].splitlines())]
    if not ended:
        return last, {"failure": f"not done after {limit:g} s"}
    if os.WIFSIGNALED(status):
        return last, {"failure": f"the process died of {signal.Signals(os.WTERMSIG(status)).name}"}
    if status:
        return last, {"failure": f"the process ended with status {os.waitstatus_to_exitcode(status)}"}
    return last, {}


def _read(pipe: int, until: float) -> tuple[bytes, bool]:
    """What comes through a pipe, and whether it was closed in time."""
    text = b""
    with os.fdopen(pipe, "rb", buffering=0) as file:
        while select.select([file], [], [], max(0.0, until - time.monotonic()))[0]:
            part = file.read(65536)
            if not part:
                return text, True
            text += part
    return text, False


def _be_the_child(rows: Callable[[], Iterator[Row]], pipe: int, log: Path) -> None:
    # Model code may write where it stands.
    os.chdir(log.parent)
    with log.open("a") as said, os.fdopen(pipe, "w", buffering=1) as out:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        row: Row = {}
        try:
            for row in rows():
                print(json.dumps(row), file=out)
        except BaseException as error:
            traceback.print_exc()
            print(json.dumps({**row, "failure": f"{type(error).__name__}: {error}"}), file=out)
        sys.stdout.flush()
        os._exit(0)
