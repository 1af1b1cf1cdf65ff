"""Run the model code of a checkout as it stands, and write what came of it to docs/zoo.md.

    scripts/zoo --source CHECKOUT [--paddle PYTHON] [--each N] [--out DIR] ...

Each constructor is built, filled with weights, run, traced, verified, called with another batch, saved, loaded and run
in C++, in a process of its own. With --paddle, a Python that has paddlepaddle 2.6.2, the same goes through real Paddle
first and is compared. Results are kept in --out, and the next run goes on from there; the document has those of all
sources in it (--each 0 writes it without a run). Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from zoo_levels import Trial, examine
from zoo_source import Checkout
from zoo_survey import Results, Row, checkout, folder, parser, survey
from zoo_table import commit_of, describe, document

import fxtraced
from fxtraced import sysconfig

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    made = parser(__doc__ or "")
    made.add_argument("--paddle", metavar="COMMAND", help="a Python with real Paddle, to record the reference first")
    made.add_argument("--no-cpp", action="store_true", help="leave out the runs in C++")
    made.add_argument("--commit", help="of the source, where it is a tree without .git")
    made.add_argument("--document", type=Path, default=HERE.parent / "docs" / "zoo.md", metavar="FILE")
    return made.parse_args()


def record_reference(command: str) -> None:
    """Run scripts/zoo_reference.py under another Python, with the arguments of this run."""
    subprocess.run([*shlex.split(command), str(HERE / "zoo_reference.py"), *sys.argv[1:]], check=True)


def main() -> None:
    given = arguments()
    source = checkout(given)
    if given.paddle:
        record_reference(given.paddle)
    out = folder(given, source)
    reference = Results(out / "reference.jsonl")
    results = Results(out / "results.jsonl")
    program = None if given.no_cpp else sysconfig.build_examples(given.out / "build", verbose=False)["predict"]
    archive = out / "archive"
    archive.mkdir(exist_ok=True)
    code = commit_of(HERE.parent)
    torch.set_num_threads(1)
    fxtraced.install_as_paddle()
    survey(
        given,
        source,
        results,
        lambda file: (reference.get(file, "") or {}).get("constructors"),
        lambda file, name: (
            {**row, "code": code} for row in judged(source, file, name, reference.get(file, name), program, archive)
        ),
    )
    describe(out, given)
    given.document.write_text(document(given.out))
    print(f"wrote {given.document}")


def judged(
    source: Checkout, file: str, name: str, reference: Row | None, program: Path | None, archive: Path
) -> Iterator[Row]:
    if reference and "failure" in reference:
        yield {"level": "", "failure": f"under Paddle: {reference['failure']}"}
        return
    yield from examine(Trial(source, file, name, reference, program, archive))


if __name__ == "__main__":
    main()
