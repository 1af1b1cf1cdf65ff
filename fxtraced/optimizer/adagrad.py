"""paddle.optimizer.adagrad."""

from fxtraced.optimizer.algorithms import Adagrad

__all__ = ["Adagrad"]
