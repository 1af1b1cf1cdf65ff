"""Random initializers: Normal, TruncatedNormal, Uniform, Xavier and Kaiming. The numbers are torch's, not Paddle's."""

from __future__ import annotations

import math

import torch

from fxtraced.nn.initializer.initializer import Initializer, calculate_gain, fans


class Normal(Initializer):
    """Normal values of this mean and standard deviation."""

    def __init__(self, mean: float = 0.0, std: float = 1.0, name: str | None = None):
        self._mean, self._std = mean, std

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        return torch.randn(shape, device=device) * self._std + self._mean


class TruncatedNormal(Initializer):
    """Normal values, drawn again until they lie within two standard deviations."""

    def __init__(self, mean: float = 0.0, std: float = 1.0, name: str | None = None):
        self._mean, self._std = mean, std

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        low, high = (0.5 * (1 + math.erf(bound / math.sqrt(2.0))) for bound in (-2.0, 2.0))
        quantile = torch.rand(shape, device=device) * (high - low) + low
        normal = torch.clamp(torch.special.ndtri(quantile), -2.0, 2.0)
        return normal * self._std + self._mean


class Uniform(Initializer):
    """Uniform values in [low, high)."""

    def __init__(self, low: float = -1.0, high: float = 1.0, name: str | None = None):
        if high < low:
            raise ValueError(f"Uniform: high must be greater or equal than low, but received low={low}, high={high}")
        self._low, self._high = low, high

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        return torch.rand(shape, device=device) * (self._high - self._low) + self._low


class _Xavier(Initializer):
    def __init__(self, fan_in: float | None = None, fan_out: float | None = None, name: str | None = None):
        self._fan_in, self._fan_out = fan_in, fan_out

    def _std(self, shape: tuple[int, ...]) -> float:
        fan_in, fan_out = fans(shape)
        total = (self._fan_in if self._fan_in is not None else fan_in) + (
            self._fan_out if self._fan_out is not None else fan_out
        )
        return math.sqrt(2.0 / total)


class XavierNormal(_Xavier):
    """Normal values of standard deviation sqrt(2 / (fan_in + fan_out))."""

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        return Normal(0.0, self._std(shape)).values(shape, device)


class XavierUniform(_Xavier):
    """Uniform values within sqrt(6 / (fan_in + fan_out))."""

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        limit = math.sqrt(3.0) * self._std(shape)
        return Uniform(-limit, limit).values(shape, device)


class _Kaiming(Initializer):
    def __init__(self, fan_in: float | None = None, negative_slope: float = 0.0, nonlinearity: str = "relu"):
        self._fan_in, self._negative_slope, self._nonlinearity = fan_in, negative_slope, nonlinearity

    def _std(self, shape: tuple[int, ...]) -> float:
        fan_in = fans(shape)[0] if self._fan_in is None else self._fan_in
        return calculate_gain(self._nonlinearity, self._negative_slope) / math.sqrt(fan_in)


class KaimingNormal(_Kaiming):
    """Normal values of standard deviation gain / sqrt(fan_in)."""

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        return Normal(0.0, self._std(shape)).values(shape, device)


class KaimingUniform(_Kaiming):
    """Uniform values within gain * sqrt(3 / fan_in)."""

    def values(self, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
        limit = math.sqrt(3.0) * self._std(shape)
        return Uniform(-limit, limit).values(shape, device)
