"""`fxtraced triton`: an archive as a model of NVIDIA Triton's PyTorch backend."""

from __future__ import annotations

import argparse
import os
import shutil
from typing import Any

from fxtraced.cli.common import UsageError, add_model
from fxtraced.framework.files import write_atomically
from fxtraced.static.io import archive_path, read_archive_manifest

_TYPES = {
    "bool": "TYPE_BOOL",
    "uint8": "TYPE_UINT8",
    "int8": "TYPE_INT8",
    "int16": "TYPE_INT16",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "float16": "TYPE_FP16",
    "bfloat16": "TYPE_BF16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "triton",
        help="write a Triton model repository",
        description="Writes REPO/NAME/config.pbtxt and REPO/NAME/1/model.pt for the PyTorch backend, whose names are "
        "NAME__POSITION. With --max-batch the first axis of every input and output is Triton's batch.",
        epilog="example: fxtraced triton saved_infer_model -o repository --name resnet --max-batch 8",
    )
    add_model(parser)
    parser.add_argument("-o", "--output", required=True, metavar="REPO", help="the model repository")
    parser.add_argument("--name", default="model", help="of the model; model by default")
    parser.add_argument("--version", type=int, default=1, help="1 by default")
    parser.add_argument("--max-batch", type=int, default=0, metavar="N", help="rows that Triton may run together")
    parser.set_defaults(function=_triton)


def _triton(given: argparse.Namespace) -> int:
    manifest = read_archive_manifest(given.model)
    text = config_text(given.name, manifest, given.max_batch)
    directory = os.path.join(given.output, given.name)
    version = os.path.join(directory, str(given.version))
    os.makedirs(version, exist_ok=True)

    def copy(file: Any) -> None:
        with open(archive_path(given.model), "rb") as source:
            shutil.copyfileobj(source, file)

    write_atomically(os.path.join(version, "model.pt"), copy)
    write_atomically(os.path.join(directory, "config.pbtxt"), lambda file: file.write(text.encode()))
    print(os.path.join(directory, "config.pbtxt"))
    print(os.path.join(version, "model.pt"))
    return 0


def config_text(name: str, manifest: dict[str, Any], max_batch: int) -> str:
    """The text of config.pbtxt. Raises UsageError where a batch or a dtype cannot be said."""
    entries = [("input", i, entry) for i, entry in enumerate(manifest["feeds"])]
    entries += [("output", i, entry) for i, entry in enumerate(manifest["fetches"])]
    fixed = [entry["name"] for _, _, entry in entries if not entry["shape"] or entry["shape"][0] != -1]
    if max_batch and fixed:
        raise UsageError(f"--max-batch needs a free first axis of every input and output, and that of {fixed} is not")
    unknown = [entry["name"] for _, _, entry in entries if entry["dtype"] not in _TYPES]
    if unknown:
        raise UsageError(f"Triton has no type for {unknown}")
    lines = [f'name: "{name}"', 'platform: "pytorch_libtorch"', f"max_batch_size: {max_batch}"]
    for kind, i, entry in entries:
        dims = entry["shape"][1:] if max_batch else entry["shape"]
        # Triton has no tensors without dimensions: they are reshaped from one of one element.
        reshape = "" if dims else "\n  reshape: { shape: [ ] }"
        lines.append(
            f'{kind} {{\n  name: "{entry["name"]}__{i}"\n  data_type: {_TYPES[entry["dtype"]]}\n'
            f"  dims: [ {', '.join(map(str, dims or [1]))} ]{reshape}\n}}"
        )
    return "\n".join([*lines, ""])
