"""paddle.nn.initializer.dirac."""

from fxtraced.nn.initializer.fixed import Dirac

__all__ = ["Dirac"]
