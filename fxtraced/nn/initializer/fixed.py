"""Initializers without chance (Constant, Assign, Dirac, Bilinear), and Orthogonal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fxtraced.nn.initializer.initializer import Initializer


class Constant(Initializer):
    """One value everywhere: a number or its text ("0.5")."""

    def __init__(self, value: float | str = 0.0):
        self._value = float(value) if isinstance(value, str) else value

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        return torch.full(shape, self._value, device=device)


class Assign(Initializer):
    """The given array, list or tensor. The parameter takes its shape, whatever shape it was made with."""

    def __init__(self, value: Any, name: str | None = None):
        self._value = value

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        value = self._value
        return value.detach() if isinstance(value, torch.Tensor) else torch.as_tensor(np.asarray(value))


class Orthogonal(Initializer):
    """A (semi-)orthogonal matrix times gain; a filter counts as [shape[0], rest]."""

    def __init__(self, gain: float = 1.0, name: str | None = None):
        self._gain = gain

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: the parameter needs 2 or more dimensions, but its shape is {list(shape)}")
        rows, columns = shape[0], math.prod(shape[1:])
        q, r = torch.linalg.qr(torch.randn(max(rows, columns), min(rows, columns), device=device))
        q = q * torch.sign(torch.diagonal(r))
        return torch.reshape(q if rows >= columns else torch.t(q), shape) * self._gain


class Dirac(Initializer):
    """The identity of a convolution, per group: filters of 3 to 5 dimensions."""

    def __init__(self, groups: int = 1, name: str | None = None):
        if not isinstance(groups, int) or groups <= 0:
            raise ValueError(f"Dirac: groups must be a positive integer, but received {groups!r}")
        self._groups = groups

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        if len(shape) not in (3, 4, 5) or shape[0] % self._groups:
            raise ValueError(
                f"Dirac: needs 3 to 5 dimensions and a first one divisible by groups={self._groups}, "
                f"but the shape is {list(shape)}"
            )
        filters = torch.zeros(shape, device=device)
        size = shape[0] // self._groups
        centre = tuple(d // 2 for d in shape[2:])
        for group in range(self._groups):
            for channel in range(min(size, shape[1])):
                filters[(group * size + channel, channel, *centre)] = 1.0
        return filters


class Bilinear(Initializer):
    """The filters of bilinear upsampling by a transposed convolution, [out, in, k, k]."""

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        if len(shape) != 4 or shape[2] != shape[3]:
            raise ValueError(f"Bilinear: the shape must be [out, in, k, k], but is {list(shape)}")
        size = shape[3]
        factor = math.ceil(size / 2.0)
        centre = (2 * factor - 1 - factor % 2) / (2.0 * factor)
        index = np.arange(math.prod(shape))
        # Paddle's row coordinate is a true quotient: i / size % size, not i // size % size.
        across, down = index % size, index / size % size
        weights = (1 - np.abs(across / factor - centre)) * (1 - np.abs(down / factor - centre))
        return torch.as_tensor(weights.reshape(shape).astype("float32"), device=device)
