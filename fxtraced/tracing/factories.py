"""torch.zeros(n, 2) with a traced n.

torch's argument parser takes a traced number for the whole list of sizes and then finds too many arguments. While
forward runs, the factories that take their sizes one by one are replaced by functions that hand torch a list.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fxtraced.tensor.shape import Shape
from fxtraced.tracing.scalars import TracedScalar

_NAMES = ("empty", "ones", "rand", "randn", "zeros")

# Held while torch's own names are replaced, and by whoever lets TorchScript look names up or changes warning filters:
# one lock, so that a trace inside of a trace cannot wait for itself.
ONE_AT_A_TIME = threading.RLock()


def _with_listed_sizes(factory: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(factory)
    def listed(*size: Any, **kwargs: Any) -> Any:
        one_by_one = len(size) > 1 and all(isinstance(x, int) for x in size)
        return factory(list(size), **kwargs) if one_by_one else factory(*size, **kwargs)

    return listed


def _broadcast_shapes(*shapes: Any) -> Any:
    """torch.broadcast_shapes of traced sizes: asks which are 1, and no more."""
    shapes = tuple(list(shape) if isinstance(shape, list | tuple) else [shape] for shape in shapes)
    if not any(issubclass(type(size), TracedScalar) for shape in shapes for size in shape):
        return _torch_broadcast_shapes(*shapes)
    rank = max(map(len, shapes))
    columns = zip(*([1] * (rank - len(shape)) + shape for shape in shapes), strict=True)
    return Shape(functools.reduce(_broadcast_size, column) for column in columns)


def _broadcast_size(a: Any, b: Any) -> Any:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if a != b:
        raise RuntimeError(f"torch.broadcast_shapes: {a} and {b} are neither equal nor 1")
    return a


def _from_numpy(array: Any) -> Any:
    """torch.from_numpy, also of NumPy's arrays of objects, which hold traced sizes."""
    return torch.tensor(array.tolist()) if array.dtype == object else _torch_from_numpy(array)


def _check(condition: Any, message: Any = None) -> None:
    """torch._check, which asks for the type bool itself."""
    _torch_check(bool(condition), message)


_torch_check = torch._check
_torch_broadcast_shapes = torch.broadcast_shapes
_torch_from_numpy = torch.from_numpy
_LISTED = {name: _with_listed_sizes(getattr(torch, name)) for name in _NAMES}
_LISTED.update(broadcast_shapes=_broadcast_shapes, from_numpy=_from_numpy, _check=_check)


@contextmanager
def sizes_one_by_one() -> Iterator[None]:
    """Within it torch.zeros and its like take traced sizes one by one, too."""
    with ONE_AT_A_TIME:
        before = {name: getattr(torch, name) for name in _LISTED}
        try:
            for name, listed in _LISTED.items():
                setattr(torch, name, listed)
            yield
        finally:
            for name, factory in before.items():
                setattr(torch, name, factory)
