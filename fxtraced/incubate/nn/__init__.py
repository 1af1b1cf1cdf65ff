"""Fused layers. A fused operation is the same as its parts one after the other: the engine decides what it fuses."""

from fxtraced.incubate.nn import functional as functional
from fxtraced.incubate.nn.layer.fused_dropout_add import FusedDropoutAdd
from fxtraced.incubate.nn.layer.fused_linear import FusedLinear

__all__ = ["FusedDropoutAdd", "FusedLinear"]
