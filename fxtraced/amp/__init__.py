"""Automatic mixed precision (paddle.amp) on NVIDIA GPUs; on the CPU it has no effect, as in Paddle."""

from fxtraced.amp.auto_cast import auto_cast, decorate, is_bfloat16_supported, is_float16_supported
from fxtraced.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "auto_cast", "decorate", "is_bfloat16_supported", "is_float16_supported"]
