"""clip_grad_norm_ and clip_grad_value_."""

from __future__ import annotations

from typing import Any

import torch


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> torch.Tensor:
    """Scale all gradients in place so that their common norm is at most max_norm; returns the norm before."""
    return torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Clip all gradients in place into [-clip_value, clip_value]."""
    if clip_value < 0:
        raise ValueError(f"clip_grad_value_: clip_value must not be negative, but received {clip_value}")
    torch.nn.utils.clip_grad_value_(parameters, clip_value)
