"""`import paddle` gives fxtraced: for code that was written for Paddle and is not to be edited."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_OURS = "fxtraced"
_THEIRS = "paddle"


def install_as_paddle() -> None:
    """From now on `import paddle` and `from paddle.x.y import z` give fxtraced, in everybody's code.

    The modules are the same objects: paddle.nn is fxtraced.nn. A second call changes nothing.
    What fxtraced does not have is an AttributeError or ImportError that names the Paddle API.
    Raises RuntimeError when real Paddle is already imported.
    """
    present = sys.modules.get(_THEIRS)
    if present is not None and present is not sys.modules[_OURS]:
        where = getattr(present, "__file__", None) or "an unknown place"
        raise RuntimeError(
            f"install_as_paddle: another paddle is already imported, from {where}. Call it before anything imports "
            "paddle, or run the script with `python -m fxtraced run SCRIPT`."
        )
    if not any(isinstance(finder, _Alias) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Alias())
        sys.meta_path.append(_Missing())
    _share_modules()


def _theirs(name: str) -> str:
    return _THEIRS + name[len(_OURS) :]


def _share_modules() -> None:
    """Register every loaded module of fxtraced under Paddle's name; names that it lacks are explained from now on."""
    for name, module in [*sys.modules.items()]:
        if name == _OURS or name.startswith(f"{_OURS}."):
            if type(module) is ModuleType:
                module.__class__ = _PaddleModule
            sys.modules[_theirs(name)] = module


def _missing(name: str) -> str:
    return f"fxtraced does not have {name}. docs/models.md lists what it has of Paddle 2.6.2."


class _PaddleModule(ModuleType):
    """A module of fxtraced that says which Paddle API is missing."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":
            # Every module counts as a package, so that `from paddle.tensor.math import x` asks _Missing for x.
            return []
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        raise AttributeError(_missing(f"{_theirs(self.__name__)}.{name}"), name=name, obj=self)


class _Alias(MetaPathFinder, Loader):
    """Finds paddle.x.y as the module fxtraced.x.y."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _THEIRS and not fullname.startswith(f"{_THEIRS}."):
            return None
        return ModuleSpec(fullname, self, origin=fullname.replace(_THEIRS, _OURS, 1))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(str(spec.origin))
        # Now, lest a later import of paddle.amp.auto_cast, say, put the module in the place of the function.
        _share_modules()
        # The import system is about to write the alias's spec over the module's own.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        module.__spec__ = spec.loader_state


class _Missing(MetaPathFinder):
    """The last finder: explains which Paddle module or name is missing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith(f"{_OURS}."):
            name = _theirs(fullname)
            raise ModuleNotFoundError(_missing(name), name=name)
        return None
