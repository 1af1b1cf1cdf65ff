"""one_hot and embedding (paddle.nn.functional.input)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.framework.dtype import default_dtype
from fxtraced.nn.functional._arguments import cast, check_integers


def one_hot(x: Any, num_classes: Any, name: str | None = None) -> Any:
    """x [...] of integers as [..., num_classes] of floats; torch's is int64."""
    check_integers("one_hot", "x", x)
    count: Any = num_classes.item() if isinstance(num_classes, torch.Tensor) else num_classes
    return cast(F.one_hot(cast(x, torch.int64), count), default_dtype())


def embedding(
    x: Any, weight: Any, padding_idx: int | None = None, sparse: bool = False, name: str | None = None
) -> Any:
    """The rows of weight [n, d] that integers x [...] name: [..., d]; zeros for padding_idx, whatever the weight.

    The gradient is dense, whatever sparse says.
    """
    check_integers("embedding", "x", x)
    rows = F.embedding(x, weight)
    if padding_idx is None:
        return rows
    if not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise ValueError(f"padding_idx must be within [-{weight.shape[0]}, {weight.shape[0]}), but is {padding_idx}")
    index = padding_idx if padding_idx >= 0 else weight.shape[0] + padding_idx
    return torch.masked_fill(rows, torch.unsqueeze(torch.eq(x, index), -1), 0.0)
