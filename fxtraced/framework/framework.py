"""paddle.framework.framework."""

from fxtraced.framework.dtype import get_default_dtype, set_default_dtype

__all__ = ["get_default_dtype", "set_default_dtype"]
