"""What several commands share: arguments, feeds from files, tables."""

from __future__ import annotations

import argparse
import os
from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FeedError
from fxtraced.inference import Config, Predictor, create_predictor


class UsageError(Exception):
    """The command line asks for something that cannot be: exit code 2."""


def add_model(parser: argparse.ArgumentParser, name: str = "model") -> None:
    """The argument that names an archive."""
    parser.add_argument(name, metavar=name.upper(), help="the directory of a saved model, or its model.pt")


def add_device(parser: argparse.ArgumentParser) -> None:
    """--device."""
    parser.add_argument("--device", default="cpu", help="cpu (default), gpu or gpu:N")


def predictor_of(model: str, device: str = "cpu") -> Predictor:
    """A predictor for an archive. Raises UsageError for a device that is none."""
    config = Config(model)
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "gpu", "cuda") or (index and not index.isdigit()):
        raise UsageError(f"--device is cpu, gpu or gpu:N, but {device!r} was given")
    if kind != "cpu":
        config.enable_use_gpu(100, int(index or 0))
    return create_predictor(config)


def read_feeds(predictor: Predictor, given: list[str]) -> list[torch.Tensor]:
    """The inputs in order from NAME=FILE.npy arguments, or the archive's sample without any.

    Raises UsageError for a missing or unknown one, FeedError for a file that holds no array.
    """
    names = predictor.get_input_names()
    if not given:
        sample = predictor.sample()
        if sample is None:
            raise UsageError(f"the archive has no sample: give --feed NAME=FILE.npy for each of {names}")
        return sample
    arrays: dict[str, Any] = {}
    for argument in given:
        name, equals, path = argument.partition("=")
        if not equals or name not in names:
            raise UsageError(f"--feed is NAME=FILE.npy with a NAME of {names}, but {argument!r} was given")
        arrays[name] = _array(path)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise UsageError(f"--feed is missing for {missing}")
    return [torch.from_numpy(np.ascontiguousarray(arrays[name])).to(predictor.device()) for name in names]


def _array(path: str) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = (
            os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is no .npy file of numbers"
        )
        raise FeedError(f"FXT301 {path} cannot be read: {reason}. numpy.save writes such files") from error
    if not isinstance(array, np.ndarray):
        raise FeedError(f"FXT301 {path} holds several arrays: numpy.save writes a file of one")
    return array


def table(rows: list[list[str]]) -> str:
    """Rows as aligned columns; what looks like a number is set to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [x.rjust(w) if x[:1].isdigit() else x.ljust(w) for x, w in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
