"""Probability distributions (paddle.distribution)."""

from fxtraced.distribution.bernoulli import Bernoulli
from fxtraced.distribution.beta import Beta
from fxtraced.distribution.categorical import Categorical
from fxtraced.distribution.cauchy import Cauchy
from fxtraced.distribution.dirichlet import Dirichlet
from fxtraced.distribution.distribution import Distribution
from fxtraced.distribution.exponential_family import ExponentialFamily
from fxtraced.distribution.geometric import Geometric
from fxtraced.distribution.gumbel import Gumbel
from fxtraced.distribution.independent import Independent
from fxtraced.distribution.kl import kl_divergence, register_kl
from fxtraced.distribution.laplace import Laplace
from fxtraced.distribution.lognormal import LogNormal
from fxtraced.distribution.multinomial import Multinomial
from fxtraced.distribution.normal import Normal
from fxtraced.distribution.transform import (
    AbsTransform,
    AffineTransform,
    ChainTransform,
    ExpTransform,
    IndependentTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftmaxTransform,
    StackTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
)
from fxtraced.distribution.transformed_distribution import TransformedDistribution
from fxtraced.distribution.uniform import Uniform

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Cauchy",
    "Dirichlet",
    "Distribution",
    "ExponentialFamily",
    "Geometric",
    "Gumbel",
    "Independent",
    "Laplace",
    "LogNormal",
    "Multinomial",
    "Normal",
    "AbsTransform",
    "AffineTransform",
    "ChainTransform",
    "ExpTransform",
    "IndependentTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "kl_divergence",
    "register_kl",
]
