"""What is fed: whether it fits, and every complaint in one error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.framework.errors import FeedError, FeedTypeError
from fxtraced.framework.memory import raise_if_out_of_memory
from fxtraced.static.variable import Variable
from fxtraced.tensor.tensor import plain

_Tensor = torch.Tensor
_SEQUENCES = (list, tuple)
# For who asks in every call: it is told from other devices by identity.
CPU = torch.device("cpu")
# NumPy itself makes a plain array of one without a word.
NO_MASKS = "A model reads what lies under the mask: fill it with array.filled(value)"


class Feed(NamedTuple):
    """What a feed must be: a Variable without its program."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype


class Feeds:
    """The feeds of a graph, in order.

    written: the names of those that the graph may write into. `fit` is the quick question of every call; what does not
    fit is told by `check` and `in_order`.
    """

    def __init__(self, variables: list[Variable], written: list[str]):
        self._wanted = [Feed(x.name, x.shape, x.dtype) for x in variables]
        self._forms = [(x.dtype, len(x.shape)) for x in variables]
        self._written = [x.name in written for x in variables]
        self._places = {f"feed_{i}": i for i in range(len(variables))}
        self._places.update((x.name, i) for i, x in enumerate(variables))

    def fit(self, tensors: Any, device: torch.device | None) -> bool:
        """True for a list or tuple with one tensor for each feed, of its dtype and rank, on device (None is any).

        Quickest within torch._C.DisableTorchFunctionSubclass(), for the device CPU of this file.
        """
        if type(tensors) not in _SEQUENCES or len(tensors) != len(self._forms):
            return False
        on_cpu = device is CPU
        for tensor, (dtype, rank) in zip(tensors, self._forms):  # noqa: B905 - strict costs a tenth of this
            if (
                not isinstance(tensor, _Tensor)
                or tensor.dtype is not dtype
                or tensor.ndim != rank
                or (not tensor.is_cpu if on_cpu else device is not None and tensor.device != device)
            ):
                return False
        return True

    def check(self, tensors: list[Any], device: torch.device | None) -> None:
        """Raise FeedError or FeedTypeError, with every complaint, unless the tensors fit."""
        if len(tensors) != len(self._wanted):
            raise self._wrong_count(len(tensors))
        pairs = list(zip(self._wanted, tensors, strict=True))
        wrong_types = [x for feed, tensor in pairs if (x := _wrong_type(feed, tensor))]
        if wrong_types:
            raise FeedTypeError(f"FXT302 {'; '.join(wrong_types)}. See docs/errors.md#fxt302")
        wrong = [x for feed, tensor in pairs if (x := _wrong_form(feed, tensor, device))]
        if wrong:
            raise FeedError(f"FXT301 {'; '.join(wrong)}. See docs/errors.md#fxt301")

    def in_order(self, feed: dict[str, Any], device: torch.device) -> list[torch.Tensor]:
        """The tensors of a feed dict in the order of the feeds, on device; their forms are not checked.

        feed: by name or alias (feed_0, feed_1, ...); NumPy arrays, numbers, nested lists or tensors. Arrays are copied
        for a feed that the graph may write into. A tensor in pinned memory is copied to a GPU without waiting: it must
        not change before the results are there.
        Raises FeedError that names every unknown and every missing feed, FeedTypeError for what is no array,
        OutOfMemoryError where the device cannot hold them.
        """
        places = self._places
        given = {places.get(name): value for name, value in feed.items()} if isinstance(feed, dict) else {}
        if None in given or len(given) != len(self._wanted) or len(feed) != len(given):
            raise self._misfit(feed)
        return [self._tensor(i, given[i], device) for i in range(len(given))]

    def _tensor(self, place: int, value: Any, device: torch.device) -> torch.Tensor:
        feed = self._wanted[place]
        if isinstance(value, torch.Tensor):
            return value if value.device == device else _moved(feed, value, device)
        tensor = _tensor_of(feed, value)
        if tensor.device != device:
            tensor = _moved(feed, tensor, device)
        return tensor.clone() if self._written[place] else tensor

    def unpinned(self, tensors: list[Any], device: torch.device) -> list[Any]:
        """The tensors, those in pinned memory on device; nothing waits for them."""
        return [
            _moved(feed, x, device) if isinstance(x, torch.Tensor) and x.is_pinned() else x
            for feed, x in zip(self._wanted, tensors, strict=True)
        ]

    def _wrong_count(self, count: int) -> FeedError:
        names = [feed.name for feed in self._wanted]
        return FeedError(
            f"FXT301 the static graph has {len(names)} inputs {names}, but received {count}. See docs/errors.md#fxt301"
        )

    def _misfit(self, feed: Any) -> Exception:
        """The error of a feed dict whose names do not fit."""
        if not isinstance(feed, dict):
            return FeedTypeError(
                f"FXT302 feed must be a dict of names and arrays, but received {type(feed)}. See docs/errors.md#fxt302"
            )
        names = [feed.name for feed in self._wanted]
        given = {names[self._places[name]] if name in self._places else name for name in feed}
        unknown = [name for name in feed if name not in self._places]
        missing = [name for name in names if name not in given]
        twice = "; an input is fed twice, by name and by alias" if len(given) < len(feed) else ""
        return FeedError(
            f"FXT301 the feeds do not fit: unknown {unknown}, missing {missing}{twice}; the program has {names}. See "
            "docs/errors.md#fxt301"
        )


def _moved(feed: Feed, tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor of a feed on another device. Raises OutOfMemoryError where that cannot hold it."""
    value = plain(tensor)
    try:
        return value.to(device, non_blocking=device.type == "cuda" and value.is_pinned())
    except RuntimeError as error:
        raise_if_out_of_memory(error, f"feed {feed.name!r} on {device}")
        raise


def _tensor_of(feed: Feed, value: Any) -> torch.Tensor:
    """A tensor on the CPU that shares an array's memory where it can."""
    try:
        if type(value) is np.ndarray and value.flags.carray:
            return torch.from_numpy(value)
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(NO_MASKS)
        array = np.asarray(value)
        # A list or a number has no dtype of its own: it takes the feed's.
        if not isinstance(value, np.ndarray | np.generic) and array.dtype != object:
            return _converted(array, feed.dtype)
        if not array.flags.writeable:
            array = array.copy()
        return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    except (TypeError, ValueError, RuntimeError) as error:
        raise FeedTypeError(
            f"FXT302 feed {feed.name!r} must be an array of {dtype_name(feed.dtype)}, but received "
            f"{type(value)}: {error}. See docs/errors.md#fxt302"
        ) from None


def _converted(array: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.as_tensor(array)
    if not torch.can_cast(tensor.dtype, dtype):
        raise TypeError(f"its numbers are {dtype_name(tensor.dtype)}")
    return tensor.to(dtype)


def _wrong_type(feed: Feed, tensor: Any) -> str | None:
    if not isinstance(tensor, torch.Tensor):
        return f"feed {feed.name!r} must be a tensor, but received {type(tensor)}"
    if tensor.dtype is not feed.dtype:
        return f"feed {feed.name!r} must be {dtype_name(feed.dtype)}, but received {dtype_name(tensor.dtype)}"
    return None


def _wrong_form(feed: Feed, tensor: torch.Tensor, device: torch.device | None) -> str | None:
    if tensor.ndim != len(feed.shape):
        wanted = f"{len(feed.shape)} dimensions like {list(feed.shape)}"
        return f"feed {feed.name!r} must have {wanted}, but received {list(tensor.shape)}"
    if device is not None and tensor.device != device:
        return (
            f"feed {feed.name!r} must be on {device}, where the parameters are, "
            f"but received a tensor on {tensor.device}"
        )
    return None
