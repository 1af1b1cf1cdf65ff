"""Checking what is fed: every complaint in one error."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.framework.errors import FeedError, FeedTypeError
from fxtraced.static.variable import Variable


def check_tensors(feeds: list[Variable], tensors: list[Any], device: torch.device | None) -> None:
    """Raise FeedError or FeedTypeError unless each tensor has its feed's dtype and rank, and lies on device."""
    wrong_types = [x for feed, tensor in zip(feeds, tensors, strict=True) if (x := _wrong_type(feed, tensor))]
    if wrong_types:
        raise FeedTypeError(f"FXT302 {'; '.join(wrong_types)}. See docs/errors.md#fxt302")
    wrong = [x for feed, tensor in zip(feeds, tensors, strict=True) if (x := _wrong_form(feed, tensor, device))]
    if wrong:
        raise FeedError(f"FXT301 {'; '.join(wrong)}. See docs/errors.md#fxt301")


def wrong_count(feeds: list[Variable], count: int) -> FeedError:
    """The error of a call with another number of inputs than there are feeds."""
    names = [feed.name for feed in feeds]
    return FeedError(
        f"FXT301 the static graph has {len(feeds)} inputs {names}, but received {count}. See docs/errors.md#fxt301"
    )


def tensors_of(
    feeds: list[Variable], feed: dict[str, Any], device: torch.device, written: list[str]
) -> list[torch.Tensor]:
    """The tensors of a feed dict in the order of the feeds, on device.

    feed: by name or alias (feed_0, feed_1, ...); NumPy arrays, numbers, nested lists or tensors. written: the feeds
    that the graph may write into; arrays are copied for them.
    Raises FeedError that names every unknown and every missing feed, FeedTypeError for what is no array.
    """
    if not isinstance(feed, dict):
        raise FeedTypeError(
            f"FXT302 feed must be a dict of names and arrays, but received {type(feed)}. See docs/errors.md#fxt302"
        )
    by_alias = {f"feed_{i}": variable.name for i, variable in enumerate(feeds)}
    names = [variable.name for variable in feeds]
    given = {name if name in names else by_alias.get(name, name): value for name, value in feed.items()}
    unknown = [name for name in given if name not in names]
    missing = [name for name in names if name not in given]
    if unknown or missing or len(given) < len(feed):
        twice = "; an input is fed twice, by name and by alias" if len(given) < len(feed) else ""
        raise FeedError(
            f"FXT301 the feeds do not fit: unknown {unknown}, missing {missing}{twice}; the program has {names}. See "
            f"docs/errors.md#fxt301"
        )
    tensors = [_tensor(variable, given[variable.name], device) for variable in feeds]
    return [
        tensor.clone() if variable.name in written and not isinstance(given[variable.name], torch.Tensor) else tensor
        for variable, tensor in zip(feeds, tensors, strict=True)
    ]


def _tensor(variable: Variable, value: Any, device: torch.device) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    try:
        array = np.asarray(value)
        # A list or a number has no dtype of its own: it takes the feed's.
        if not isinstance(value, np.ndarray | np.generic) and array.dtype != object:
            return _converted(array, variable.dtype).to(device)
        if not array.flags.writeable:
            array = array.copy()
        return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape)).to(device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise FeedTypeError(
            f"FXT302 feed {variable.name!r} must be an array of {dtype_name(variable.dtype)}, but received "
            f"{type(value)}: {error}. "
            "See docs/errors.md#fxt302"
        ) from None


def _converted(array: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.as_tensor(array)
    if not torch.can_cast(tensor.dtype, dtype):
        raise TypeError(f"its numbers are {dtype_name(tensor.dtype)}")
    return tensor.to(dtype)


def _wrong_type(feed: Variable, tensor: Any) -> str | None:
    if not isinstance(tensor, torch.Tensor):
        return f"feed {feed.name!r} must be a tensor, but received {type(tensor)}"
    if tensor.dtype is not feed.dtype:
        return f"feed {feed.name!r} must be {dtype_name(feed.dtype)}, but received {dtype_name(tensor.dtype)}"
    return None


def _wrong_form(feed: Variable, tensor: torch.Tensor, device: torch.device | None) -> str | None:
    if tensor.ndim != len(feed.shape):
        wanted = f"{len(feed.shape)} dimensions like {list(feed.shape)}"
        return f"feed {feed.name!r} must have {wanted}, but received {list(tensor.shape)}"
    if device is not None and tensor.device != device:
        return (
            f"feed {feed.name!r} must be on {device}, where the parameters are, "
            f"but received a tensor on {tensor.device}"
        )
    return None
