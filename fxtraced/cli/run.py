"""`fxtraced run`: an archive on arrays from files; or a script that imports paddle."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from typing import Any

import numpy as np

from fxtraced.cli.common import UsageError, add_device, predictor_of, read_feeds
from fxtraced.compat import install_as_paddle


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="run an archive on .npy files, or a script that imports paddle",
        description="With a saved model: run it and write its outputs. With a Python file: run it with fxtraced in "
        "paddle's place, and the rest of the line as its arguments.",
        epilog="examples: fxtraced run saved_infer_model --feed x=x.npy -o results; fxtraced run predict.py --size 3",
    )
    parser.add_argument("target", metavar="TARGET", help="the directory of a saved model, its model.pt, or a .py file")
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, metavar="...", help="--feed NAME=FILE.npy, -o DIR, --device; a script's own"
    )
    parser.set_defaults(function=_run)


def _run(given: argparse.Namespace) -> int:
    if given.target.endswith(".py"):
        if not os.path.isfile(given.target):
            raise UsageError(f"there is no file {given.target}")
        # The script's errors are its own: they come with their traceback.
        given.debug = True
        return _run_script(given.target, given.rest)
    parser = argparse.ArgumentParser(prog=f"fxtraced run {given.target}")
    parser.add_argument(
        "--feed", action="append", default=[], metavar="NAME=FILE.npy", help="an input; the sample's without any"
    )
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="each output is written to DIR/NAME.npy")
    add_device(parser)
    return _run_archive(given.target, parser.parse_args(given.rest))


def _run_script(path: str, arguments: list[str]) -> int:
    install_as_paddle()
    sys.argv = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    runpy.run_path(path, run_name="__main__")
    return 0


def _run_archive(model: str, options: argparse.Namespace) -> int:
    predictor = predictor_of(model, options.device)
    results = predictor.run(read_feeds(predictor, options.feed)) or []
    os.makedirs(options.output, exist_ok=True)
    for name, result in zip(predictor.get_output_names(), results, strict=True):
        path = os.path.join(options.output, f"{name}.npy")
        np.save(path, result.numpy(), allow_pickle=False)
        print(f"{path}  {str(result.dtype).removeprefix('torch.')}{list(result.shape)}")
    return 0
