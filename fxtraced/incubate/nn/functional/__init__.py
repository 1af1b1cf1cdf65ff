"""Fused functions."""

from fxtraced.incubate.nn.functional.fused_dropout_add import fused_dropout_add
from fxtraced.incubate.nn.functional.fused_matmul_bias import fused_linear, fused_matmul_bias

__all__ = ["fused_dropout_add", "fused_linear", "fused_matmul_bias"]
