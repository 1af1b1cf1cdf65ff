"""The eager tensor: a torch.Tensor with Paddle's methods."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import torch

from fxtraced.tensor.eager import EagerMethods
from fxtraced.tensor.methods import TensorMethods
from fxtraced.tensor.shape import Flag, Shape, Size

_data = torch.Tensor.data
_shape_of = torch.Tensor.shape.__get__  # type: ignore[attr-defined]
_is_sparse_of = torch.Tensor.is_sparse.__get__  # type: ignore[attr-defined]
_is_sparse_csr_of = torch.Tensor.is_sparse_csr.__get__  # type: ignore[attr-defined]


class Tensor(EagerMethods, TensorMethods, torch.Tensor):  # type: ignore[misc]
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

    # True once `.data` was taken or given: what shares its memory then writes without this tensor's version counting.
    has_shared_data = False
    # How often that happened to any tensor: who watches many looks at each one only when this has changed.
    shared_data_count = 0

    @property
    def data(self) -> Any:  # type: ignore[override]
        self._share_data()
        return _data.__get__(self)  # type: ignore[attr-defined]

    @data.setter
    def data(self, value: Any) -> None:
        self._share_data()
        _data.__set__(self, value)  # type: ignore[attr-defined]

    def _share_data(self) -> None:
        self.has_shared_data = True
        Tensor.shared_data_count += 1

    @property
    def shape(self) -> Any:  # type: ignore[override]
        with torch._C.DisableTorchFunctionSubclass():
            return Shape(_shape_of(self))

    @property
    def size(self) -> Any:
        return Size.of(self.shape)

    @property
    def stop_gradient(self) -> bool:
        """Paddle's inverse of requires_grad."""
        return not self.requires_grad

    @stop_gradient.setter
    def stop_gradient(self, value: bool) -> None:
        if not value or self.is_leaf:
            self.requires_grad_(not value)
            return
        # torch detaches no view in place, and every result is one: the object goes on with the detached tensor.
        # torch.utils.swap_tensors refuses what backward has saved, which is kept here by what it was.
        torch._C._swap_tensor_impl(self, torch.Tensor.detach(self))

    @property
    def is_sparse(self) -> Any:  # type: ignore[override]
        with torch._C.DisableTorchFunctionSubclass():
            return Flag(_is_sparse_of(self))

    @property
    def is_sparse_csr(self) -> Any:  # type: ignore[override]
        with torch._C.DisableTorchFunctionSubclass():
            return Flag(_is_sparse_csr_of(self))


class Parameter(Tensor):
    """A trainable tensor that torch.nn.Module registers as a parameter (paddle.base.framework.EagerParamBase)."""

    # torch.nn.Parameter's instance check asks for this flag.
    _is_param = True
    persistable = True
    title = "Parameter containing:\n"

    def __new__(cls, data: Any, trainable: bool = True) -> Parameter:
        return torch.Tensor._make_subclass(cls, data.detach(), trainable)

    @property
    def trainable(self) -> bool:
        """True when the parameter gets gradients."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def block(self) -> None:
        """None, for `initializer(parameter, parameter.block)`: parameters belong to no static program."""
        return None

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) in memo:
            return memo[id(self)]
        copy = Parameter(torch.clone(self.detach()), self.requires_grad)
        copy.__dict__.update(self.__dict__)
        memo[id(self)] = copy
        return copy


def counts_writes(tensor: Any) -> bool:
    """True where every write into the memory of a tensor counts in its version, as far as Paddle's names can tell."""
    return isinstance(tensor, Tensor) and not tensor.has_shared_data


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """The same memory as a torch.Tensor that knows torch's methods and no gradient."""
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.detach(tensor).as_subclass(torch.Tensor)  # type: ignore[arg-type]


def plain_copy(tensor: torch.Tensor) -> torch.Tensor:
    """The same values in memory of their own, as a torch.Tensor without a gradient."""
    with torch.no_grad():
        return torch.clone(plain(tensor), memory_format=torch.preserve_format)


# The types that know torch's methods only; tracing adds its own.
PLAIN_TYPES: set[type] = {torch.Tensor}


def as_tensor(value: Any) -> Any:
    """Every plain torch.Tensor in value as a Tensor of the same memory, unless it is sparse; anything else as it is."""
    if type(value) in PLAIN_TYPES:
        try:
            return value.as_subclass(Tensor)
        except RuntimeError:
            if value.layout == torch.strided:
                raise
            return value
    if type(value) in (Tensor, Parameter) or not isinstance(value, tuple | list):
        return value
    if isinstance(value, torch.Size):
        return value
    kind = type(value)
    items = [as_tensor(item) for item in value]
    return kind(*items) if hasattr(value, "_fields") else kind(items)


def as_paddle(value: Any) -> Any:
    """as_tensor, also within nested lists, tuples and dicts.

    A list or dict without a plain tensor stays the same object: a layer may write into it for its caller.
    """
    kind = type(value)
    if kind is dict:
        items = {key: as_paddle(item) for key, item in value.items()}
        return value if all(item is value[key] for key, item in items.items()) else items
    if kind in (list, tuple):
        converted = [as_paddle(item) for item in value]
        return value if all(a is b for a, b in zip(converted, value, strict=True)) else kind(converted)
    return as_tensor(value)


def as_torch(value: Any) -> Any:
    """Every Tensor in value as the torch.Tensor that shares its memory; anything else as it is."""
    with torch._C.DisableTorchFunctionSubclass():
        return _plain(value, {})


def _call_on_plain(func: Any, args: Any, kwargs: Any) -> Any:
    given: dict[int, Tensor] = {}
    with torch._C.DisableTorchFunctionSubclass():
        plain_args = [_plain(value, given) for value in args]
        plain_kwargs = {name: _plain(value, given) for name, value in kwargs.items()}
    result = func(*plain_args, **plain_kwargs)
    # An in-place function returns the alias it was given: the caller expects its own tensor back.
    return given.get(id(result)) if id(result) in given else as_tensor(result)


def _plain(value: Any, given: dict[int, Tensor]) -> Any:
    """value with every Tensor in it, also in lists, tuples and dicts, as the torch.Tensor that shares its memory."""
    if isinstance(value, Tensor):
        alias = value.as_subclass(torch.Tensor)
        given[id(alias)] = value
        return alias
    kind = type(value)
    if kind is list or kind is tuple:
        return kind([_plain(item, given) for item in value])
    if kind is dict:
        return {key: _plain(item, given) for key, item in value.items()}
    return value
