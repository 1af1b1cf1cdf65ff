"""TensorMethods: Paddle's methods and operators, shared by eager and traced tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class TensorMethods:
    """The mixin behind `x.transpose([0, 2, 1])`, `x + y` and their like.

    A method is the function of the same name with the tensor as its first argument; `attach` puts it here.
    A class that inherits this provides `shape`, `dtype` and `ndim`.
    """


def attach(methods: Mapping[str, Callable[..., Any] | property]) -> None:
    """Make each function a method, and each property an attribute, of every tensor.

    Raises ValueError when a name is taken.
    """
    for name, function in methods.items():
        if name in vars(TensorMethods):
            raise ValueError(f"a tensor method {name!r} exists already")
        setattr(TensorMethods, name, function)
