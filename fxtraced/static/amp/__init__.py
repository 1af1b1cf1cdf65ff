"""paddle.static.amp: what layers name in forward."""

from fxtraced.static.amp.fp16_utils import fp16_guard

__all__ = ["fp16_guard"]
