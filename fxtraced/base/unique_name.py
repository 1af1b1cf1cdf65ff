"""paddle.base.unique_name."""

from fxtraced.utils.unique_name import generate, guard, switch

__all__ = ["generate", "guard", "switch"]
