"""Comparing two results with numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from fxtraced.framework.dtype import dtype_name

# A half's own rounding is larger than any tolerance that makes sense for float32.
_LEAST_RTOL = {torch.float16: 1e-2, torch.bfloat16: 4e-2}
# Folded weights and other kernels round in another order: this much of an output's scale is rounding.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Difference:
    """How far two tensors are apart: the largest absolute and relative difference and where it is.

    relative: to the largest magnitude in the reference tensor.
    """

    absolute: float
    relative: float
    index: tuple[int, ...]
    allowed: float
    complaint: str = ""

    @property
    def too_large(self) -> bool:
        return bool(self.complaint) or not self.absolute <= self.allowed

    def __str__(self) -> str:
        if self.complaint:
            return self.complaint
        return (
            f"largest absolute difference {self.absolute:.3g}, relative {self.relative:.3g}, "
            f"at index {list(self.index)}; allowed {self.allowed:.3g}"
        )


def difference(reference: torch.Tensor, other: torch.Tensor, rtol: float, atol: float) -> Difference:
    """Compare other with reference: dtype, shape and values; not-a-number equals itself.

    The allowed difference is atol + rtol * max|reference| for floating dtypes and 0 for the others.
    """
    if reference.dtype != other.dtype or reference.shape != other.shape:
        forms = [f"{dtype_name(x.dtype)}{list(x.shape)}" for x in (reference, other)]
        return Difference(float("inf"), float("inf"), (), 0.0, f"the layer gives {forms[0]}, the graph {forms[1]}")
    if reference.numel() == 0 or torch.equal(reference, other):
        return Difference(0.0, 0.0, (0,) * reference.ndim, 0.0)
    if not (reference.is_floating_point() or reference.is_complex()):
        rtol = atol = 0.0
    wide = torch.complex128 if reference.is_complex() else torch.float64
    a, b = reference.to(wide), other.to(wide)
    same = (a == b) | (torch.isnan(a) & torch.isnan(b))
    apart = torch.where(same, torch.zeros_like(a), a - b).abs()
    apart = torch.nan_to_num(apart, nan=float("inf"), posinf=float("inf"))
    place = int(apart.argmax())
    index = tuple(int(i) for i in np.unravel_index(place, tuple(reference.shape)))
    magnitude = torch.where(torch.isfinite(a), a.abs(), torch.zeros_like(a.abs())).max().item()
    absolute = apart.flatten()[place].item()
    allowed = atol + max(rtol, _LEAST_RTOL.get(reference.dtype, 0.0) if rtol else 0.0) * magnitude
    return Difference(absolute, absolute / magnitude if magnitude else absolute, index, allowed)


def disagreements(
    reference: Sequence[torch.Tensor], others: Sequence[torch.Tensor], tolerance: float = ROUNDING
) -> str:
    """How outputs differ by more than another order of rounding explains; empty where they do not.

    tolerance: as a part of an output's largest magnitude.
    """
    apart = [difference(a, b, tolerance, 0.0) for a, b in zip(reference, others, strict=True)]
    return "; ".join(str(x) for x in apart if x.too_large)


def is_finite(tensor: torch.Tensor) -> bool:
    """False for a float32 tensor with not-a-number or infinity in it, or one whose sum overflows."""
    return tensor.dtype is not torch.float32 or math.isfinite(float(torch.sum(tensor)))
