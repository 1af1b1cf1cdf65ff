"""Weight decay: L1Decay and L2Decay (paddle.regularizer)."""

from __future__ import annotations

import torch

__all__ = ["L1Decay", "L2Decay"]


class WeightDecayRegularizer:
    """A penalty that an optimizer adds to the gradient."""

    def __init__(self, coeff: float = 0.0):
        self._coeff = float(coeff)

    def __str__(self) -> str:
        return f"{type(self).__name__}, coeff={self._coeff:f}"

    def gradient(self, parameter: torch.Tensor) -> torch.Tensor:
        """What the penalty adds to the gradient of the parameter."""
        raise TypeError("use L1Decay or L2Decay, not their base class")


class L1Decay(WeightDecayRegularizer):
    """coeff * sum(|w|): adds coeff * sign(w) to the gradient."""

    def gradient(self, parameter: torch.Tensor) -> torch.Tensor:
        return self._coeff * torch.sign(parameter)


class L2Decay(WeightDecayRegularizer):
    """coeff / 2 * sum(w * w): adds coeff * w to the gradient."""

    def gradient(self, parameter: torch.Tensor) -> torch.Tensor:
        return self._coeff * parameter
