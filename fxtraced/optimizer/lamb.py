"""paddle.optimizer.lamb."""

from fxtraced.optimizer.algorithms import Lamb

__all__ = ["Lamb"]
