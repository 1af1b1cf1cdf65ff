"""summary: a table of a layer's sublayers with their shapes and parameters."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype
from fxtraced.nn.layer.container import LayerList, Sequential
from fxtraced.nn.layer.rnn import RNNBase
from fxtraced.static.input_spec import InputSpec
from fxtraced.tensor.creation import zeros
from fxtraced.tensor.random import rand

__all__ = ["summary"]

_STATISTICS = ("_mean", "_variance")


def summary(net: Any, input_size: Any = None, dtypes: Any = None, input: Any = None) -> dict[str, int]:
    """Print a line for each sublayer that runs, and return {"total_params", "trainable_params"}.

    input_size: the shape of the input, or a list of shapes, as tuples or InputSpecs; one size of each may be -1 or
    None. dtypes: for each input, float32 by default. input: an input to use instead of random ones.
    The layer runs once, in inference mode.
    Raises ValueError without input_size and input, and for other unknown sizes.
    """
    if input is None and input_size is None:
        raise ValueError("input_size and input cannot be None at the same time")
    inputs = [input] if input is not None else _random_inputs(input_size, dtypes)
    rows: dict[Any, tuple[str, str, str, int, int]] = {}
    hooks = [layer.register_forward_hook(_recorder(rows)) for layer in _shown(net)]
    training = [module for module in net.modules() if module.training]
    net.eval()
    try:
        with torch.no_grad():
            net(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for module in training:
            module.training = True
    total = sum(row[3] for row in rows.values())
    trainable = sum(row[4] for row in rows.values())
    print(_table(list(rows.values()), total, trainable))
    return {"total_params": total, "trainable_params": trainable}


def _shown(net: Any) -> list[Any]:
    """The layers that get a line: all but containers and the net itself, unless it is the only one."""
    below = [module for module in net.modules() if module is not net]
    return [
        module
        for module in (below or [net])
        if isinstance(module, RNNBase) or not isinstance(module, Sequential | LayerList)
    ]


def _recorder(rows: dict[Any, tuple[str, str, str, int, int]]) -> Any:
    def record(layer: Any, inputs: Any, output: Any) -> None:
        own = [p for p in layer._parameters.values() if p is not None]
        # Paddle counts the statistics of a batch norm with its parameters.
        fixed = sum(math.prod(layer._buffers[name].shape) for name in _STATISTICS if name in layer._buffers)
        trainable = sum(math.prod(p.shape) for p in own if p.requires_grad)
        fixed += sum(math.prod(p.shape) for p in own if not p.requires_grad)
        kind = type(layer).__name__
        number = rows[layer][0].rsplit("-", 1)[1] if layer in rows else str(_next_number(rows, kind))
        rows[layer] = (
            f"{kind}-{number}", str(_shapes(inputs)), str(_shapes(output)), trainable + fixed, trainable
        )  # fmt: skip

    return record


def _next_number(rows: dict[Any, Any], kind: str) -> int:
    return 1 + sum(row[0].rsplit("-", 1)[0] == kind for row in rows.values())


def _shapes(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_shapes(item) for item in value]
    return list(value.shape) if isinstance(value, torch.Tensor) else []


def _random_inputs(input_size: Any, dtypes: Any) -> list[Any]:
    if isinstance(input_size, InputSpec | int) or (isinstance(input_size, tuple) and _is_shape(input_size)):
        input_size = [input_size]
    sizes = [_size(item) for item in input_size]
    kinds = list(dtypes) if isinstance(dtypes, list | tuple) else [dtypes] * len(sizes)
    if len(kinds) != len(sizes):
        raise ValueError(f"summary: {len(sizes)} inputs, but {len(kinds)} dtypes")
    return [_random(size, convert_dtype(kind or "float32")) for size, kind in zip(sizes, kinds, strict=True)]


def _random(size: list[int], dtype: torch.dtype) -> Any:
    return rand(size, dtype) if dtype.is_floating_point else zeros(size, dtype)


def _is_shape(value: Any) -> bool:
    return not any(isinstance(item, list | tuple | InputSpec) for item in value)


def _size(item: Any) -> list[int]:
    shape = [item] if isinstance(item, int) else list(item.shape) if isinstance(item, InputSpec) else list(item)
    unknown = [i for i, size in enumerate(shape) if size in (None, -1)]
    if len(unknown) > 1:
        raise ValueError(f"summary: only one size of an input may be -1 or None, but received {tuple(shape)}")
    if any(size is not None and size <= 0 and size != -1 for size in shape):
        raise ValueError(f"summary: sizes must be greater than zero, but received {tuple(shape)}")
    return [1 if i in unknown else size for i, size in enumerate(shape)]


def _table(rows: list[tuple[str, str, str, int, int]], total: int, trainable: int) -> str:
    cells = [("Layer (type)", "Input Shape", "Output Shape", "Param #")]
    cells += [(name, given, made, f"{count:,}") for name, given, made, count, _ in rows]
    widths = [max(15, *(len(row[i]) + 2 for row in cells)) for i in range(4)]
    lines = ["".join(cell.center(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    rule = sum(widths)
    return "\n".join([
        "-" * rule, lines[0], "=" * rule, *lines[1:], "=" * rule,
        f"Total params: {total:,}", f"Trainable params: {trainable:,}", f"Non-trainable params: {total - trainable:,}",
        "-" * rule, "",
    ])  # fmt: skip
