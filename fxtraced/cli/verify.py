"""`fxtraced verify`: an archive's self-test."""

from __future__ import annotations

import argparse
from typing import Any

from fxtraced.cli.common import UsageError, add_device, add_model, predictor_of


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "verify",
        help="run the sample in an archive and compare",
        description="Runs the archive's sample and compares with what the model gave when it was saved. Exit code 1 "
        "when it differs, 2 when the archive has no sample.",
        epilog="example: fxtraced verify saved_infer_model --device gpu:0",
    )
    add_model(parser)
    add_device(parser)
    parser.add_argument("--tolerance", type=float, help="of each output's scale; 1e-4 by default")
    parser.set_defaults(function=_verify)


def _verify(given: argparse.Namespace) -> int:
    predictor = predictor_of(given.model, given.device)
    differences = predictor.self_test(given.tolerance)
    if differences is None:
        raise UsageError(f"{given.model} has no sample: {predictor.manifest()['sample']}")
    for name, difference in differences.items():
        print(f"{name}: largest difference {difference:.3g} of its scale")
    return 0
