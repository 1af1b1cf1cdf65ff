"""`python -m fxtraced run SCRIPT ARGS...` runs a script that imports paddle, with fxtraced in its place."""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from fxtraced.compat import install_as_paddle


def main(arguments: list[str] | None = None) -> int:
    """Returns 2 for wrong arguments and for a script that is not there; else what the script ends with."""
    parser = argparse.ArgumentParser(prog="python -m fxtraced", description="Paddle's API on PyTorch.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a script that imports paddle, with fxtraced in its place")
    run.add_argument("script", help="a Python file")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="the script's own arguments")
    given = parser.parse_args(arguments)
    if not os.path.isfile(given.script):
        print(f"{parser.prog} run: there is no file {given.script}", file=sys.stderr)
        return 2
    install_as_paddle()
    sys.argv = [given.script, *given.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(given.script)))
    runpy.run_path(given.script, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
