"""Unique names (paddle.utils.unique_name), counted together with those of layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fxtraced.nn import _names

__all__ = ["generate", "guard", "switch"]


def generate(key: str) -> str:
    """key_0, key_1, ... in the order of the calls."""
    return _names.unique_name(key)


def switch(new_generator: Any = None) -> Any:
    """Count anew, or on from what an earlier switch returned; returns the counts so far."""
    before = _names._counts
    _names._counts = Counter() if new_generator is None else new_generator
    return before


@contextmanager
def guard(new_generator: str | None = None) -> Iterator[None]:
    """Count anew while it lasts; new_generator is a prefix of the names."""
    if not isinstance(new_generator, str | None):
        raise TypeError(f"guard: new_generator must be a str or None, but received {type(new_generator)}")
    before, prefix = switch(), _names._prefix
    _names._prefix = new_generator or ""
    try:
        yield
    finally:
        switch(before)
        _names._prefix = prefix
