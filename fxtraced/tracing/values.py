"""Traced tensors: what forward computes with during a trace.

Each carries the real value beside its node, so that every shape, dtype and structure is known, and every
look at data is seen.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import torch
from torch import fx

from fxtraced.framework import place as places
from fxtraced.tensor.indexing import read_index, write_index, written
from fxtraced.tensor.methods import TensorMethods
from fxtraced.tensor.shape import Shape, Size
from fxtraced.tensor.tensor import Tensor
from fxtraced.tracing.scalars import TracedScalar, TracedSize

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer


class TracedValue(fx.Proxy):
    """A tensor with its value now (`value`, a plain torch.Tensor) and its node in the graph (`node`).

    fixed: True when the value depends on sizes, constants and the layer's own state only; it may be looked at, and
    the look becomes a guard.
    """

    tracer: ConcolicTracer

    def __init__(self, node: fx.Node, tracer: ConcolicTracer, value: torch.Tensor, fixed: bool):
        super().__init__(node, tracer)
        self.value = value
        self.fixed = fixed

    @property
    def __class__(self) -> type:  # type: ignore[override]
        """isinstance(x, torch.Tensor) holds, as it does for the eager tensor."""
        return torch.Tensor

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # During a trace the tracer's mode comes first: this is reached only afterwards.
        escaped = next(x for x in _leaves((args, kwargs or {})) if issubclass(type(x), TracedValue))
        escaped.tracer.refuse_escaped(escaped)

    def __getattr__(self, name: str) -> Any:
        """torch's own methods and attributes, where Paddle has none of that name."""
        if name.startswith("__") or not hasattr(torch.Tensor, name):
            raise AttributeError(f"'Tensor' object has no attribute {name!r}")
        attribute = getattr(torch.Tensor, name)
        if callable(attribute):
            return lambda *args, **kwargs: self.tracer.call(attribute, (self, *args), kwargs)
        return self.tracer.attribute(self, name)

    # Sizes and other facts

    def _shape(self) -> Shape:
        return Shape(self.tracer.size(self, dim) for dim in range(self.value.ndim))

    @property
    def shape(self) -> Any:
        return self._shape()

    @property
    def dtype(self) -> torch.dtype:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def device(self) -> torch.device:
        return self.value.device

    @property
    def requires_grad(self) -> bool:
        return False

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        """Gradients are not part of a static graph."""

    def requires_grad_(self, requires_grad: bool = True) -> TracedValue:
        return self

    @property
    def grad(self) -> None:
        return None

    def dim(self) -> int:
        return self.value.ndim

    def contiguous(self, *args: Any, **kwargs: Any) -> Any:
        return self.tracer.call(torch.Tensor.contiguous, (self, *args), kwargs)

    # Indexing

    def __getitem__(self, index: Any) -> Any:
        return self.tracer.record("call_function", operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tracer.record("call_function", operator.setitem, (self, index, value), {})

    def __len__(self) -> int:
        if self.value.ndim == 0:
            raise TypeError("len() of a 0-D tensor")
        return int(self.tracer.size(self, 0))

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    # Looks at data

    def item(self, *place: int) -> Any:
        chosen = self
        if place:
            flat = self.tracer.call(torch.reshape, (self, [-1]), {}) if len(place) == 1 else self
            chosen = self.tracer.record("call_function", operator.getitem, (flat, place), {})
        return self.tracer.item(chosen, "item()")

    def __bool__(self) -> bool:
        return bool(self.tracer.item(self, "bool()"))

    def __int__(self) -> int:
        return int(self.tracer.item(self, "int()"))

    def __float__(self) -> float:
        return float(self.tracer.item(self, "float()"))

    def __index__(self) -> int:
        return operator.index(self.tracer.item(self, "index()"))

    def __format__(self, spec: str) -> str:
        return format(self.tracer.item(self, "format()"), spec) if spec else repr(self)

    def tolist(self) -> Any:
        return self.tracer.look_at_all(self, "tolist()").tolist()

    def numpy(self) -> np.ndarray:
        return self.tracer.look_at_all(self, "numpy()")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.tracer.look_at_all(self, "a NumPy function"), dtype=dtype)

    def __contains__(self, item: Any) -> bool:
        return bool((self.tracer.call(torch.eq, (self, item), {})).any())

    def backward(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("backward() inside forward cannot become part of a static graph")

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"TracedTensor({self.node.name}, shape={list(self.value.shape)}, dtype={self.value.dtype})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.tracer.call(torch.clone, (self,), {})


class TracedTensor(TensorMethods, TracedValue):
    """A traced tensor with Paddle's methods; what a Layer computes with."""

    __hash__ = TracedValue.__hash__

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return Tensor

    def __getitem__(self, item: Any) -> Any:
        x, index = read_index(self, item)
        return self.tracer.record("call_function", operator.getitem, (x, index), {})

    def __setitem__(self, item: Any, value: Any) -> None:
        self.tracer.record("call_function", operator.setitem, (self, write_index(self, item), written(self, value)), {})

    @property
    def size(self) -> Any:
        shape = self._shape()
        numel = shape.numel()
        if not issubclass(type(numel), TracedScalar):
            return Size.of(shape)
        return TracedSize(self.tracer, numel.value, numel.text, numel.node, shape)

    @property
    def place(self) -> Any:
        return places.place_of(self.value.device)

    @property
    def stop_gradient(self) -> bool:
        return True

    @stop_gradient.setter
    def stop_gradient(self, value: bool) -> None:
        """Gradients are not part of a static graph."""


class TorchTracedTensor(TracedValue):
    """A traced tensor with torch's own methods; what a plain torch.nn.Module computes with."""

    __hash__ = TracedValue.__hash__

    def _shape(self) -> Any:
        return Shape(self.tracer.size(self, dim) for dim in range(self.value.ndim))

    def size(self, dim: int | None = None) -> Any:
        return self._shape() if dim is None else self._shape()[dim]

    def numel(self) -> Any:
        return self._shape().numel()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value


def _in_place(name: str) -> Any:
    def method(self: TorchTracedTensor, other: Any) -> Any:
        return self.tracer.call(getattr(torch.Tensor, name), (self, other), {})

    return method


# fx.Proxy has the plain operators; the in-place ones would silently become copies.
for _name, _torch_name in {
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__ipow__": "pow_",
    "__iand__": "bitwise_and_",
    "__ior__": "bitwise_or_",
    "__ixor__": "bitwise_xor_",
}.items():
    setattr(TorchTracedTensor, _name, _in_place(_torch_name))
