"""paddle.nn.initializer.assign."""

from fxtraced.nn.initializer.fixed import Assign

__all__ = ["Assign"]
