"""paddle.nn.initializer.constant."""

from fxtraced.nn.initializer.fixed import Constant

__all__ = ["Constant"]
