"""The API table: one row an expression, evaluated under Paddle (recorded) and under fxtraced (compared).

Importable with NumPy alone; the library under test is handed to `evaluate`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

FLOATING = ("float32", "float64", "float16", "bfloat16")
# What every row with inputs of float32 is evaluated in as well.
DTYPES = ("float64", "float16", "bfloat16", "int32", "int64", "bool")


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

    def array_of(self, dtype: str, call: str, name: str) -> np.ndarray:
        """The values as another dtype. Integers are not 0, so that nothing is divided by 0.

        Those of bfloat16 come as float32 numbers that it has too: Paddle's cast does not round.
        """
        values = self.array(call, name)
        if dtype == "bool":
            return np.asarray(values > values.mean())
        if dtype.startswith("int"):
            return np.asarray(np.sign(values) * np.ceil(np.abs(values) * 4), dtype)
        if dtype == "bfloat16":
            return (values.reshape(-1).view("uint32") & 0xFFFF0000).view("float32").reshape(values.shape)
        return values.astype(dtype)


@dataclass(frozen=True)
class Row:
    """One expression over `paddle`, `np` and its inputs by name.

    xfail: why its values differ; differences.py says why its gradients or those in other dtypes do.
    """

    call: str
    inputs: dict[str, Sample]
    rtol: float = 1e-5
    atol: float = 1e-6
    train: bool = False
    xfail: str | None = None


def row(
    call: str,
    *,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    train: bool = False,
    xfail: str | None = None,
    **inputs: Sample,
) -> Row:
    """A Row whose inputs are keyword arguments: row("paddle.add(a, b)", a=f32(2, 3), b=f32(3))."""
    return Row(call, inputs, rtol, atol, train, xfail)


def calling(layer: str, call: str, **inputs: Sample) -> str:
    """The expression of a layer that holds `layer` as self.n and whose forward, with these inputs, is `call`."""
    members = f"{{'__module__': 'rows', 'forward': lambda self, {', '.join(inputs)}: {call}}}"
    return f"[c := type('Call', (paddle.nn.Layer,), {members})(), setattr(c, 'n', {layer}), c][2]"


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


def inputs_of(row: Row, paddle: Any, dtype: str = "float32", draw: str = "") -> dict[str, Any]:
    """The row's inputs as tensors of the given library; those of float32 in the given dtype.

    Always the same values for the same draw.
    """
    call = row.call + draw
    tensors = {}
    for name, sample in row.inputs.items():
        cast = sample.dtype == "float32"
        tensor = paddle.to_tensor(sample.array_of(dtype, call, name) if cast else sample.array(call, name))
        tensors[name] = tensor.astype(dtype) if cast and dtype == "bfloat16" else tensor
    return tensors


def expression(row: Row, paddle: Any, inputs: dict[str, Any]) -> Any:
    """What the row's expression gives: a result, or a Layer."""
    # Everything is global, so that a comprehension in the expression sees the inputs too.
    return eval(row.call, {"paddle": paddle, "np": np, **inputs})


def prepare_layer(layer: Any, row: Row, dtype: str = "float32") -> Any:
    """Fill the layer's state with numbers that depend on the keys only, and put it in the row's mode.

    It becomes one of dtype, when that is another floating one.
    """
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
    if dtype in FLOATING and dtype != "float32":
        layer.to(dtype=dtype)
    if row.train:
        layer.train()
    else:
        layer.eval()
    return layer


def applied(row: Row, paddle: Any, inputs: dict[str, Any], dtype: str = "float32") -> tuple[Any, dict[str, Any]]:
    """What the row gives on the inputs, and the parameters by key of the layer where its expression gives one."""
    result = expression(row, paddle, inputs)
    nn = getattr(paddle, "nn", None)
    if nn is None or not isinstance(result, nn.Layer):
        return result, {}
    layer = prepare_layer(result, row, dtype)
    return layer(*inputs.values()), dict(layer.named_parameters())


def evaluate(row: Row, paddle: Any, dtype: str = "float32") -> list[np.ndarray]:
    """The row's outputs, flattened to arrays, under the given library; the inputs of float32 in the given dtype."""
    result, _ = applied(row, paddle, inputs_of(row, paddle, dtype), dtype)
    return list(flatten(result))


def gradients(row: Row, paddle: Any, outputs: set[int] | None = None) -> tuple[set[int], dict[str, np.ndarray]]:
    """The gradients of the row's outputs, times fixed weights, and the numbers of the outputs that have one.

    outputs: the numbers of those to take; None for all. The gradients are those of the floating inputs by name and,
    where the expression gives a layer, of its parameters by key; one that Paddle leaves out is left out.
    """
    tensors = inputs_of(row, paddle)
    leaves = {name: tensors[name] for name, sample in row.inputs.items() if sample.dtype in FLOATING}
    for leaf in leaves.values():
        leaf.stop_gradient = False
    # A copy may be written in place, a leaf may not.
    copies = {name: paddle.assign(tensor) if name in leaves else tensor for name, tensor in tensors.items()}
    result, parameters = applied(row, paddle, copies)
    leaves.update(parameters)
    found = {number: leaf for number, leaf in enumerate(leaves_of(result)) if has_gradient(leaf)}
    taken = found.keys() if outputs is None else found.keys() & outputs
    if taken:
        seeds = [paddle.to_tensor(weights(row, number, found[number].numpy())) for number in taken]
        paddle.autograd.backward([found[number] for number in taken], seeds)
    return set(taken), {name: leaf.grad.numpy() for name, leaf in leaves.items() if leaf.grad is not None}


def has_gradient(value: Any) -> bool:
    return not getattr(value, "stop_gradient", True) and value.numpy().dtype.kind in "fc"


def weights(row: Row, number: int, output: np.ndarray) -> np.ndarray:
    """The fixed weights of an output: of its shape and dtype, uniform in [-1, 1)."""
    draw = np.random.RandomState(zlib.crc32(f"{row.call}|output {number}".encode()))
    real, imaginary = draw.uniform(-1, 1, (2, *output.shape))
    return np.asarray(real + 1j * imaginary if output.dtype.kind == "c" else real, output.dtype)


def leaves_of(value: Any) -> Iterator[Any]:
    """What stands in nested lists, tuples and dicts, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves_of(item)
    elif isinstance(value, dict):
        yield from leaves_of(list(value.values()))
    else:
        yield value


def flatten(value: Any) -> Iterator[np.ndarray]:
    """The arrays in a result: lists, tuples and dicts in order; numbers, names and dtypes as arrays too."""
    for leaf in leaves_of(value):
        if isinstance(leaf, np.ndarray | np.generic | bool | int | float | complex | str):
            yield np.asarray(leaf)
        elif hasattr(leaf, "numpy"):
            yield np.asarray(leaf.numpy())
        else:  # a dtype (named alike in both libraries after the dot), a place, None
            yield np.asarray(str(leaf).rsplit(".", 1)[-1])
