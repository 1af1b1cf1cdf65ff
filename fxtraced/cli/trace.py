"""`fxtraced trace`: from a layer in a module to an archive."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from typing import Any

import torch

from fxtraced.cli.common import UsageError
from fxtraced.compat import install_as_paddle
from fxtraced.framework.dtype import convert_dtype
from fxtraced.framework.io import load
from fxtraced.jit import TracedLayer
from fxtraced.static.manifest import TARGETS
from fxtraced.tensor.tensor import as_tensor

_INPUT = re.compile(r"(?:(?P<name>\w+)=)?(?P<shape>\d+(?:x\d+)*|scalar)(?::(?P<dtype>\w+))?(?::(?P<range>[^:]+))?")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "trace",
        help="trace a layer and save it",
        description="Imports MODULE (from the current directory, too), calls FACTORY for a layer, puts it into "
        "inference mode, traces it on random inputs, verifies the graph and saves it.",
        epilog="example: fxtraced trace models:build --input x=1x3x224x224 --input ids=1x16:int64:0..100 -o DIR",
    )
    parser.add_argument("target", metavar="MODULE:FACTORY", help="a function or class that gives a layer, or a layer")
    parser.add_argument(
        "--input", action="append", default=[], required=True, metavar="NAME=SHAPE:DTYPE:LOW..HIGH",
        help="one for each argument of forward, in order; NAME, DTYPE (float32) and the range of values (0..1) may be "
        "left out",
    )  # fmt: skip
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="the directory of the archive")
    parser.add_argument("--weights", metavar="FILE", help="a .pdparams file for the layer")
    parser.add_argument("--as-paddle", action="store_true", help="the module imports paddle: give it fxtraced")
    parser.add_argument("--no-verify", action="store_true", help="do not compare the graph with the layer")
    parser.add_argument("--no-sample", action="store_true", help="keep no sample of the inputs in the archive")
    parser.add_argument(
        "--target", dest="archive_target", default="portable", choices=TARGETS,
        help="cpu: lower the graph for CPUs like this one; the archive loads on a CPU only. cuda: lower it for GPUs; "
        "the archive is right on a CPU, too",
    )  # fmt: skip
    parser.add_argument("--dtype", choices=["float16", "bfloat16"], help="store weights and calculate products in it")
    parser.set_defaults(function=_trace)


def _trace(given: argparse.Namespace) -> int:
    inputs = [read_input(text) for text in given.input]
    layer = _layer(given.target, given.as_paddle)
    if given.weights:
        missing, unexpected = layer.set_state_dict(load(given.weights))
        if missing or unexpected:
            raise UsageError(f"{given.weights} does not fit: missing {missing}, unexpected {unexpected}")
    layer.eval()
    static = TracedLayer.trace(layer, [x for _, x in inputs], verify=not given.no_verify)[1]
    names = static.program.feed_names
    wrong = [(name, own) for (name, _), own in zip(inputs, names, strict=True) if name not in (None, own)]
    if wrong:
        raise UsageError(f"forward calls its inputs {names}, but --input has {[name for name, _ in wrong]}")
    target, dtype = given.archive_target, given.dtype
    static.save_inference_model(given.output, sample=not given.no_sample, target=target, dtype=dtype)
    print(static.report if static.report is not None else "not verified")
    print(f"saved {os.path.join(given.output, 'model.pt')}")
    return 0


def _layer(target: str, as_paddle: bool) -> Any:
    module_name, colon, name = target.partition(":")
    if not colon:
        raise UsageError(f"MODULE:FACTORY is wanted, but {target!r} was given")
    if as_paddle:
        install_as_paddle()
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # what the module itself imports
        raise UsageError(f"there is no module {error.name!r} here or on PYTHONPATH") from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{target}: {getattr(found, '__name__', found)} has no {part!r}")
        found = getattr(found, part)
    layer = found if isinstance(found, torch.nn.Module) else found()
    if not isinstance(layer, torch.nn.Module):
        raise UsageError(f"{target} gives a {type(layer)}, and a layer is wanted")
    return layer


def read_input(text: str) -> tuple[str | None, torch.Tensor]:
    """The name and a random tensor for NAME=SHAPE:DTYPE:LOW..HIGH, the same every time. Raises UsageError."""
    match = _INPUT.fullmatch(text)
    low, dots, high = (match["range"] or "0..1").partition("..") if match else ("", "", "")
    try:
        if match is None or not dots:
            raise ValueError
        dtype, least, most = convert_dtype(match["dtype"] or "float32"), float(low), float(high)
    except (TypeError, ValueError):
        raise UsageError(f"--input is NAME=2x3:float32:0..1, but {text!r} was given") from None
    shape = [] if match["shape"] == "scalar" else [int(x) for x in match["shape"].split("x")]
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    whole = not (dtype.is_floating_point or dtype.is_complex)
    values = torch.floor(least + drawn * (most - least + 1)) if whole else least + drawn * (most - least)
    return match["name"], as_tensor(values.to(dtype))
