"""Probability distributions (paddle.distribution)."""

from fxtraced.distribution.bernoulli import Bernoulli
from fxtraced.distribution.categorical import Categorical
from fxtraced.distribution.distribution import Distribution
from fxtraced.distribution.kl import kl_divergence
from fxtraced.distribution.normal import Normal
from fxtraced.distribution.uniform import Uniform

__all__ = ["Bernoulli", "Categorical", "Distribution", "Normal", "Uniform", "kl_divergence"]
