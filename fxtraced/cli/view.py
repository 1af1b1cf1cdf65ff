"""`fxtraced view`: the graph in Netron, or as an SVG file."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
from typing import Any

from fxtraced.cli.common import add_model
from fxtraced.cli.drawing import drawing_of
from fxtraced.framework.files import write_atomically
from fxtraced.static.io import archive_path, load_inference_model


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "view",
        help="open the graph in Netron, or draw it into an SVG file",
        description="Opens Netron where it is installed (pip install netron) until Ctrl-C; otherwise, or with -o, "
        "writes an SVG.",
        epilog="example: fxtraced view saved_infer_model -o graph.svg",
    )
    add_model(parser)
    parser.add_argument("-o", "--output", metavar="FILE.svg", help="draw into this file")
    parser.set_defaults(function=_view)


def _view(given: argparse.Namespace) -> int:
    if given.output is None and importlib.util.find_spec("netron") is not None:
        netron = importlib.import_module("netron")
        netron.start(archive_path(given.model))
        print("Ctrl-C ends it", flush=True)
        netron.wait()  # its server ends with this process
        return 0
    output = given.output or "graph.svg"
    os.makedirs(os.path.dirname(output) or ".", exist_ok=True)
    drawing = drawing_of(load_inference_model(given.model)[0].operations())
    write_atomically(output, lambda file: file.write(drawing.encode()))
    print(output)
    return 0
