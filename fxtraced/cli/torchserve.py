"""`fxtraced torchserve`: an archive as a .mar file of TorchServe."""

from __future__ import annotations

import argparse
import json
import os
import re
import zipfile
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path
from typing import IO, Any

from fxtraced.cli.common import UsageError, add_model
from fxtraced.framework.files import write_atomically
from fxtraced.static.io import archive_path, read_archive_manifest

_HANDLER = "serve_handler.py"
_MODEL = "model.pt"
# The archiver whose format this is: TorchServe's last.
_ARCHIVER_VERSION = "0.12.0"


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "torchserve",
        help="write a .mar file for TorchServe",
        description="Writes STORE/NAME.mar: the archive, and a handler that takes and gives JSON objects of names and "
        "nested lists and needs nothing of fxtraced.",
        epilog="example: fxtraced torchserve saved_infer_model -o store --name resnet",
    )
    add_model(parser)
    parser.add_argument("-o", "--output", required=True, metavar="STORE", help="the model store")
    parser.add_argument("--name", default="model", help="of the model; model by default")
    parser.add_argument("--version", default="1.0", help="1.0 by default")
    parser.set_defaults(function=_torchserve)


def _torchserve(given: argparse.Namespace) -> int:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_\-.]*", given.name):
        raise UsageError(
            f"--name is letters, digits, '_', '-' and '.', a letter or digit first, but {given.name!r} was given"
        )
    manifest = read_archive_manifest(given.model)
    complex_ones = [x["name"] for x in [*manifest["feeds"], *manifest["fetches"]] if x["dtype"].startswith("complex")]
    if complex_ones:
        raise UsageError(f"requests and answers are JSON, which has no complex numbers for {complex_ones}")
    os.makedirs(given.output, exist_ok=True)
    path = os.path.join(given.output, f"{given.name}.mar")
    write_atomically(path, lambda file: _write(file, archive_path(given.model), given.name, given.version))
    print(path)
    return 0


def _write(file: IO[bytes], model: str, name: str, version: str) -> None:
    created = datetime.fromtimestamp(os.path.getmtime(model), timezone.utc).strftime("%d/%m/%Y %H:%M:%S")
    described = {"modelName": name, "serializedFile": _MODEL, "handler": _HANDLER, "modelVersion": version}
    manifest = {
        "createdOn": created,
        "runtime": "python",
        "model": described,
        "archiverVersion": _ARCHIVER_VERSION,
    }
    entries = {
        "MAR-INF/MANIFEST.json": json.dumps(manifest, indent=2).encode(),
        _HANDLER: resources.files("fxtraced.cli").joinpath(_HANDLER).read_bytes(),
        _MODEL: Path(model).read_bytes(),
    }
    with zipfile.ZipFile(file, "w") as mar:
        for entry, content in entries.items():
            # Without the time of writing: one archive gives one file.
            mar.writestr(zipfile.ZipInfo(entry), content)
