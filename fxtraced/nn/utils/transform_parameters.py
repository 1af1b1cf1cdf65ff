"""Parameters as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch


def parameters_to_vector(parameters: Iterable[Any], name: str | None = None) -> Any:
    """All parameters, flat, one after the other."""
    return torch.cat([torch.reshape(parameter, [-1]) for parameter in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Any], name: str | None = None) -> None:
    """Copy the pieces of a vector into the parameters."""
    start = 0
    with torch.no_grad():
        for parameter in parameters:
            size = math.prod(parameter.shape)
            piece = torch.narrow(vec, 0, start, size)
            torch.Tensor.copy_(parameter, torch.reshape(piece, tuple(parameter.shape)))
            start += size
