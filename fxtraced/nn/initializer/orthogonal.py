"""paddle.nn.initializer.orthogonal."""

from fxtraced.nn.initializer.fixed import Orthogonal

__all__ = ["Orthogonal"]
