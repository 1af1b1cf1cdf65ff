"""backward (paddle.autograd.backward_mode)."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.gradient import with_seeds

__all__ = ["backward"]


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool = False) -> None:
    """Compute the gradients of the leaves of several tensors.

    grad_tensors: for each tensor its gradient, or None for ones; None alone means ones for all.
    Raises ValueError for lists of different lengths.
    """
    tensors, seeds = with_seeds(tensors, grad_tensors, "backward", "grad_tensors")
    torch.autograd.backward(tensors, seeds, retain_graph=retain_graph)
