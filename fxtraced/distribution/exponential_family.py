"""ExponentialFamily: the base of Beta and Dirichlet."""

from __future__ import annotations

from fxtraced.distribution.distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """The base of distributions whose densities are exponentials of sums of statistics."""
