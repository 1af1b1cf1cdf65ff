"""Traced tensors: what forward computes with during a trace.

Each carries the real value beside its node, so that every shape, dtype and structure is known, and every
look at data is seen.
"""

# Facts that torch computes are answered from the example here: read-only properties in place of attributes.
# mypy: disable-error-code="override, misc"

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import torch
from torch import fx

from fxtraced.framework import place as places
from fxtraced.framework.errors import TraceError
from fxtraced.tensor.indexing import read_index, write_index, written
from fxtraced.tensor.shape import Shape, Size
from fxtraced.tensor.tensor import PLAIN_TYPES, Tensor
from fxtraced.tracing.nodes import map_leaves, reads_state
from fxtraced.tracing.scalars import TracedScalar, TracedSize
from fxtraced.tracing.source import user_line

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer


_MOST_SIZES = 8


class TracedValue(torch.Tensor):
    """A tensor with its value now (`example`, a plain torch.Tensor) and its node in the graph (`node`).

    It is a torch.Tensor for Python's and for torch's own type checks, but has no memory: a computation that the tracer
    does not see cannot read it, and fails instead of becoming a constant.
    fixed: True when the value depends on sizes, constants and the layer's own state only; it may be looked at, and
    the look becomes a guard.
    """

    node: fx.Node
    tracer: ConcolicTracer
    example: torch.Tensor
    fixed: bool

    @staticmethod
    def __new__(cls, node: fx.Node, tracer: ConcolicTracer, example: torch.Tensor, fixed: bool) -> TracedValue:
        self = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, tuple(example.shape), dtype=example.dtype, device=example.device, requires_grad=False
        )
        self.node = node
        self.tracer = tracer
        self.example = example
        self.fixed = fixed
        return self

    def __init__(self, *_: Any) -> None:
        super().__init__()

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # During a trace the tracer's mode comes first: this is reached only outside of one.
        refuse_escaped((args, kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        refuse_escaped((args, kwargs or {}))

    # Sizes and other facts

    @property
    def shape(self) -> Any:
        return Shape(self.tracer.size(self, dim) for dim in range(self.example.ndim))

    @property
    def dtype(self) -> torch.dtype:
        return self.example.dtype

    @property
    def ndim(self) -> int:
        return self.example.ndim

    def dim(self) -> int:
        return self.example.ndim

    @property
    def device(self) -> torch.device:
        return self.example.device

    @property
    def nbytes(self) -> Any:
        return math.prod(self.tracer.size(self, dim) for dim in range(self.ndim)) * self.example.itemsize

    @property
    def requires_grad(self) -> bool:
        return False

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        """Gradients are not part of a static graph."""

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        return self

    @property
    def grad(self) -> None:
        return None

    @property
    def is_leaf(self) -> bool:
        return True

    # Indexing

    def __getitem__(self, index: Any) -> Any:
        return self.tracer.record("call_function", operator.getitem, (self, _with_tensors(index)), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write(_with_tensors(index), _with_tensors(value))

    def _write(self, index: Any, value: Any) -> None:
        if isinstance(value, torch.Tensor):
            # Python drops leading axes of size 1 that the place does not have; TorchScript does not.
            place = self.example[map_leaves(self.tracer.to_value, index)]
            if value.ndim > place.ndim:
                value = torch.reshape(value, value.shape[value.ndim - place.ndim :])
        self.tracer.record("call_function", operator.setitem, (self, index, value), {})

    def __len__(self) -> int:
        if self.example.ndim == 0:
            raise TypeError("len() of a 0-D tensor")
        self.tracer.number_calls.note("len", sys._getframe(1))
        return int(self.tracer.size(self, 0))

    def __iter__(self) -> Iterator[Any]:
        if self.example.ndim == 0:
            raise TypeError("iteration over a 0-D tensor")
        return iter([self[i] for i in range(len(self))])

    # Looks at data

    def item(self, *place: int) -> Any:
        chosen = self
        if place:
            flat = torch.reshape(self, [-1]) if len(place) == 1 else self
            chosen = self.tracer.record("call_function", operator.getitem, (flat, place), {})
        return self.tracer.item(chosen, "item()")

    def __bool__(self) -> bool:
        return bool(self.tracer.item(self, "bool()"))

    def __int__(self) -> int:
        if self.fixed and not reads_state(self.node):
            self.tracer.number_calls.note("int", sys._getframe(1))
        return int(self.tracer.item(self, "int()"))

    def __float__(self) -> float:
        return float(self.tracer.item(self, "float()"))

    def __complex__(self) -> complex:
        return complex(self.tracer.item(self, "complex()"))

    def __index__(self) -> int:
        return operator.index(self.tracer.item(self, "index()"))

    def __format__(self, spec: str) -> str:
        return format(self.tracer.item(self, "format()"), spec) if spec else repr(self)

    def tolist(self) -> Any:
        if self.fixed and self.ndim == 0:
            return self.item()
        if self.fixed and self.ndim == 1 and not self.dtype.is_floating_point and self.example.numel() <= _MOST_SIZES:
            # Sizes in a tensor stay sizes.
            return [
                self.tracer.record("call_function", operator.getitem, (self, i), {}).item() for i in range(len(self))
            ]
        return self.tracer.look_at_all(self, "tolist()").tolist()

    def numpy(self, *_: Any, **__: Any) -> np.ndarray:
        return self.tracer.look_at_all(self, "numpy()")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.tracer.look_at_all(self, "a NumPy function"), dtype=dtype)

    def __contains__(self, item: Any) -> bool:
        return bool(torch.any(torch.eq(self, item)))

    def backward(self, *args: Any, **kwargs: Any) -> None:
        refusal = TraceError(
            f"FXT100 forward calls backward() at {user_line()}: gradients are no part of a static graph. Compute them "
            "outside of forward. See docs/errors.md#fxt100"
        )
        self.tracer.refusals.refuse(refusal)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        text = TensorText(f"TracedTensor({self.node.name}, shape={list(self.example.shape)}, dtype={self.dtype})")
        text.traced = self
        return text

    __str__ = __repr__

    def as_subclass(self, cls: type) -> Any:
        """The same traced tensor with Paddle's methods or with torch's."""
        kind = TracedTensor if issubclass(cls, Tensor) else TorchTracedTensor
        twin = kind(self.node, self.tracer, self.example, self.fixed)
        # What one is told, such as a write, the other knows.
        twin.__dict__ = self.__dict__
        return twin

    def __copy__(self) -> Any:
        return type(self)(self.node, self.tracer, self.example, self.fixed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return torch.clone(self)


class TensorText(str):
    """The text of a traced tensor: printing it does no harm, asking what it says is a look at the tensor's data."""

    traced: TracedValue


def _looking(name: str) -> Any:
    read = getattr(str, name)

    def method(self: TensorText, *args: Any) -> Any:
        if not self.traced.tracer.finished:
            self.traced.tracer.refusals.add_look(self.traced, "its text")
        return read(self, *args)

    return method


for (
    _name
) in """__contains__ __eq__ __ne__ __hash__ __len__ __getitem__ __iter__ count endswith find index lower partition
    replace rfind split splitlines startswith strip upper""".split():
    setattr(TensorText, _name, _looking(_name))


class TracedTensor(TracedValue, Tensor):
    """A traced tensor with Paddle's methods; what a Layer computes with."""

    @property
    def size(self) -> Any:
        shape = self.shape
        numel = shape.numel()
        if not isinstance(numel, TracedScalar):
            return Size.of(shape)
        return TracedSize(self.tracer, numel.value, numel.text, numel.node, shape)

    @property
    def place(self) -> Any:
        return places.place_of(self.example.device)

    @property
    def stop_gradient(self) -> bool:
        return True

    @stop_gradient.setter
    def stop_gradient(self, value: bool) -> None:
        """Gradients are not part of a static graph."""

    def __getitem__(self, item: Any) -> Any:
        x, index = read_index(self, item)
        return self.tracer.record("call_function", operator.getitem, (x, index), {})

    def __setitem__(self, item: Any, value: Any) -> None:
        self._write(write_index(self, item), written(self, value))


class TorchSizes(tuple):
    """The sizes of a traced tensor as a plain torch.nn.Module sees them: what torch.Size is to ints."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # type: ignore[override]
        return torch.Size

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return TorchSizes(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> TorchSizes:
        return TorchSizes((*self, *other))

    def __radd__(self, other: Any) -> TorchSizes:
        return TorchSizes((*other, *self))

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> Any:
        return math.prod(self)


class TorchTracedTensor(TracedValue):
    """A traced tensor with torch's own methods; what a plain torch.nn.Module computes with."""

    @property
    def shape(self) -> Any:
        return TorchSizes(self.tracer.size(self, dim) for dim in range(self.example.ndim))

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> Any:
        return self.shape.numel()

    # Setting these does not come to the tracer's mode.

    @property
    def real(self) -> Any:
        return torch.real(self)

    @real.setter
    def real(self, value: Any) -> None:
        torch.real(self).copy_(value)

    @property
    def imag(self) -> Any:
        return torch.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        torch.imag(self).copy_(value)

    # torch's argument parser takes a traced number for the whole list of sizes: they are listed for it.

    def expand(self, *sizes: Any) -> Any:
        return torch.Tensor.expand(self, _listed(sizes))

    def resize_(self, *sizes: Any, **kwargs: Any) -> Any:
        return torch.Tensor.resize_(self, _listed(sizes), **kwargs)

    def new_empty(self, *size: Any, **kwargs: Any) -> Any:
        return torch.Tensor.new_empty(self, _listed(size), **kwargs)

    def new_ones(self, *size: Any, **kwargs: Any) -> Any:
        return torch.Tensor.new_ones(self, _listed(size), **kwargs)

    def new_zeros(self, *size: Any, **kwargs: Any) -> Any:
        return torch.Tensor.new_zeros(self, _listed(size), **kwargs)

    # TorchScript has only the functions for these, or another method.

    def new_tensor(self, data: Any, dtype: torch.dtype | None = None, **kwargs: Any) -> Any:
        return torch.tensor(data, dtype=dtype or self.dtype, device=kwargs.get("device", self.device))

    def unique(self, *args: Any, **kwargs: Any) -> Any:
        return torch.unique(self, *args, **kwargs)

    def unique_consecutive(self, *args: Any, **kwargs: Any) -> Any:
        return torch.unique_consecutive(self, *args, **kwargs)

    def norm(self, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: torch.dtype | None = None) -> Any:
        return torch.norm(self, p, dim, keepdim, dtype=dtype)


def _deferring(name: str) -> Any:
    """torch's operator, which lets Paddle's come first, as Python does for the subclass that a Tensor is."""
    operate = getattr(torch.Tensor, name)

    def method(self: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, Tensor) else operate(self, other)

    return method


for _name in "add sub mul truediv pow eq ne lt le gt ge".split():
    setattr(TorchTracedTensor, f"__{_name}__", _deferring(f"__{_name}__"))
PLAIN_TYPES.add(TorchTracedTensor)


def _with_tensors(value: Any) -> Any:
    """An index or a value with tensors for NumPy's arrays."""
    if isinstance(value, tuple):
        return tuple(map(_with_tensors, value))
    return torch.as_tensor(value) if isinstance(value, np.ndarray) else value


def _listed(sizes: tuple[Any, ...]) -> Any:
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else list(sizes)


def refuse_escaped(value: Any) -> NoReturn:
    """Raise the error of a traced tensor that is used outside of the trace that made it."""
    found = next((x for x in leaves_of(value) if isinstance(x, TracedValue)), None)
    refusal = TraceError(
        f"FXT100 a traced tensor ({found!r}) is used outside of the trace that made it, or where the tracer cannot "
        f"see it: "
        "forward kept it in a global, a closure or another object, or gave it to code that is not torch's. Return it "
        "from "
        "forward instead. See docs/errors.md#fxt100"
    )
    if found is not None:
        found.tracer.refusals.note(refusal)
    raise refusal


def leaves_of(value: Any) -> Iterator[Any]:
    """The leaves of the arguments of a call: nested lists, tuples, dicts and slices."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves_of(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves_of(item)
    elif isinstance(value, slice):
        yield from (value.start, value.stop, value.step)
    else:
        yield value
