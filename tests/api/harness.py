"""What the tests of the API table share: the rows with Paddle's results, and each row as a layer."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row, expression, flatten, prepare_layer

import fxtraced as paddle

HERE = Path(__file__).resolve().parent
TOPICS = sorted(path.stem.removeprefix("rows_") for path in HERE.glob("rows_*.py"))


def rows_of(topic: str) -> list[Row]:
    return importlib.import_module(f"rows_{topic}").ROWS


@cache
def recorded(topic: str) -> dict[int, dict[str, np.ndarray]]:
    """What Paddle gave, by the row's index and then by output ("0", "1", ... or "error"), with the call checked."""
    found: dict[int, dict[str, np.ndarray]] = {}
    with np.load(HERE / "recorded" / f"{topic}.npz") as file:
        for key in file.files:
            index, rest = key.split(":", 1)
            call, output = rest.rsplit(":", 1)
            outputs = found.setdefault(int(index), {"call": np.asarray(call)})
            outputs[output] = file[key]
    return found


class Expression(paddle.nn.Layer):
    """A layer whose forward evaluates a row's expression and returns the tensors in the result, or what there is instead."""

    def __init__(self, row: Row):
        super().__init__()
        self._row = row

    def forward(self, *inputs: Any) -> Any:
        result = expression(self._row, paddle, dict(zip(self._row.inputs, inputs, strict=True)))
        leaves = list(leaves_of(result))
        return [leaf for leaf in leaves if isinstance(leaf, paddle.Tensor)] or leaves


def layer_of(row: Row, inputs: dict[str, Any]) -> Any:
    """The row as a layer in the row's mode: the layer that its expression gives, or one that evaluates it."""
    made = expression(row, paddle, {name: paddle.clone(x) for name, x in inputs.items()})
    if isinstance(made, paddle.nn.Layer):
        return prepare_layer(made, row)
    layer = Expression(row)
    layer.eval()
    return layer


def leaves_of(value: Any) -> Any:
    """What stands in nested lists, tuples and dicts, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves_of(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves_of(item)
    else:
        yield value


def arrays(value: Any) -> list[np.ndarray]:
    """A result as arrays of its own."""
    return [np.array(array) for array in flatten(value)]
