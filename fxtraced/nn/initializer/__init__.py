"""Initializers (paddle.nn.initializer)."""

from fxtraced.nn.initializer.distributions import (
    KaimingNormal,
    KaimingUniform,
    Normal,
    TruncatedNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
)
from fxtraced.nn.initializer.fixed import Assign, Bilinear, Constant, Dirac, Orthogonal
from fxtraced.nn.initializer.initializer import Initializer as Initializer
from fxtraced.nn.initializer.initializer import calculate_gain, set_global_initializer

__all__ = [
    "Assign",
    "Bilinear",
    "Constant",
    "Dirac",
    "KaimingNormal",
    "KaimingUniform",
    "Normal",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "XavierNormal",
    "XavierUniform",
    "calculate_gain",
    "set_global_initializer",
]
