"""What an eager tensor alone can do: look at its data, be written to, keep gradients, print."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from fxtraced.framework import place as places
from fxtraced.framework.calls import named
from fxtraced.framework.dtype import dtype_name
from fxtraced.tensor.indexing import read_index, write_index, written
from fxtraced.tensor.to_string import to_string

_names = itertools.count()


class EagerMethods:
    """The mixin behind x[...], x.numpy(), x.set_value(...), x.gradient() and their like."""

    persistable = False
    title = ""
    """What stands above the numbers when the tensor prints."""

    @named
    def __getitem__(self: Any, item: Any) -> Any:
        x, index = read_index(self, item)
        return torch.Tensor.__getitem__(x, index)

    @named
    def __setitem__(self: Any, item: Any, value: Any) -> None:
        torch.Tensor.__setitem__(self, write_index(self, item), written(self, value))

    def __iter__(self: Any) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-D tensor")
        return iter(torch.unbind(self))

    def numpy(self: Any) -> np.ndarray:
        """The values as a NumPy array of its own, gradients or not; bfloat16 comes as uint16, as in Paddle."""
        if torch._C._len_torch_function_stack():
            # During a trace the tracer answers, or refuses.
            return torch.Tensor.numpy(self)
        with torch._C.DisableTorchFunctionSubclass():
            if self.dtype == torch.bfloat16:
                return torch.Tensor.view(torch.Tensor.detach(self), torch.uint16).numpy(force=True).copy()
            return torch.Tensor.numpy(self, force=True).copy()

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __float__(self: Any) -> float:
        if torch._C._len_torch_function_stack():
            return torch.Tensor.__float__(self)
        # torch warns where gradients are recorded; Paddle's float(loss) is silent.
        return torch.Tensor.__float__(torch.Tensor.detach(self))

    def item(self: Any, *args: int) -> Any:
        """The one element as a Python number; item(n) and item(i, j, ...) pick one by its place.

        Raises ValueError when there are several and no place is given.
        """
        with torch._C.DisableTorchFunctionSubclass():
            if args:
                # NumPy has no bfloat16.
                values = torch.Tensor.float(self) if self.dtype == torch.bfloat16 else self
                return torch.Tensor.numpy(values, force=True).item(*args)
            if torch.Tensor.numel(self) != 1:
                raise ValueError(f"item: only a tensor of one element has an item, but the shape is {list(self.shape)}")
            return torch.Tensor.item(self)

    def tolist(self: Any) -> Any:
        """The values as nested lists; a number for a 0-D tensor."""
        with torch._C.DisableTorchFunctionSubclass():
            return torch.Tensor.tolist(self)

    def set_value(self: Any, value: Any) -> None:
        """Overwrite the values in place with a NumPy array or tensor; everything that shares the memory sees it.

        Raises AssertionError unless shape and dtype are the tensor's own, and for another type.
        """
        assert isinstance(value, np.ndarray | torch.Tensor), (
            "Variable set_value function, arguments type only support Variable, numpy, Tensor, dict, string."
        )
        given = value if isinstance(value, torch.Tensor) else torch.tensor(value)
        own = list(self.shape)
        assert list(given.shape) == own, (
            f"Variable Shape not match, Variable [ {self.name} ] need tensor with shape {own} "
            f"but load set tensor with shape {tuple(given.shape)}"
        )
        assert given.dtype == self.dtype, (
            f"Variable dtype not match, Variable [ {self.name} ] need tensor with dtype "
            f"{dtype_name(self.dtype)}  but load tensor with dtype {dtype_name(given.dtype)}"
        )
        with torch.no_grad():
            torch.Tensor.copy_(self, given)

    def value(self: Any) -> Any:
        """The tensor itself."""
        return self

    def get_tensor(self: Any) -> Any:
        """The tensor itself."""
        return self

    def backward(self: Any, grad_tensor: Any = None, retain_graph: bool = False) -> None:
        """Compute the gradients of the leaves; grad_tensor defaults to ones, also for more than one element."""
        seed = torch.ones_like(self) if grad_tensor is None else grad_tensor
        torch.autograd.backward(self, seed, retain_graph=retain_graph)

    def gradient(self: Any) -> np.ndarray | None:
        """The gradient as a NumPy array, or None."""
        return None if self.grad is None else self.grad.numpy()

    def clear_grad(self: Any, set_to_zero: bool = True) -> None:
        """Set the gradient to zero, or drop it."""
        if self.grad is not None:
            if set_to_zero:
                self.grad.detach().zero_()
            else:
                self.grad = None

    def clear_gradient(self: Any, set_to_zero: bool = True) -> None:
        """Set the gradient to zero, or drop it."""
        self.clear_grad(set_to_zero)

    def detach_(self: Any) -> Any:
        """The tensor itself, without gradients from now on."""
        self.stop_gradient = True
        return self

    def retain_grads(self: Any) -> None:
        """Keep the gradient of a tensor that is no leaf."""
        torch.Tensor.retain_grad(self)

    @property
    def name(self: Any) -> str:
        """The tensor's name: given, or made up at the first question."""
        if "_name" not in self.__dict__:
            self.__dict__["_name"] = f"generated_tensor_{next(_names)}"
        return self.__dict__["_name"]

    @name.setter
    def name(self: Any, value: str) -> None:
        self.__dict__["_name"] = value

    @property
    def place(self: Any) -> places.CPUPlace | places.CUDAPlace:
        """Where the tensor lies: CPUPlace or CUDAPlace."""
        return places.place_of(self.device)

    @property
    def strides(self: Any) -> list[int]:
        """The steps between neighbours along each axis, in elements."""
        return list(torch.Tensor.stride(self))

    def get_strides(self: Any) -> list[int]:
        """The steps between neighbours along each axis, in elements."""
        return self.strides

    @property
    def inplace_version(self: Any) -> int:
        """How often the tensor was written to in place."""
        return self._version

    def is_dense(self: Any) -> bool:
        """True: sparse tensors are torch's own."""
        return True

    def __repr__(self: Any, *, tensor_contents: Any = None) -> str:
        return self.title + to_string(self)

    __str__ = __repr__

    def __format__(self: Any, spec: str) -> str:
        return format(self.item(), spec) if spec and self.ndim == 0 else format(str(self), spec)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            copy = torch.clone(torch.Tensor.detach(self))
            copy.requires_grad_(self.requires_grad)
            copy.__dict__.update(self.__dict__)
            memo[id(self)] = copy
        return memo[id(self)]
