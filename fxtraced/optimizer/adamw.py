"""paddle.optimizer.adamw."""

from fxtraced.optimizer.algorithms import AdamW

__all__ = ["AdamW"]
