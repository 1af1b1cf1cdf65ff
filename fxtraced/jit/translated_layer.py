"""TranslatedLayer: an archive as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.place import convert_place
from fxtraced.nn.layer.layers import Layer
from fxtraced.static.execution import Session
from fxtraced.static.io import InferenceProgram
from fxtraced.tensor.creation import to_tensor

__all__ = ["TranslatedLayer"]


class TranslatedLayer(Layer):
    """A loaded model, called like the layer it was saved from (paddle.jit.TranslatedLayer). Made by load.

    Outputs are the flattened ones: a tensor, or a list of tensors.
    Differs from Paddle: it is always in inference mode and has no parameters to train.
    """

    def __init__(self, program: InferenceProgram):
        super().__init__()
        self._program = program
        self._session = Session(program, device=program.device)
        self.training = False

    def forward(self, *inputs: Any) -> Any:
        tensors = [x if isinstance(x, torch.Tensor) else to_tensor(np.asarray(x)) for x in inputs]
        results = self._session.run(tensors, False)
        return results[0] if len(results) == 1 else results

    def train(self, mode: bool = True) -> TranslatedLayer:
        """Raises RuntimeError: a saved model is in inference mode. eval() is allowed."""
        if mode:
            raise RuntimeError("TranslatedLayer: a saved model is in inference mode and cannot be trained")
        return self

    def to(self, device: Any = None, dtype: Any = None, blocking: bool | None = None) -> TranslatedLayer:  # type: ignore[override]
        """Move the model. Raises ValueError for a dtype: the saved one stays."""
        if dtype is not None:
            raise ValueError("TranslatedLayer.to: the dtype of a saved model cannot be changed")
        self._program.move_to(convert_place(device))
        return self
