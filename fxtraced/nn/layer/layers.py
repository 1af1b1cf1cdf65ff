"""Layer: a torch.nn.Module with Paddle's methods."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.hooks import RemovableHandle

from fxtraced.framework.dtype import convert_dtype, default_dtype, is_floating
from fxtraced.framework.place import convert_place
from fxtraced.nn._names import parameter_name, snake_case, unique_name
from fxtraced.nn.layer.parameters import make_parameter
from fxtraced.nn.layer.torch_modules import give_torch_tensors
from fxtraced.tensor.common import replace_data
from fxtraced.tensor.tensor import PLAIN_TYPES, Tensor, as_paddle, as_tensor, plain


class Layer(torch.nn.Module):
    """The base of every layer (paddle.nn.Layer).

    A torch.nn.Module in every respect: torch.optim, torch's state_dict, copy and pickle work on it. On top of that it
    has Paddle's methods, and plain torch tensors that it is called with become Tensors before forward sees them.
    """

    def __init__(self, name_scope: str | None = None, dtype: Any = "float32"):
        super().__init__()
        self._full_name = unique_name(snake_case(name_scope or type(self).__name__))
        self._dtype = default_dtype() if dtype is None else convert_dtype(dtype)
        self._paddle_state_hooks: dict[int, Callable[[Any], Any]] = OrderedDict()

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        inputs = tuple([as_paddle(value) for value in inputs])
        if kwargs:
            kwargs = {name: as_paddle(value) for name, value in kwargs.items()}
        return super().__call__(*inputs, **kwargs)

    def __repr__(self) -> str:
        """As Paddle prints it: what extra_repr says on the first line, each sublayer on its own."""
        extra = self.extra_repr()
        lines = [f"({name}): {layer!r}".replace("\n", "\n  ") for name, layer in self._modules.items()]
        if "\n" in extra:
            extra = "\n  " + extra.replace("\n", "\n  ") + "\n"
        below = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
        return f"{type(self).__name__}({extra}{below})"

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        just_a_tensor = type(value) is Tensor or type(value) in PLAIN_TYPES
        if just_a_tensor and "_buffers" in self.__dict__ and name not in self._parameters:
            # As in Paddle, a tensor that is just assigned is a buffer outside the state dict.
            if name not in self._buffers:
                self.__dict__.pop(name, None)
                self._modules.pop(name, None)
                self._non_persistent_buffers_set.add(name)
            self._buffers[name] = as_tensor(value)
        else:
            super().__setattr__(name, value)
            if isinstance(value, torch.nn.Module):
                give_torch_tensors(value)

    # --- parameters and buffers ---------------------------------------------------------------------------------

    def create_parameter(
        self, shape: Any, attr: Any = None, dtype: Any = None, is_bias: bool = False, default_initializer: Any = None
    ) -> Any:
        """A new Parameter, or None when attr is False.

        Its dtype is the default one unless given, whatever the layer's. Initialised by attr's initializer, else the
        global one, else default_initializer, else Xavier's uniform values (zeros for a bias). The caller assigns or
        adds it.
        """
        return make_parameter(shape, attr, dtype, is_bias, default_initializer, scope=self._full_name)

    def create_tensor(self, name: str | None = None, persistable: Any = None, dtype: Any = None) -> Any:
        """An empty tensor of this layer's dtype, named after the layer."""
        made = as_tensor(torch.empty(0, dtype=convert_dtype(dtype) if dtype else self._dtype))
        made.name = unique_name("_generated_var") if name is None else f"{self._full_name}.{name}"
        return made

    create_variable = create_tensor

    def add_parameter(self, name: str, parameter: Any) -> Any:
        """Register a parameter (or None) under a name, and return it. Raises for a bad name or another type."""
        if not isinstance(name, str):
            raise TypeError(f"The name of parameter should be a string, but received {type(name).__name__}.")
        if not name or "." in name or (hasattr(self, name) and name not in self._parameters):
            raise KeyError(f"add_parameter: {name!r} is empty, holds a dot or is taken in {type(self).__name__}")
        if parameter is not None and not getattr(parameter, "_is_param", False):
            raise TypeError(
                f"The parameter to be added should be a Parameter, but received {type(parameter).__name__}."
            )
        self._parameters[name] = parameter
        return parameter

    def register_buffer(  # type: ignore[override]
        self, name: str, tensor: Any, persistable: bool = True, *, persistent: bool | None = None
    ) -> None:
        """Register a tensor (or None) as a buffer; only a persistable one is part of the state dict."""
        if isinstance(name, str) and not hasattr(type(self), name):
            self.__dict__.pop(name, None)
        super().register_buffer(name, as_tensor(tensor), persistable if persistent is None else persistent)

    def parameters(self, include_sublayers: bool = True, *, recurse: bool = True) -> list[Any]:  # type: ignore[override]
        """The parameters of this layer and its sublayers, each once, in a list."""
        return [parameter for _, parameter in self.named_parameters("", include_sublayers and recurse)]

    def named_parameters(  # type: ignore[override]
        self, prefix: str = "", include_sublayers: bool = True, remove_duplicate: bool = True, *, recurse: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """(name, parameter) pairs; recurse is torch's name for include_sublayers."""
        return super().named_parameters(prefix, include_sublayers and recurse, remove_duplicate)

    def buffers(self, include_sublayers: bool = True, *, recurse: bool = True) -> list[Any]:  # type: ignore[override]
        """The buffers of this layer and its sublayers, each once, in a list."""
        return [buffer for _, buffer in self.named_buffers("", include_sublayers and recurse)]

    def named_buffers(  # type: ignore[override]
        self, prefix: str = "", include_sublayers: bool = True, remove_duplicate: bool = True, *, recurse: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """(name, buffer) pairs; recurse is torch's name for include_sublayers."""
        return super().named_buffers(prefix, include_sublayers and recurse, remove_duplicate)

    def train(self, mode: bool = True) -> Layer:
        """Training mode, here and below. Calls no train() or eval() of the layers below."""
        self.training = mode
        for layer in self.children():
            # A torch module may have a train() of its own that torch would call.
            Layer.train(layer, mode) if isinstance(layer, Layer) else layer.train(mode)
        return self

    def eval(self) -> Layer:
        """Inference mode, here and below; see train."""
        return Layer.train(self, False)

    def clear_gradients(self) -> None:
        """Forget the gradients of all parameters."""
        self.zero_grad(set_to_none=True)

    def backward(self, *inputs: Any) -> None:
        """Raises ValueError: gradients are those of forward."""
        raise ValueError(f"{type(self).__name__}: a layer has no backward of its own; call backward() of its loss")

    # --- sublayers ----------------------------------------------------------------------------------------------

    @property
    def _sub_layers(self) -> dict[str, Any]:
        return self._modules

    def add_sublayer(self, name: str, sublayer: Any) -> Any:
        """Register a layer (or None) under a name, and return it."""
        if sublayer is not None and not isinstance(sublayer, torch.nn.Module):
            raise AssertionError(f"add_sublayer: {name!r} must be a Layer or None, but received {type(sublayer)}")
        self._modules[name] = sublayer
        if sublayer is not None:
            give_torch_tensors(sublayer)
        return sublayer

    def sublayers(self, include_self: bool = False) -> list[Any]:
        """All layers below this one, depth first, each once."""
        return [layer for _, layer in self.named_sublayers(include_self=include_self)]

    def named_sublayers(
        self, prefix: str = "", include_self: bool = False, layers_set: set[Any] | None = None
    ) -> Iterator[tuple[str, Any]]:
        """(name, layer) pairs of all layers below this one, depth first, each once."""
        for name, layer in self.named_modules(memo=layers_set, prefix=prefix):
            if include_self or layer is not self:
                yield name, layer

    # --- state --------------------------------------------------------------------------------------------------

    def state_dict(  # type: ignore[override]
        self,
        destination: Any = None,
        include_sublayers: bool = True,
        structured_name_prefix: str = "",
        use_hook: bool = True,
        *,
        prefix: str = "",
        keep_vars: bool = True,
    ) -> Any:
        """Names to parameters and persistable buffers: the live tensors, not copies.

        prefix and keep_vars are torch's arguments.
        """
        prefix = structured_name_prefix or prefix
        if include_sublayers:
            state = super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
        else:
            state = OrderedDict() if destination is None else destination
            self._save_to_state_dict(state, prefix, keep_vars)
        for hook in self._paddle_state_hooks.values() if use_hook else ():
            changed = hook(state)
            state = state if changed is None else changed
        return state

    def register_state_dict_hook(self, hook: Callable[[Any], Any]) -> Any:
        """Call hook(state) at the end of state_dict; what it returns is the state unless it is None."""
        handle = RemovableHandle(self._paddle_state_hooks)
        self._paddle_state_hooks[handle.id] = hook
        return handle

    def to_static_state_dict(
        self, destination: Any = None, include_sublayers: bool = True, structured_name_prefix: str = "",
        use_hook: bool = True,
    ) -> Any:  # fmt: skip
        """state_dict, with the buffers that are not persistable too."""
        state = self.state_dict(destination, include_sublayers, structured_name_prefix, use_hook)
        for name, buffer in self.named_buffers(structured_name_prefix.rstrip("."), include_sublayers):
            state.setdefault(name, buffer)
        return state

    def set_state_dict(self, state_dict: Any, use_structured_name: bool = True) -> tuple[list[str], list[str]]:
        """Copy values (tensors or arrays) into parameters and buffers, in place; returns (missing, unexpected) names.

        A missing name or another shape is skipped with a warning. Raises AssertionError for another dtype.
        With use_structured_name=False the names are those of the parameters (linear_0.w_0).
        """
        missing, used = [], set()
        for key, target in self.state_dict().items():
            name = key if use_structured_name else parameter_name(target, key)
            value = state_dict.get(name)
            if value is None:
                problem = f"{name} is not found in the provided dict."
            elif list(value.shape) != list(target.shape):
                problem = (
                    f"{name} receives a shape {list(value.shape)}, but the expected shape is {list(target.shape)}."
                )
            else:
                used.add(name)
                _copy_into(target, value, name)
                continue
            missing.append(name)
            warnings.warn(f"Skip loading for {key}. {problem}", stacklevel=2)
        return missing, [name for name in state_dict if name not in used]

    set_dict = load_dict = set_state_dict

    def full_name(self) -> str:
        """A unique name of this layer: linear_0."""
        return self._full_name

    # --- device and dtype ---------------------------------------------------------------------------------------

    def to(self, device: Any = None, dtype: Any = None, blocking: bool | None = None, **torch_options: Any) -> Layer:  # type: ignore[override]
        """Move (device: a place, "cpu", "gpu:0") and cast parameters and buffers, in place; returns the layer.

        Floating values are cast, others keep their dtype. Also takes torch's forms: to(torch.float64), to(tensor).
        """
        if isinstance(device, torch.dtype):
            device, dtype = None, device
        elif isinstance(device, torch.Tensor):
            device, dtype = device.device, dtype or device.dtype
        where = None if device is None else convert_place(device)
        kind = None if dtype is None else convert_dtype(dtype)
        if where is None and kind is None:
            return self
        super().to(device=where, dtype=kind, non_blocking=blocking is False, **torch_options)
        if kind is not None:
            for layer in self.sublayers(include_self=True):
                layer._dtype = kind
        return self

    def astype(self, dtype: Any = None) -> Layer:
        """Cast parameters and floating buffers (paddle.nn.Layer.astype). Raises ValueError for other dtypes."""
        if not is_floating(convert_dtype(dtype)):
            raise ValueError(f"astype: dtype must be a floating dtype, but received {dtype!r}")
        return self.to(dtype=dtype)

    def float(self, excluded_layers: Any = None) -> Layer:  # type: ignore[override]
        """Cast to float32, but for layers of the excluded types."""
        return self._cast(torch.float32, excluded_layers)

    def float16(self, excluded_layers: Any = None) -> Layer:
        """Cast to float16, but for layers of the excluded types (nn.BatchNorm when None)."""
        return self._cast(torch.float16, _batch_norm() if excluded_layers is None else excluded_layers)

    def bfloat16(self, excluded_layers: Any = None) -> Layer:  # type: ignore[override]
        """Cast to bfloat16, but for layers of the excluded types (nn.BatchNorm when None)."""
        return self._cast(torch.bfloat16, _batch_norm() if excluded_layers is None else excluded_layers)

    def _cast(self, dtype: torch.dtype, excluded: Any) -> Layer:
        excluded = tuple(excluded) if isinstance(excluded, list | tuple) else (excluded,) if excluded else ()
        for layer in self.sublayers(include_self=True):
            if not isinstance(layer, excluded):
                layer._cast_own(dtype)
        return self

    def _cast_own(self, dtype: torch.dtype) -> None:
        """Cast the floating parameters and buffers of this layer, not those of its sublayers."""
        for tensor in [*self._parameters.values(), *self._buffers.values()]:
            if tensor is not None and tensor.is_floating_point():
                replace_data(tensor, torch.Tensor.to(plain(tensor), dtype))
        self._dtype = dtype

    # --- hooks --------------------------------------------------------------------------------------------------

    def register_forward_post_hook(self, hook: Callable[..., Any]) -> Any:
        """Call hook(layer, inputs, output) after forward; what it returns replaces the output unless it is None."""
        return self.register_forward_hook(hook)


def _batch_norm() -> Any:
    from fxtraced.nn.layer.norm import BatchNorm  # it is a Layer itself

    return BatchNorm


def _copy_into(target: torch.Tensor, value: Any, name: str) -> None:
    given = value.detach() if isinstance(value, torch.Tensor) else torch.as_tensor(np.ascontiguousarray(value))
    if given.dtype == torch.uint16 and target.dtype == torch.bfloat16:
        given = given.view(torch.bfloat16)  # how arrays hold bfloat16
    if given.dtype != target.dtype:
        raise AssertionError(
            f"Variable dtype not match, Variable [ {name} ] need tensor with dtype {target.dtype}"
            f"  but load tensor with dtype {given.dtype}"
        )
    if given.untyped_storage().data_ptr() == target.untyped_storage().data_ptr():
        given = given.clone()  # a layer's own state dict, in which tensors may be views of each other
    with torch.no_grad():
        torch.Tensor.copy_(target, torch.reshape(given, tuple(target.shape)))
