"""What a run gives back: NumPy arrays of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from fxtraced.tensor.tensor import Tensor, as_tensor, plain

_numpy = torch.Tensor.numpy


class Fetches:
    """How the results of a graph become arrays.

    may_alias: for each result, whether its memory may also belong to another tensor.
    """

    def __init__(self, may_alias: list[bool]):
        self._may_alias = may_alias
        self._all_own = not any(may_alias)

    def arrays(self, results: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """The results as NumPy arrays of their own: what may share memory with something else is copied."""
        if self._all_own:
            try:
                # Most graphs have one result, and a list of one is made sooner without a loop.
                return [_numpy(results[0])] if len(results) == 1 else [_numpy(x) for x in results]
            except (RuntimeError, TypeError):
                # On another device, with a gradient, conjugate, or of a dtype that NumPy has not.
                pass
        return [_array(plain(x), shared) for x, shared in zip(results, self._may_alias, strict=True)]

    def own(self, results: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results as tensors of their own: what may share memory with something else is copied."""
        return [x.clone() if shared else x for x, shared in zip(results, self._may_alias, strict=True)]


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """A tensor that nobody else holds as a NumPy array; waits for the GPU where it is there."""
    return _array(plain(tensor), False)


def tensors(results: Sequence[torch.Tensor]) -> list[Tensor]:
    """The results as tensors with Paddle's methods, without a copy."""
    return [as_tensor(x) for x in results]


def _array(tensor: torch.Tensor, shared: bool) -> np.ndarray:
    if tensor.dtype is torch.bfloat16:
        # NumPy has no bfloat16: Paddle gives the bits as uint16, and so do we.
        tensor = tensor.contiguous().view(torch.uint16)
    elif tensor.dtype.is_complex:
        # Nor has it torch's conjugates to be.
        tensor = tensor.resolve_conj()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    elif shared:
        tensor = tensor.clone()
    return tensor.numpy()
