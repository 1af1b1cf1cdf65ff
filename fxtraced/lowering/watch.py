"""Watch: are these tensors still what they were?"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from operator import attrgetter, is_
from typing import Any

import torch

from fxtraced.framework.native import native
from fxtraced.tensor.tensor import Tensor

# The bytes in the middle of a tensor that are compared.
_SAMPLE = 64

_version, _bytes, _has_shared_data = attrgetter("_version"), attrgetter("raw"), attrgetter("has_shared_data")


class Watch:
    """Remembers tensors, each by the dict that holds it and its key there, and other things in their places.

    It is asked before every call of a graph, when the graph's weights have taken the caches.
    """

    def __init__(
        self, places: Sequence[tuple[dict[str, Any], str]], others: Sequence[tuple[dict[str, Any], str, Any]] = ()
    ):
        # What is shared or written while this is read is seen as changed later.
        self._shared = Tensor.shared_data_count
        self._tensors = [holder[key] for holder, key in places]
        holders = [holder for holder, _ in places] + [holder for holder, _, _ in others]
        keys = [key for _, key in places] + [key for _, key, _ in others]
        things = [*self._tensors, *(thing for _, _, thing in others)]
        module = native()
        self._are_there = (module.Watch if module is not None else _Seen)(holders, keys, things, len(places)).holds

    def holds(self) -> bool:
        """False when a tensor was written into, moved or replaced, or may be written into unseen, or a thing replaced.

        Told by identity, version, address, `.data` taken or assigned, and some bytes: for what writes in other ways.
        """
        return (Tensor.shared_data_count == self._shared or self._none_is_shared()) and self._are_there()

    def _none_is_shared(self) -> bool:
        count = Tensor.shared_data_count
        with torch._C.DisableTorchFunctionSubclass():
            if any(map(_has_shared_data, self._tensors)):
                return False
        self._shared = count
        return True


class _Seen:
    """What the native module's Watch is where there is none: loops in C over lists of one kind."""

    def __init__(self, holders: list[dict[str, Any]], keys: list[str], things: list[Any], tensors: int):
        self._holders, self._keys, self._things, self._tensors = holders, keys, things, things[:tensors]
        with torch._C.DisableTorchFunctionSubclass():
            self._versions = list(map(_version, self._tensors))
            self._memory = list(map(torch.Tensor.data_ptr, self._tensors))
            self._samples = list(map(_sample, self._tensors))
        self._contents = list(map(_bytes, self._samples))

    def holds(self) -> bool:
        """True while all things are in their places, and the tensors as they were."""
        with torch._C.DisableTorchFunctionSubclass():
            return (
                all(map(is_, map(dict.get, self._holders, self._keys), self._things))
                and list(map(_version, self._tensors)) == self._versions
                and list(map(torch.Tensor.data_ptr, self._tensors)) == self._memory
                and list(map(_bytes, self._samples)) == self._contents
            )


def _sample(tensor: Any) -> Any:
    """The bytes in the middle of a tensor, of the first element where its elements do not lie side by side.

    The view keeps its memory from being given to another tensor, so an equal address is the same memory.
    """
    view = tensor.detach()
    size = view.numel() * view.element_size() if view.is_contiguous() else view.element_size()
    read = min(size, _SAMPLE)
    sample: Any = (ctypes.c_char * read).from_address(view.data_ptr() + (size - read) // 2)
    sample.view = view
    return sample
