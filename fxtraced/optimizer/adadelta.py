"""paddle.optimizer.adadelta."""

from fxtraced.optimizer.algorithms import Adadelta

__all__ = ["Adadelta"]
