"""Einstein's summation."""

from __future__ import annotations

from typing import Any

import torch


def einsum(equation: str, *operands: Any) -> Any:
    """Sums of products by the names of the axes: einsum("bij,bjk->bik", x, y)."""
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    return torch.einsum(equation, *tensors)
