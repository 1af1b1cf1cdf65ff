"""The eager tensor: a torch.Tensor with Paddle's methods."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import torch
from torch.utils._pytree import tree_map_only

from fxtraced.framework import place as places
from fxtraced.tensor.methods import TensorMethods
from fxtraced.tensor.shape import Shape, Size

_shape_of = torch.Tensor.shape.__get__  # type: ignore[attr-defined]


class Tensor(TensorMethods, torch.Tensor):
    """A torch.Tensor with Paddle's methods and operators (paddle.Tensor).

    Any torch function applied to one gives one. torch's own Python functions see a plain torch.Tensor, so
    that a method whose name means something else in Paddle does not disturb them.
    """

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if type(func) is FunctionType and func.__module__ != "torch._tensor":
            return _call_on_plain(func, args, kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            return as_tensor(func(*args, **kwargs))

    @property
    def shape(self) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            return Shape(_shape_of(self))

    @property
    def size(self) -> Any:
        return Size.of(self.shape)

    @property
    def place(self) -> places.CPUPlace | places.CUDAPlace:
        """Where the tensor lies: CPUPlace or CUDAPlace."""
        return places.place_of(self.device)

    @property
    def stop_gradient(self) -> bool:
        """Paddle's inverse of requires_grad."""
        return not self.requires_grad

    @stop_gradient.setter
    def stop_gradient(self, value: bool) -> None:
        if value and not self.is_leaf:
            self.detach_()
        else:
            self.requires_grad_(not value)


class Parameter(Tensor):
    """A trainable tensor that torch.nn.Module registers as a parameter (paddle.base.framework.EagerParamBase)."""

    # torch.nn.Parameter's instance check asks for this flag.
    _is_param = True

    def __new__(cls, data: Any, trainable: bool = True) -> Parameter:
        return torch.Tensor._make_subclass(cls, data.detach(), trainable)

    @property
    def trainable(self) -> bool:
        """True when the parameter gets gradients."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad_(value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) in memo:
            return memo[id(self)]
        copy = Parameter(self.detach().clone(memory_format=torch.preserve_format), self.requires_grad)
        copy.__dict__.update(self.__dict__)
        memo[id(self)] = copy
        return copy


def as_tensor(value: Any) -> Any:
    """Every plain torch.Tensor in value as a Tensor that shares its memory; anything else as it is."""
    if type(value) is torch.Tensor:
        return value.as_subclass(Tensor)
    if type(value) in (Tensor, Parameter) or not isinstance(value, tuple | list):
        return value
    if isinstance(value, torch.Size):
        return value
    kind = type(value)
    items = [as_tensor(item) for item in value]
    return kind(*items) if hasattr(value, "_fields") else kind(items)


def _call_on_plain(func: Any, args: Any, kwargs: Any) -> Any:
    given: dict[int, Tensor] = {}

    def plain(x: Tensor) -> torch.Tensor:
        alias = x.as_subclass(torch.Tensor)
        given[id(alias)] = x
        return alias

    with torch._C.DisableTorchFunctionSubclass():
        args, kwargs = tree_map_only(Tensor, plain, (args, kwargs))
    result = func(*args, **kwargs)
    # An in-place function returns the alias it was given: the caller expects its own tensor back.
    return given.get(id(result), None) if id(result) in given else as_tensor(result)
