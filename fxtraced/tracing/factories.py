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


_LISTED = {name: _with_listed_sizes(getattr(torch, name)) for name in _NAMES}


@contextmanager
def sizes_one_by_one() -> Iterator[None]:
    """Within it torch.zeros and its like take traced sizes one by one, too."""
    with ONE_AT_A_TIME:
        before = {name: getattr(torch, name) for name in _NAMES}
        try:
            for name, listed in _LISTED.items():
                setattr(torch, name, listed)
            yield
        finally:
            for name, factory in before.items():
                setattr(torch, name, factory)
