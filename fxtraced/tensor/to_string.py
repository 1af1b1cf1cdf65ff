"""How a tensor prints: Paddle's header, and its numbers one by one in one width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.framework.place import place_of


@dataclass
class PrintOptions:
    """What set_printoptions changes."""

    precision: int = 8
    threshold: int = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool = False


_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    sci_mode: bool | None = None,
    linewidth: int | None = None,
) -> None:
    """Change how tensors print; None leaves an option as it is (paddle.set_printoptions)."""
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "sci_mode": sci_mode}
    for name, value in {**given, "linewidth": linewidth}.items():
        if value is not None:
            setattr(_options, name, value)


def to_string(tensor: Any, indent: int = 7) -> str:
    """Paddle's text of an eager tensor, from its header to the closing bracket."""
    shown = tensor.detach().cpu()
    shown = torch.Tensor.to(shown, torch.float32) if shown.dtype == torch.bfloat16 else shown
    array = shown.resolve_conj().as_subclass(torch.Tensor).numpy()
    header = (
        f"Tensor(shape={list(array.shape)}, dtype={dtype_name(tensor.dtype)}, place={place_of(tensor.device)}, "
        f"stop_gradient={not tensor.requires_grad},"
    )
    return f"{header}\n{' ' * indent}{_numbers(array, indent)})"


def _numbers(array: np.ndarray, indent: int) -> str:
    if array.size == 0:
        return "[]"
    summary = array.size > _options.threshold
    texts = [_item(item) for item in _shown(array, summary).flat] if array.ndim else [""]
    column = max(map(len, texts)), any(text.startswith("-") for text in texts)
    return _block(array, summary, column, indent)


def _shown(array: np.ndarray, summary: bool) -> np.ndarray:
    """The part of the array that prints: the edges of every axis when it is long."""
    edge = _options.edgeitems
    for axis in range(array.ndim) if summary else ():
        if array.shape[axis] > 2 * edge:
            keep = [*range(edge), *range(array.shape[axis] - edge, array.shape[axis])]
            array = array.take(keep, axis)
    return array


def _item(item: Any) -> str:
    if isinstance(item, np.floating):
        if np.isfinite(item) and item == np.floor(item) and not _options.sci_mode:
            return f"{item:.0f}."
        kind = "e" if _options.sci_mode else "f"
        return f"{item:.{_options.precision}{kind}}" if np.isfinite(item) else f"{item}." if np.isinf(item) else "nan"
    return str(item)


def _padded(item: Any, width: int, signed: bool) -> str:
    text = _item(item)
    # Where some numbers are negative, the others leave room for the sign if the width has it.
    if signed and len(text) < width and not text.startswith("-"):
        text = " " + text
    return text.ljust(width)


def _block(array: np.ndarray, summary: bool, column: tuple[int, bool], indent: int) -> str:
    edge = _options.edgeitems
    cut = summary and array.ndim > 0 and array.shape[0] > 2 * edge
    if array.ndim == 0:
        return _padded(array[()], *column)
    if array.ndim == 1:
        items = [_padded(item, *column) for item in array]
        if cut:
            items = [*items[:edge], "...", *items[-edge:]]
        return "[" + _lines(items, column[0], indent) + "]"
    blocks = [_block(part, summary, column, indent + 1) for part in (_edges(array) if cut else array)]
    if cut:
        blocks = [*blocks[:edge], "...", *blocks[edge:]]
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(blocks) + "]"


def _edges(array: np.ndarray) -> list[np.ndarray]:
    edge = _options.edgeitems
    return [*array[:edge], *array[-edge:]]


def _lines(items: list[str], width: int, indent: int) -> str:
    each = max(1, (_options.linewidth - indent - 1) // max(1, width + 2))
    lines = [", ".join(items[start : start + each]) for start in range(0, len(items), each)]
    return (",\n" + " " * (indent + 1)).join(lines)
