"""`fxtraced compare`: two archives on the same inputs."""

from __future__ import annotations

import argparse
from typing import Any

from fxtraced.cli.common import UsageError, add_device, add_model, predictor_of, read_feeds
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.compare import difference


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare",
        help="compare two archives on the same inputs",
        description="Runs both on the first one's sample, or on the given inputs. Exit code 1 when an output differs "
        "by more than the tolerance.",
        epilog="example: fxtraced compare before after --tolerance 1e-4",
    )
    add_model(parser, "first")
    add_model(parser, "second")
    parser.add_argument("--feed", action="append", default=[], metavar="NAME=FILE.npy", help="an input")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of each output's scale; 1e-5 by default")
    add_device(parser)
    parser.set_defaults(function=_compare)


def _compare(given: argparse.Namespace) -> int:
    first, second = (predictor_of(model, given.device) for model in (given.first, given.second))
    for kind, ours, theirs in (
        ("inputs", first.get_input_names(), second.get_input_names()),
        ("outputs", first.get_output_names(), second.get_output_names()),
    ):
        if ours != theirs:
            raise UsageError(
                f"{given.first} has the {kind} {ours}, {given.second} has {theirs}: they cannot be compared"
            )
    feeds = read_feeds(first, given.feed)
    results = [predictor.run([x.clone() for x in feeds]) or [] for predictor in (first, second)]
    differs = False
    for name, one, other in zip(first.get_output_names(), *results, strict=True):
        apart = difference(plain(one), plain(other), given.tolerance, 0.0)
        print(f"{name}: {apart}")
        differs = differs or apart.too_large
    return 1 if differs else 0
