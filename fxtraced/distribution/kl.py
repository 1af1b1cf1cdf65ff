"""kl_divergence between two distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fxtraced.distribution.bernoulli import Bernoulli
from fxtraced.distribution.beta import Beta
from fxtraced.distribution.categorical import Categorical
from fxtraced.distribution.cauchy import Cauchy
from fxtraced.distribution.dirichlet import Dirichlet
from fxtraced.distribution.geometric import Geometric
from fxtraced.distribution.laplace import Laplace
from fxtraced.distribution.lognormal import LogNormal
from fxtraced.distribution.normal import Normal

__all__ = ["kl_divergence", "register_kl"]

_known: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (kind, kind): kind.kl_divergence for kind in (Bernoulli, Categorical, Cauchy, Geometric, Laplace, LogNormal)
}


def kl_divergence(p: Any, q: Any) -> Any:
    """KL(p || q), in their common batch shape: by the function registered for the nearest classes.

    Raises NotImplementedError for a pair that has none.
    """
    fits = [pair for pair in _known if isinstance(p, pair[0]) and isinstance(q, pair[1])]
    if not fits:
        raise NotImplementedError(f"kl_divergence: not known for {type(p).__name__} and {type(q).__name__}")
    nearest = min(fits, key=lambda pair: (type(p).__mro__.index(pair[0]), type(q).__mro__.index(pair[1])))
    return _known[nearest](p, q)


def register_kl(cls_p: type, cls_q: type) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
    """A decorator: the function computes KL(p || q) for these two classes and what derives from them."""

    def register(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        _known[cls_p, cls_q] = function
        return function

    return register


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = torch.square(torch.div(p.scale, q.scale))
    distance = torch.square(torch.div(torch.sub(p.loc, q.loc), q.scale))
    return torch.mul(torch.sub(torch.add(ratio, distance), torch.add(torch.log(ratio), 1.0)), 0.5)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    total = torch.sum(p.concentration, -1, keepdim=True)
    steps = (p.concentration - q.concentration) * (torch.digamma(p.concentration) - torch.digamma(total))
    return q._log_normaliser() - p._log_normaliser() + torch.sum(steps, -1)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    return _dirichlet(p._both, q._both)
