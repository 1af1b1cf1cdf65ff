"""Dropout and a sum."""

from __future__ import annotations

from typing import Any

from fxtraced.nn.functional import dropout


def fused_dropout_add(
    x: Any, y: Any, p: float = 0.5, training: bool = True, mode: str = "upscale_in_train", name: str | None = None
) -> Any:
    """dropout(x) + y. Differs from Paddle, which has it on GPUs only."""
    return dropout(x, p, training=training, mode=mode) + y
