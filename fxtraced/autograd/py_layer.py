"""PyLayer: an operation with a gradient of its own, over torch.autograd.Function."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import _get_current_function_mode_stack

from fxtraced.tensor.tensor import as_tensor
from fxtraced.tracing.recording import RecordingMode

__all__ = ["PyLayer", "PyLayerContext"]


class PyLayerContext:
    """What forward leaves for backward: tensors by save_for_backward, anything else as attributes."""

    def __init__(self) -> None:
        self._torch: Any = None
        self._saved: tuple[Any, ...] = ()
        self._materialize = True
        self._fixed: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward; at most once, in forward."""
        self._saved = tensors

    def saved_tensor(self) -> tuple[Any, ...]:
        """The tensors of save_for_backward."""
        if self._torch is None:
            return self._saved
        tensors = iter(self._torch.saved_tensors)
        return tuple(as_tensor(next(tensors)) if kept else other for kept, other in self._saved)

    def mark_non_differentiable(self, *args: Any) -> None:
        """These outputs get no gradient."""
        self._fixed = args

    def mark_not_inplace(self, *args: Any) -> None:
        """Nothing to do: no input is taken for written to."""

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for an output without a gradient."""
        self._materialize = value

    def _hand_over(self, torch_context: Any) -> None:
        # torch keeps tensors without making a cycle of references; other values stay here.
        kept = [isinstance(value, torch.Tensor) for value in self._saved]
        torch_context.save_for_backward(*[x for x, is_tensor in zip(self._saved, kept, strict=True) if is_tensor])
        torch_context.set_materialize_grads(self._materialize)
        if self._fixed:
            torch_context.mark_non_differentiable(*self._fixed)
        self._fixed = ()
        self._saved = tuple(
            (is_tensor, None if is_tensor else x) for x, is_tensor in zip(self._saved, kept, strict=True)
        )
        self._torch = torch_context


class PyLayer:
    """The base of operations with a gradient of their own (paddle.autograd.PyLayer).

    A subclass has the static methods forward(ctx, *args, **kwargs) -> tensors and backward(ctx, *gradients) -> a
    gradient (or None) for each tensor among forward's arguments, a list of them for a list of tensors.
    Call it with apply. A static graph records what forward does; it has no gradient.
    """

    @staticmethod
    def forward(ctx: PyLayerContext, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("PyLayer: a subclass must have a static method forward(ctx, *args, **kwargs)")

    @staticmethod
    def backward(ctx: PyLayerContext, *args: Any) -> Any:
        raise TypeError("PyLayer: a subclass must have a static method backward(ctx, *gradients)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """forward(ctx, *args, **kwargs), with this class's backward for the gradients."""
        context = PyLayerContext()
        if any(isinstance(mode, RecordingMode) for mode in _get_current_function_mode_stack()):
            return cls.forward(context, *args, **kwargs)
        places = [value for value in [*args, *kwargs.values()] if _tensors_in(value)]
        tensors = [tensor for value in places for tensor in _tensors_in(value)]
        return _Bridge.apply(cls, context, places, args, kwargs, *tensors)


class _Bridge(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, layer: Any, context: PyLayerContext, places: list[Any], args: Any, kwargs: Any, *tensors: Any
    ) -> Any:  # type: ignore[override]
        given = iter(tensors)
        args = [_filled(value, given) for value in args]
        kwargs = {name: _filled(value, given) for name, value in kwargs.items()}
        outputs = layer.forward(context, *args, **kwargs)
        context._hand_over(ctx)
        ctx.layer, ctx.context, ctx.counts = layer, context, [_count(value) for value in places]
        return tuple(outputs) if isinstance(outputs, list) else outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        found = ctx.layer.backward(ctx.context, *[as_tensor(gradient) for gradient in gradients])
        found = list(found) if isinstance(found, list | tuple) else [found]
        name = ctx.layer.__name__
        if len(found) < len(ctx.counts) and not any(ctx.needs_input_grad[5 + len(found) :]):
            found += [None] * (len(ctx.counts) - len(found))
        if len(found) != len(ctx.counts):
            raise ValueError(
                f"{name}.backward returned {len(found)} gradients, but {name}.forward takes {len(ctx.counts)} tensors"
            )
        flat: list[Any] = []
        for gradient, count in zip(found, ctx.counts, strict=True):
            items = [gradient] if count is None else [None] * count if gradient is None else list(gradient)
            if count is not None and len(items) != count:
                raise ValueError(f"{name}.backward returned {len(items)} gradients for a list of {count} tensors")
            flat += items
        return (None, None, None, None, None, *flat)


def _tensors_in(value: Any) -> list[torch.Tensor]:
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, torch.Tensor)]


def _count(value: Any) -> int | None:
    return len(_tensors_in(value)) if isinstance(value, list | tuple) else None


def _filled(value: Any, given: Any) -> Any:
    """value with its tensors in order replaced by the given ones."""
    if isinstance(value, torch.Tensor):
        return next(given)
    if isinstance(value, list | tuple) and _tensors_in(value):
        return type(value)([next(given) if isinstance(item, torch.Tensor) else item for item in value])
    return value
