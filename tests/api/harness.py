"""What the tests of the API table share: the rows, what Paddle gave, each row as a layer, and results as arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row, expression, flatten, inputs_of, leaves_of, prepare_layer

import fxtraced as paddle

HERE = Path(__file__).resolve().parent
TOPICS = sorted(path.stem.removeprefix("rows_") for path in HERE.glob("rows_*.py"))


def rows_of(topic: str) -> list[Row]:
    return importlib.import_module(f"rows_{topic}").ROWS


@cache
def recorded(topic: str) -> dict[int, dict[str, np.ndarray]]:
    """What Paddle gave, by the row's index and then by output ("0", "1", ... or "error"), with the call.

    Nothing when it was not recorded.
    """
    path = HERE / "recorded" / f"{topic}.npz"
    if not path.exists():
        return {}
    found: dict[int, dict[str, np.ndarray]] = {}
    with np.load(path) as file:
        for key in file.files:
            index, rest = key.split(":", 1)
            call, output = rest.rsplit(":", 1)
            outputs = found.setdefault(int(index), {"call": np.asarray(call)})
            outputs[output] = file[key]
    return found


@cache
def recorded_beside(folder: str, topic: str) -> dict[int, dict[str, np.ndarray]] | None:
    """What Paddle gave in "gradients" or "dtypes", by the row's index and then by the rest of the key.

    None when it was not recorded for the rows as they are.
    """
    path = HERE / "recorded" / folder / f"{topic}.npz"
    if not path.exists():
        return None
    found: dict[int, dict[str, np.ndarray]] = {}
    with np.load(path) as file:
        if file["calls"].tolist() != [row.call for row in rows_of(topic)]:
            return None
        for key in file.files:
            index, _, rest = key.partition(":")
            if rest:
                found.setdefault(int(index), {})[rest] = file[key]
    return found


class Expression(paddle.nn.Layer):
    """A layer whose forward evaluates a row's expression.

    It returns the tensors in the result, in order; the whole result when there is none.
    """

    def __init__(self, row: Row):
        super().__init__()
        self._row = row

    def forward(self, *inputs: Any) -> Any:
        leaves = list(leaves_of(expression(self._row, paddle, dict(zip(self._row.inputs, inputs, strict=True)))))
        return [leaf for leaf in leaves if isinstance(leaf, paddle.Tensor)] or leaves


def layer_of(row: Row, dtype: str = "float32") -> Any:
    """The row as a layer in the row's mode: the layer that its expression gives, or an Expression."""
    result = expression(row, paddle, inputs_of(row, paddle, dtype))
    if isinstance(result, paddle.nn.Layer):
        return prepare_layer(result, row, dtype)
    layer = Expression(row)
    layer.eval()
    return layer


def prepared(layer: Any, row: Row) -> Any:
    """The layer with its state as it was at first: a call in training mode changes it."""
    return layer if isinstance(layer, Expression) else prepare_layer(layer, row)


def inputs_for(row: Row, draw: str = "", dtype: str = "float32") -> list[Any]:
    """New tensors for the row's inputs: always the same values for the same draw."""
    return list(inputs_of(row, paddle, dtype, draw).values())


def arrays(result: Any) -> list[np.ndarray]:
    """A result as arrays of its own."""
    return [np.array(array) for array in flatten(result)]


def with_leading_size(row: Row) -> Row | None:
    """The row with one more slice in every input; None unless all have the same leading size, at least 2."""
    sizes = {sample.shape[0] if sample.shape else 0 for sample in row.inputs.values()}
    return _resized(row, lambda dim, size: dim == 0) if len(sizes) == 1 and min(sizes) >= 2 else None


def with_other_sizes(row: Row) -> list[Row]:
    """For each size in the shapes of the inputs the row with that size one larger, wherever it stands."""
    sizes = sorted({size for sample in row.inputs.values() for size in sample.shape})
    return [_resized(row, lambda dim, size, old=old: size == old) for old in sizes]


def _resized(row: Row, grows: Callable[[int, int], bool]) -> Row:
    larger = {
        name: replace(sample, shape=tuple(n + grows(dim, n) for dim, n in enumerate(sample.shape)))
        for name, sample in row.inputs.items()
    }
    return replace(row, inputs=larger)


def assert_same(row: Row, got: list[np.ndarray], wanted: list[np.ndarray], mode: str) -> None:
    """Raise AssertionError unless the outputs of a static graph are those of the eager call."""
    assert len(got) == len(wanted), f"{row.call} {mode}: {len(got)} outputs, eager gives {len(wanted)}"
    for number, (ours, eager) in enumerate(zip(got, wanted, strict=True)):
        where = f"{row.call} {mode}: output {number} on {[list(sample.shape) for sample in row.inputs.values()]}"
        assert (ours.shape, ours.dtype) == (eager.shape, eager.dtype), where
        if eager.dtype.kind in "fc":
            np.testing.assert_allclose(ours, eager, rtol=row.rtol, atol=row.atol, equal_nan=True, err_msg=where)
        else:
            np.testing.assert_array_equal(ours, eager, err_msg=where)
