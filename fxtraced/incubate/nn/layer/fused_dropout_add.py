"""FusedDropoutAdd: dropout of one tensor, and another added."""

from __future__ import annotations

from typing import Any

from fxtraced.incubate.nn.functional.fused_dropout_add import fused_dropout_add
from fxtraced.nn.layer.layers import Layer


class FusedDropoutAdd(Layer):
    """dropout(x) + y; see nn.Dropout for p and mode."""

    def __init__(self, p: float = 0.5, mode: str = "upscale_in_train", name: str | None = None):
        super().__init__()
        self.p, self.mode, self.name = p, mode, name

    def forward(self, x: Any, y: Any) -> Any:
        return fused_dropout_add(x, y, self.p, self.training, self.mode, self.name)

    def extra_repr(self) -> str:
        text = f"p={self.p}, mode={self.mode}"
        return text if self.name is None else f"{text}, name={self.name}"
