"""Products of matrices with a bias."""

from __future__ import annotations

from typing import Any

from fxtraced.tensor.linalg import matmul


def fused_matmul_bias(
    x: Any, y: Any, bias: Any = None, transpose_x: bool = False, transpose_y: bool = False, name: str | None = None
) -> Any:
    """matmul(x, y) + bias. Differs from Paddle, which has it on GPUs only."""
    product = matmul(x, y, transpose_x, transpose_y)
    return product if bias is None else product + bias


def fused_linear(x: Any, weight: Any, bias: Any = None, transpose_weight: bool = False, name: str | None = None) -> Any:
    """x [..., in] times weight [in, out], transposed [out, in], plus bias [out]."""
    return fused_matmul_bias(x, weight, bias, False, transpose_weight, name)
