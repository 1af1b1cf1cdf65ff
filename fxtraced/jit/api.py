"""to_static, save and load: from a layer to an archive and back (paddle.jit.api)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from fxtraced.framework.errors import FxtracedError
from fxtraced.jit.traced_layer import TracedLayer
from fxtraced.jit.translated_layer import TranslatedLayer
from fxtraced.static.input_spec import InputSpec
from fxtraced.static.io import load_inference_model
from fxtraced.tensor.creation import zeros
from fxtraced.tensor.random import rand
from fxtraced.tracing.state import Snapshot

__all__ = ["load", "not_to_static", "save", "to_static"]

_SPEC = "_fxtraced_input_spec"
# What stands for -1 while the layer is traced: on the first axis, and on every other one the first that forward takes.
_FIRST_SIZE, _OTHER_SIZES = 2, (64, 128, 224, 512)


def to_static(
    function: Any = None, input_spec: Any = None, build_strategy: Any = None, backend: Any = None, **kwargs: Any
) -> Any:
    """Note the input_spec of a layer, a function or a forward for paddle.jit.save; also as @to_static(input_spec=...).

    Differs from Paddle: calls stay eager, so values, gradients and control flow are those of the layer; the static
    graph is made by jit.save and TracedLayer.trace. The other arguments are Paddle's and change nothing.
    Raises TypeError for what cannot be called and for an input_spec that is no list or tuple.
    """
    if input_spec is not None and not isinstance(input_spec, list | tuple):
        raise TypeError(f"to_static: input_spec must be a list or tuple, but received {type(input_spec)}")
    if function is None:
        return lambda decorated: to_static(decorated, input_spec)
    if not callable(function):
        raise TypeError(f"to_static: a layer or a function is wanted, but received {type(function)}")
    if input_spec is None:
        return function
    if isinstance(function, torch.nn.Module):
        object.__setattr__(function, _SPEC, list(input_spec))
        return function

    # A function of its own to note it on: that of a method belongs to every layer of its class.
    @functools.wraps(function)
    def marked(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    setattr(marked, _SPEC, list(input_spec))
    return marked


def not_to_static(func: Callable[..., Any] | None = None) -> Any:
    """func itself; also as @not_to_static(). Everything that forward calls is traced."""
    return (lambda decorated: decorated) if func is None else func


def save(layer: Any, path: str, input_spec: Any = None, **configs: Any) -> None:
    """Trace a layer in inference mode and write path/model.pt (paddle.jit.save).

    input_spec: for each argument of forward an InputSpec or an example tensor, in lists and dicts where forward takes
    them; None takes what to_static noted. A size of -1 is traced as 2 on the first axis (or as the example tensors'
    size) and elsewhere as 64, or 128, 224 or 512 where forward fails on less: give an example tensor where these are no
    sizes of yours.
    The layer is left as it was. Keywords: clip_extra is Paddle's and changes nothing; dtype, tolerance and target are
    those of TracedLayer.save_inference_model.
    Raises TypeError for what is no layer, ValueError without an input_spec and for another keyword, TraceError where
    the layer depends on data.
    """
    if not isinstance(layer, torch.nn.Module):
        raise TypeError(f"The input of paddle.jit.save should be 'Layer', but received input type is {type(layer)}.")
    for name in configs:
        if name not in ("clip_extra", "dtype", "tolerance", "target"):
            raise ValueError(f"The additional config ({name}) of `paddle.jit.save` is not supported.")
    spec = input_spec if input_spec is not None else _noted_spec(layer)
    if spec is None:
        raise ValueError(
            f"jit.save: input_spec is needed to trace {type(layer).__name__}: give jit.save a list of InputSpecs or "
            "example tensors, one for each argument of forward, or give it to to_static"
        )
    before = Snapshot(layer)
    try:
        layer.eval()
        static = _traced(layer, list(spec))
    finally:
        before.restore()
    given = {name: configs[name] for name in ("dtype", "tolerance", "target") if name in configs}
    static.save_inference_model(path, **given)


def load(path: str, **configs: Any) -> TranslatedLayer:
    """Read what jit.save or save_inference_model wrote (paddle.jit.load).

    Differs from Paddle: reads archives of fxtraced, not .pdmodel files.
    Raises ArchiveError for a missing or another file, ValueError for keywords.
    """
    for name in configs:
        raise ValueError(f"The additional config ({name}) of `paddle.jit.load` is not supported.")
    return TranslatedLayer(load_inference_model(path)[0])


def _noted_spec(layer: torch.nn.Module) -> list[Any] | None:
    return getattr(layer, _SPEC, None) or getattr(layer.forward, _SPEC, None)


def _traced(layer: torch.nn.Module, spec: list[Any]) -> TracedLayer:
    """The static graph from examples of the first size that forward takes; the error on the first one if none fits."""
    now = Snapshot(layer)
    errors: list[Exception] = []
    for size in _OTHER_SIZES if _has_free_size(spec) else _OTHER_SIZES[:1]:
        try:
            return TracedLayer.trace(layer, _example(spec, _leading_size(spec), size))[1]
        except FxtracedError:
            raise
        except Exception as error:
            errors.append(error)
            now.restore()
    raise errors[0]


def _has_free_size(spec: Any) -> bool:
    """Whether an InputSpec has a size of -1 that is not that of its first axis."""
    if isinstance(spec, InputSpec):
        return -1 in spec.shape[1:]
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list | tuple) else ()
    return any(map(_has_free_size, parts))


def _leading_size(spec: Any) -> int:
    """The leading size of the first example tensor of a nested list; 0 where there is none."""
    if isinstance(spec, torch.Tensor):
        return int(spec.shape[0]) if spec.ndim else 0
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list | tuple) else ()
    return next(filter(None, map(_leading_size, parts)), 0)


def _example(spec: Any, leading: int, other: int) -> Any:
    """Nested lists and dicts with a tensor in the place of each InputSpec."""
    if isinstance(spec, list | tuple):
        return [_example(item, leading, other) for item in spec]
    if isinstance(spec, dict):
        return {key: _example(item, leading, other) for key, item in spec.items()}
    if isinstance(spec, torch.Tensor):
        return spec
    if not isinstance(spec, InputSpec):
        raise TypeError(f"jit.save: input_spec must hold InputSpecs and tensors, but it holds {spec!r}")
    free = [leading or _FIRST_SIZE, *[other] * len(spec.shape)]
    sizes = [free[i] if size == -1 else size for i, size in enumerate(spec.shape)]
    return rand(sizes, spec.dtype) if spec.dtype.is_floating_point else zeros(sizes, spec.dtype)
