"""Models that are not called with their one input alone, for the files of scripts/zoo_models.

Runs under real Paddle and under fxtraced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle import nn


class Calling(nn.Layer):
    """A model through a function of the input, which calls it as its users do."""

    def __init__(self, model: Any, call: Callable[[Any, Any], Any]):
        super().__init__()
        self.model, self.call = model, call

    def forward(self, x: Any) -> Any:
        return self.call(self.model, x)
