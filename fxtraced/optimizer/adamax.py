"""paddle.optimizer.adamax."""

from fxtraced.optimizer.algorithms import Adamax

__all__ = ["Adamax"]
