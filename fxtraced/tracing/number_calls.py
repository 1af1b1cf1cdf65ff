"""int() and len() of traced values.

Python makes a number of its own of what int() gives, and of a length: a graph can only hold it where it is that number.
A trace notes the modules whose code calls them on sizes. In another trace these modules have functions of the same
names, which hand a traced number on.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fxtraced.tracing.nodes import reads_state
from fxtraced.tracing.scalars import TracedScalar
from fxtraced.tracing.source import is_user_file
from fxtraced.tracing.values import TracedValue


class NumberCalls:
    """The modules that call int() or len() on sizes, each by its globals and the name."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], dict[str, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def __or__(self, other: NumberCalls) -> NumberCalls:
        both = NumberCalls()
        both._found = self._found | other._found
        return both

    def note(self, name: str, frame: types.FrameType) -> None:
        """Note that this frame's code calls the builtin of this name."""
        if name not in frame.f_globals and is_user_file(frame.f_code.co_filename):
            self._found[id(frame.f_globals), name] = frame.f_globals

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Within it, the modules have functions in place of these builtins."""
        for (_, name), module in self._found.items():
            module[name] = _REPLACEMENTS[name]
        try:
            yield
        finally:
            for (_, name), module in self._found.items():
                # A trace within this one may have taken it back.
                module.pop(name, None)


class _LikeInt(type):
    """For everything but being called, the type int: isinstance, ==, a key, a dtype's name."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        number = _whole(args[0]) if len(args) == 1 and not kwargs else None
        return int(*args, **kwargs) if number is None else number

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, int)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, int)

    def __eq__(cls, other: object) -> bool:
        return other is int or other is cls

    def __hash__(cls) -> int:
        return hash(int)

    def __repr__(cls) -> str:
        return repr(int)


class _Int(int, metaclass=_LikeInt):
    pass


def _whole(value: Any) -> Any:
    """int(value) as a traced number; None where it is none, or reads the layer's state, whose numbers are settings."""
    is_tensor = issubclass(type(value), TracedValue)
    if not (issubclass(type(value), TracedScalar) or (is_tensor and value.fixed)) or reads_state(value.node):
        return None
    value = value.item() if is_tensor else value
    return value if type(value.value) is int else value.__trunc__()


def _len(value: Any, /) -> Any:
    if issubclass(type(value), TracedValue) and value.ndim:
        return value.tracer.size(value, 0)
    return builtins.len(value)


_REPLACEMENTS: dict[str, Any] = {"int": _Int, "len": _len}
