"""Marks for training in float16."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def fp16_guard() -> Iterator[None]:
    """Marks the operations that Paddle's static training in float16 may convert. Has no effect, as in dynamic mode."""
    yield
