"""pairwise_distance (paddle.nn.functional.distance)."""

from __future__ import annotations

from typing import Any

import torch


def pairwise_distance(
    x: Any, y: Any, p: float = 2.0, epsilon: float = 1e-6, keepdim: bool = False, name: str | None = None
) -> Any:
    """The p-norm of x - y + epsilon over the last axis."""
    return torch.linalg.vector_norm(x - y + epsilon, p, -1, keepdim)
