"""The API table: one row an expression, evaluated under Paddle (recorded) and under fxtraced (compared).

Importable with NumPy alone; the library under test is handed to `evaluate`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sample:
    """An input to be: uniform in [low, high) for floats, integers in [low, high), fair coins for bool."""

    dtype: str
    shape: tuple[int, ...]
    low: float = -1
    high: float = 1

    def array(self, call: str, name: str) -> np.ndarray:
        """The values: always the same ones for an input of this name in a row of this call."""
        draw = np.random.RandomState(zlib.crc32(f"{call}|{name}".encode()))
        if self.dtype == "bool":
            return np.asarray(draw.uniform(size=self.shape) < 0.5)
        if self.dtype.startswith("int"):
            return np.asarray(draw.randint(int(self.low), int(self.high), size=self.shape), self.dtype)
        return np.asarray(draw.uniform(self.low, self.high, size=self.shape), self.dtype)


@dataclass(frozen=True)
class Row:
    """One expression over `paddle`, `np` and its inputs by name.

    grad: it can be differentiated; xfail: why it differs.
    """

    call: str
    inputs: dict[str, Sample]
    rtol: float = 1e-5
    atol: float = 1e-6
    train: bool = False
    grad: bool = True
    xfail: str | None = None


def row(
    call: str,
    *,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    train: bool = False,
    grad: bool = True,
    xfail: str | None = None,
    **inputs: Sample,
) -> Row:
    """A Row whose inputs are keyword arguments: row("paddle.add(a, b)", a=f32(2, 3), b=f32(3))."""
    return Row(call, inputs, rtol, atol, train, grad, xfail)


def f32(*shape: int, low: float = -1, high: float = 1) -> Sample:
    return Sample("float32", shape, low, high)


def f64(*shape: int, low: float = -1, high: float = 1) -> Sample:
    return Sample("float64", shape, low, high)


def i32(*shape: int, low: int = 0, high: int = 5) -> Sample:
    return Sample("int32", shape, low, high)


def i64(*shape: int, low: int = 0, high: int = 5) -> Sample:
    return Sample("int64", shape, low, high)


def boolean(*shape: int) -> Sample:
    return Sample("bool", shape)


def inputs_of(row: Row, paddle: Any) -> dict[str, Any]:
    """The row's inputs as tensors of the given library."""
    return {name: paddle.to_tensor(sample.array(row.call, name)) for name, sample in row.inputs.items()}


def expression(row: Row, paddle: Any, inputs: dict[str, Any]) -> Any:
    """What the row's expression gives: a result, or a Layer."""
    # Everything is global, so that a comprehension in the expression sees the inputs too.
    return eval(row.call, {"paddle": paddle, "np": np, **inputs})


def prepare_layer(layer: Any, row: Row) -> Any:
    """Fill the layer's state with numbers that depend on the keys only, and put it in the row's mode."""
    state = {}
    for key, value in layer.state_dict().items():
        current = value.numpy()
        if current.dtype.kind == "f":
            low, high = (0.5, 1.5) if key.endswith("_variance") else (-0.5, 0.5)
            draw = np.random.RandomState(zlib.crc32(key.encode()))
            state[key] = draw.uniform(low, high, current.shape).astype(current.dtype)
        else:
            state[key] = current
    layer.set_state_dict(state)
    if row.train:
        layer.train()
    else:
        layer.eval()
    return layer


def evaluate(row: Row, paddle: Any) -> list[np.ndarray]:
    """The row's outputs, flattened to arrays, under the given library."""
    inputs = inputs_of(row, paddle)
    result = expression(row, paddle, inputs)
    nn = getattr(paddle, "nn", None)
    if nn is not None and isinstance(result, nn.Layer):
        result = prepare_layer(result, row)(*inputs.values())
    return list(flatten(result))


def flatten(value: Any) -> Iterator[np.ndarray]:
    """The arrays in a result: lists, tuples and dicts in order; numbers, names and dtypes as arrays too."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from flatten(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from flatten(item)
    elif isinstance(value, np.ndarray | np.generic | bool | int | float | complex | str):
        yield np.asarray(value)
    elif hasattr(value, "numpy"):
        yield np.asarray(value.numpy())
    else:  # a dtype (named alike in both libraries after the dot), a place, None
        yield np.asarray(str(value).rsplit(".", 1)[-1])
