"""kl_divergence between two distributions."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.distribution.normal import Normal

__all__ = ["kl_divergence"]


def kl_divergence(p: Any, q: Any) -> Any:
    """KL(p || q), in their common batch shape. Raises TypeError for other kinds than two Normals."""
    if not isinstance(p, Normal) or not isinstance(q, Normal):
        raise TypeError(f"kl_divergence: not known for {type(p).__name__} and {type(q).__name__}")
    ratio = torch.square(torch.div(p.scale, q.scale))
    distance = torch.square(torch.div(torch.sub(p.loc, q.loc), q.scale))
    return torch.mul(torch.sub(torch.add(ratio, distance), torch.add(torch.log(ratio), 1.0)), 0.5)
