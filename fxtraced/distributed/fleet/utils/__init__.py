"""paddle.distributed.fleet.utils."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["recompute"]


def recompute(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """function(*args, **kwargs); preserve_rng_state and use_reentrant are Paddle's options.

    Differs from Paddle: nothing is computed again in backward, so no memory is saved.
    """
    options = {name: value for name, value in kwargs.items() if name not in ("preserve_rng_state", "use_reentrant")}
    return function(*args, **options)
