"""paddle.optimizer.adam."""

from fxtraced.optimizer.algorithms import Adam

__all__ = ["Adam"]
