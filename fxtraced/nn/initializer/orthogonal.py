"""paddle.nn.initializer.orthogonal."""

from fxtraced.nn.initializer.distributions import Orthogonal

__all__ = ["Orthogonal"]
