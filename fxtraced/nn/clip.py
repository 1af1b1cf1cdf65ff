"""Gradient clipping (paddle.nn.clip): objects that an optimizer is given as grad_clip."""

from __future__ import annotations

from typing import Any

import torch

Pairs = list[tuple[Any, Any]]


class ClipGradBase:
    """Called with [(parameter, gradient)], gives such pairs with clipped gradients. need_clip=False is left alone."""

    def __call__(self, params_grads: Pairs) -> Pairs:
        with torch.no_grad():
            return self._clip(params_grads)

    def _clip(self, params_grads: Pairs) -> Pairs:
        raise TypeError("use ClipGradByValue, ClipGradByNorm or ClipGradByGlobalNorm, not their base class")


def _clips(parameter: Any, gradient: Any) -> bool:
    return gradient is not None and getattr(parameter, "need_clip", True)


class ClipGradByValue(ClipGradBase):
    """Each element into [min, max]; min is -max unless given."""

    def __init__(self, max: float, min: float | None = None):
        if min is None and max <= 0:
            raise AssertionError(f"ClipGradByValue: max must be positive without a min, but received {max}")
        self.max, self.min = float(max), float(-max if min is None else min)

    def __str__(self) -> str:
        return f"Clip Gradient By Value, min = {self.min:f}, max={self.max:f}"

    def _clip(self, params_grads: Pairs) -> Pairs:
        return [(p, torch.clamp(g, self.min, self.max) if _clips(p, g) else g) for p, g in params_grads]


class ClipGradByNorm(ClipGradBase):
    """Each gradient to an L2 norm of at most clip_norm."""

    def __init__(self, clip_norm: float):
        self.clip_norm = float(clip_norm)

    def __str__(self) -> str:
        return f"Gradient Clip By Norm, clip_norm={self.clip_norm:f}"

    def _clip(self, params_grads: Pairs) -> Pairs:
        return [(p, self._scaled(g) if _clips(p, g) else g) for p, g in params_grads]

    def _scaled(self, gradient: Any) -> Any:
        norm = torch.linalg.vector_norm(gradient)
        return gradient * (self.clip_norm / torch.clamp(norm, min=self.clip_norm))


class ClipGradByGlobalNorm(ClipGradBase):
    """All gradients by one factor, so that the norm of all of them is at most clip_norm."""

    def __init__(self, clip_norm: float, group_name: str = "default_group", auto_skip_clip: bool = False):
        self.clip_norm, self.group_name, self.auto_skip_clip = float(clip_norm), group_name, auto_skip_clip

    def __str__(self) -> str:
        return f"Gradient Clip By GlobalNorm, global_norm={self.clip_norm:f}"

    def _clip(self, params_grads: Pairs) -> Pairs:
        clipped = [g for p, g in params_grads if _clips(p, g)]
        if not clipped:
            return params_grads
        norms = torch.stack([torch.linalg.vector_norm(g) for g in clipped])
        total = torch.linalg.vector_norm(norms)
        factor = self.clip_norm / torch.clamp(total, min=self.clip_norm)
        return [(p, g * factor if _clips(p, g) else g) for p, g in params_grads]
