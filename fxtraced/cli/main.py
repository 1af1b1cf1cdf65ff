"""`fxtraced COMMAND`: the parser, and errors as one line."""

from __future__ import annotations

import argparse
import sys

from fxtraced.cli import bench, compare, info, port, run, torchserve, trace, triton, verify, view
from fxtraced.cli.common import UsageError
from fxtraced.inference import get_version

_COMMANDS = (trace, info, run, verify, bench, compare, port, triton, torchserve, view)
_WRONG_USE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns 0, 1 when a model or file is wrong, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="fxtraced",
        description="Paddle's API on PyTorch: trace models, and look at, run and measure archives.",
        epilog="Exit codes: 0 done, 1 a model or file is wrong, 2 wrong arguments. Every command has --help.",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("--version", action="version", version=", ".join(get_version().splitlines()))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.function(given) or 0)
    except BrokenPipeError:
        return 0
    except Exception as error:
        if given.debug:
            raise
        print(f"fxtraced {given.command}: {_text(error)}", file=sys.stderr)
        return _WRONG_USE if isinstance(error, UsageError | argparse.ArgumentTypeError) else 1


def _text(error: Exception) -> str:
    """An error of ours speaks for itself; of another the type says what it is."""
    text = str(error).strip()
    return text if text.startswith("FXT") or isinstance(error, UsageError) else f"{type(error).__name__}: {text}"
