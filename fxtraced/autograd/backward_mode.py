"""backward (paddle.autograd.backward_mode)."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["backward"]


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool = False) -> None:
    """Compute the gradients of the leaves of several tensors.

    grad_tensors: for each tensor its gradient, or None for ones; None alone means ones for all.
    Raises ValueError for lists of different lengths.
    """
    tensors = list(tensors) if isinstance(tensors, list | tuple) else [tensors]
    if grad_tensors is None:
        grad_tensors = [None] * len(tensors)
    elif not isinstance(grad_tensors, list | tuple):
        grad_tensors = [grad_tensors]
    if len(grad_tensors) != len(tensors):
        raise ValueError(f"backward: {len(tensors)} tensors, but {len(grad_tensors)} grad_tensors")
    seeds = [torch.ones_like(t) if seed is None else seed for t, seed in zip(tensors, grad_tensors, strict=True)]
    torch.autograd.backward(tensors, seeds, retain_graph=retain_graph)
