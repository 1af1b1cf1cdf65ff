"""paddle.nn.initializer.kaiming."""

from fxtraced.nn.initializer.distributions import KaimingNormal, KaimingUniform

__all__ = ["KaimingNormal", "KaimingUniform"]
