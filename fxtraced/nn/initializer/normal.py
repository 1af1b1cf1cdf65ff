"""paddle.nn.initializer.normal."""

from fxtraced.nn.initializer.distributions import Normal, TruncatedNormal

__all__ = ["Normal", "TruncatedNormal"]
