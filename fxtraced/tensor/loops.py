"""Loops over data: functions that a trace records as one call and TorchScript compiles whole.

They are written in the part of Python that TorchScript takes (its annotations are read, so none is postponed here).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function


def run_loop(loop: Callable[..., Any], *tensors: Any) -> Any:
    """loop(*tensors), where `loop` is a function of this module, on eager and on traced tensors."""
    if has_torch_function(tensors):
        return handle_torch_function(loop, tensors, *tensors)
    return loop(*tensors)


def keep_unsuppressed(suppresses: torch.Tensor) -> torch.Tensor:
    """[n, n] bool, row i: what i rules out if it is kept itself -> [n] bool: what is kept, first come first served."""
    later = torch.triu(suppresses, 1)
    weights = later.to(torch.float32)
    keep = torch.ones([later.size(0)], dtype=torch.bool, device=later.device)
    # Each round settles what depends on settled ones only; chains of dependencies are short as a rule.
    for _ in range(32):
        kept = torch.matmul(keep.to(torch.float32), weights) == 0
        if torch.equal(kept, keep):
            return keep
        keep = kept
    rows = later.cpu()
    keep = torch.ones([rows.size(0)], dtype=torch.bool)
    for i in range(rows.size(0)):
        if bool(keep[i]):
            keep = keep & ~rows[i]
    return keep.to(later.device)
