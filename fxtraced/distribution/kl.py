"""kl_divergence between two distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fxtraced.distribution.bernoulli import Bernoulli
from fxtraced.distribution.categorical import Categorical
from fxtraced.distribution.normal import Normal

__all__ = ["kl_divergence"]


def kl_divergence(p: Any, q: Any) -> Any:
    """KL(p || q), in their common batch shape. Raises TypeError for other pairs than two of a kind,
    and for two Uniforms."""
    for kind, divergence in _KNOWN.items():
        if isinstance(p, kind) and isinstance(q, kind):
            return divergence(p, q)
    raise TypeError(f"kl_divergence: not known for {type(p).__name__} and {type(q).__name__}")


def _normal(p: Any, q: Any) -> Any:
    ratio = torch.square(torch.div(p.scale, q.scale))
    distance = torch.square(torch.div(torch.sub(p.loc, q.loc), q.scale))
    return torch.mul(torch.sub(torch.add(ratio, distance), torch.add(torch.log(ratio), 1.0)), 0.5)


_KNOWN: dict[type, Callable[[Any, Any], Any]] = {
    Bernoulli: Bernoulli.kl_divergence,
    Categorical: Categorical.kl_divergence,
    Normal: _normal,
}
