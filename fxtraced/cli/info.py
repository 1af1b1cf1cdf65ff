"""`fxtraced info`: what an archive says of itself, without loading the model."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from fxtraced.cli.common import add_model
from fxtraced.static.io import archive_path, read_archive_manifest


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "info",
        help="show feeds, fetches, guards, operations, size and versions of an archive",
        description="Every bit of the file is checked against its content hash; the model is not loaded.",
        epilog="example: fxtraced info saved_infer_model --json",
    )
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="the whole manifest as JSON")
    parser.set_defaults(function=_info)


def _info(given: argparse.Namespace) -> int:
    manifest = read_archive_manifest(given.model)
    path = archive_path(given.model)
    size = os.path.getsize(path)
    if given.json:
        print(json.dumps({**manifest, "path": path, "bytes": size}, indent=1))
        return 0
    print(f"{path}: {size:,} bytes, format {manifest['format']}, fxtraced {manifest['fxtraced']}, "
          f"torch {manifest['torch']}")  # fmt: skip
    print(f"content hash: sha256 {manifest['content_hash']}")
    print(f"parameters: {manifest['parameters']:,}")
    for kind in ("feeds", "fetches"):
        print(f"{kind}:")
        for entry in manifest[kind]:
            print(f"  {entry['name']}: {entry['dtype']}{entry['shape']}")
    print(f"guards: {len(manifest['guards'])}")
    for guard in manifest["guards"]:
        print(f"  {guard['text']}  ({guard['source']})")
    operations = ", ".join(f"{name} {count}" for name, count in manifest["operations"].items())
    print(f"operations: {operations}")
    print(f"precision: {manifest.get('precision', 'float32')}")
    for name, value in manifest.get("precision_difference", {}).items():
        print(f"  {name}: {value:.3g} of its scale from float32")
    print(f"sample: {manifest['sample']}")
    print("verified:" if manifest["verified"] else "verified: no")
    for line in manifest["verified"]:
        print(f"  {line}")
    return 0
