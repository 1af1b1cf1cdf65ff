"""paddle.nn.initializer.xavier."""

from fxtraced.nn.initializer.distributions import XavierNormal, XavierUniform

__all__ = ["XavierNormal", "XavierUniform"]
