"""The ground floor: dtypes, places, modes, seeds, files and the exception family (paddle.framework)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fxtraced.framework.dtype import get_default_dtype as get_default_dtype
from fxtraced.framework.dtype import set_default_dtype as set_default_dtype
from fxtraced.framework.gradient import grad as grad
from fxtraced.framework.gradient import no_grad as no_grad
from fxtraced.framework.mode import disable_static as disable_static
from fxtraced.framework.mode import enable_static as enable_static
from fxtraced.framework.mode import in_dynamic_mode as in_dynamic_mode
from fxtraced.framework.place import CPUPlace as CPUPlace
from fxtraced.framework.place import CUDAPlace as CUDAPlace
from fxtraced.framework.random import seed as seed

# What paddle.framework also names belongs to rooms that build on this one: it is looked up when it is asked for.
_ELSEWHERE = {
    "ParamAttr": "fxtraced.nn.param_attr",
    "Parameter": "fxtraced.tensor.tensor",
    "core": "fxtraced.base.core",
    "convert_np_dtype_to_dtype_": "fxtraced.base.framework",
    "load": "fxtraced.framework.io",
    "save": "fxtraced.framework.io",
    "to_variable": "fxtraced.base.dygraph",
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_ELSEWHERE[name])
    return module if module.__name__.endswith(f".{name}") else getattr(module, name)


@contextmanager
def _no_check_dy2st_diff() -> Iterator[None]:
    """Nothing while it lasts: Paddle stops comparing its two modes."""
    yield


def _current_expected_place() -> Any:
    """The place of the current device."""
    from fxtraced.framework import place as places

    return places.place_of(places.current_device())
