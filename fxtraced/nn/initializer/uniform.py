"""paddle.nn.initializer.uniform."""

from fxtraced.nn.initializer.distributions import Uniform

__all__ = ["Uniform"]
