"""paddle.optimizer.sgd."""

from fxtraced.optimizer.algorithms import SGD

__all__ = ["SGD"]
