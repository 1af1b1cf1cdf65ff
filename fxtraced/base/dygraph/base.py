"""paddle.base.dygraph.base."""

from fxtraced.base.dygraph import guard, to_variable
from fxtraced.framework.gradient import enable_grad, grad, is_grad_enabled, no_grad, set_grad_enabled

__all__ = ["enable_grad", "grad", "guard", "is_grad_enabled", "no_grad", "set_grad_enabled", "to_variable"]
