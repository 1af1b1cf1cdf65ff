"""The Python attributes that forward reads: settings such as `self.causal = True`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_KINDS = (bool, int, float, str, type(None))
# The mode is traced on purpose, and a graph keeps it.
_NOT_SETTINGS = frozenset({"training"})
_MISSING = object()

Settings = dict[tuple[int, str], tuple[torch.nn.Module, str, Any]]


@contextmanager
def settings_read(layer: torch.nn.Module) -> Iterator[Settings]:
    """Within it, notes each plain attribute of the layer's own instances that is read: module, name, value.

    Looked for in classes of the user's; those of torch and of this package keep their settings. What forward itself
    wrote before it read it (`block.height = x.shape[2]`) is no setting.
    """
    read: Settings = {}
    at_first = {id(module): dict(module.__dict__) for module in layer.modules()}
    classes = {type(module) for module in layer.modules() if _is_users(type(module))}
    before = {cls: cls.__dict__.get("__getattribute__") for cls in classes}
    try:
        for cls in classes:
            cls.__getattribute__ = _noting(cls.__getattribute__, read, at_first)  # type: ignore[method-assign, assignment]
        yield read
    finally:
        for cls, own in before.items():
            if own is None:
                del cls.__getattribute__
            else:
                cls.__getattribute__ = own  # type: ignore[method-assign]


def _noting(get: Any, read: Settings, at_first: dict[int, dict[str, Any]]) -> Any:
    def noting(self: Any, name: str) -> Any:
        value = get(self, name)
        if (
            isinstance(value, _KINDS)
            and name not in _NOT_SETTINGS
            and name in object.__getattribute__(self, "__dict__")
            and at_first.get(id(self), {}).get(name, _MISSING) is value
        ):
            read.setdefault((id(self), name), (self, name, value))
        return value

    return noting


def _is_users(cls: type) -> bool:
    return cls.__module__.partition(".")[0] not in ("torch", "fxtraced")
