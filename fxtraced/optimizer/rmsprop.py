"""paddle.optimizer.rmsprop."""

from fxtraced.optimizer.algorithms import RMSProp

__all__ = ["RMSProp"]
