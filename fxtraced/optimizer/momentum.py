"""paddle.optimizer.momentum."""

from fxtraced.optimizer.algorithms import Momentum

__all__ = ["Momentum"]
