"""Unique names of layers and parameters: linear_0, linear_0.w_0, as Paddle counts them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import torch

_counts: Counter[str] = Counter()
_prefix = ""


def unique_name(prefix: str) -> str:
    """prefix_0, prefix_1, ... in the order of the calls."""
    number = _counts[prefix]
    _counts[prefix] += 1
    return f"{_prefix}{prefix}_{number}"


def snake_case(name: str) -> str:
    """Paddle's spelling of a class in names: BatchNorm2D -> batch_norm2d, PReLU -> p_re_lu."""
    partly = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", partly).lower()


def parameter_name(parameter: torch.Tensor, default: str = "") -> Any:
    """The name that the parameter got when it was made."""
    return parameter.__dict__.get("_name") or default
