"""Probability distributions (paddle.distribution)."""

from fxtraced.distribution.distribution import Distribution
from fxtraced.distribution.kl import kl_divergence
from fxtraced.distribution.normal import Normal

__all__ = ["Distribution", "Normal", "kl_divergence"]
