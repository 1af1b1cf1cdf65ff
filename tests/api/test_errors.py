"""Wrong arguments: the error names function, argument and value, and is Paddle's ValueError and torch's type too."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.framework.calls import CallError

X = "x=float32[2, 3]"

# (call, the type besides ValueError, words of the text). x is [2, 3], n [3] of int64, b [3] of bool.
ERRORS: list[tuple[str, type[Exception], list[str]]] = [
    # Types
    ("paddle.abs('x')", TypeError, ["abs(): argument 'x' must be Tensor, but got str", "in abs(x='x')"]),
    ("paddle.abs([1, 2])", TypeError, ["argument 'x' must be Tensor, but got list", "x=[1, 2]"]),
    ("paddle.abs(None)", TypeError, ["argument 'x' must be Tensor, but got NoneType"]),
    ("paddle.abs(np.ones(3))", TypeError, ["argument 'x' must be Tensor, but got ndarray", "numpy float64[3]"]),
    ("paddle.reshape([1], [1])", TypeError, ["reshape(): argument 'x' must be Tensor, but got list"]),
    ("paddle.transpose('x', [0])", TypeError, ["transpose(): argument 'x' must be Tensor, but got str"]),
    ("paddle.matmul(x, 3)", TypeError, ["matmul(): argument 'y' must be Tensor, but got int", "y=3"]),
    ("paddle.linalg.inv(3.5)", TypeError, ["inv(): argument 'x' must be Tensor, but got float"]),
    ("paddle.fft.fft('x')", TypeError, ["fft(): argument 'x' must be Tensor, but got str"]),
    ("paddle.signal.stft([1.0], 1)", TypeError, ["stft(): argument 'x' must be Tensor, but got list"]),
    ("paddle.shape(3)", TypeError, ["shape(): argument 'input' must be Tensor"]),
    ("paddle.add(x, 'y')", ValueError, ["add(): an operand must be", "'y'", X]),
    ("x + [1, 2]", ValueError, ["__add__(): an operand must be", "[1, 2]"]),
    ("paddle.tile(x, 'a')", TypeError, ["tile()", "repeat_times='a'"]),
    ("paddle.full([2], 'a')", ValueError, ["full: ", "must be a number or its text", "fill_value='a'"]),
    ("paddle.arange('a')", TypeError, ["arange() received an invalid combination of arguments", "start='a'"]),
    ("paddle.cast(x, 'float23')", TypeError, ["cast(): unknown dtype 'float23'", "dtype='float23'"]),
    # Dtypes
    ("paddle.maximum(x, n)", ValueError, ["maximum(): x has dtype float32 and y int64", "y.astype('float32')"]),
    ("paddle.add(b, x[0])", ValueError, ["add(): x has dtype bool and y float32"]),
    ("b + x[0]", ValueError, ["a bool tensor does not add to one of float32", "x=bool[3]"]),
    ("paddle.bitwise_and(x, x)", NotImplementedError, ["bitwise_and()", "not implemented for 'Float'", X]),
    ("paddle.argmax(x, dtype='float32')", ValueError, ["argmax(): dtype must be 'int32' or 'int64'", "'float32'"]),
    # Axes
    ("paddle.sum(x, axis=4)", IndexError, ["sum(): Dimension out of range", "got 4", "axis=4", X]),
    ("paddle.mean(x, 2)", IndexError, ["mean()", "axis=2"]),
    ("x.max(axis=-3)", IndexError, ["max()", "axis=-3"]),
    ("paddle.concat([x, x], axis=3)", IndexError, ["concat()", "x=[float32[2, 3], float32[2, 3]], axis=3"]),
    ("paddle.squeeze(x, 5)", IndexError, ["squeeze()", "axis=5"]),
    ("paddle.unsqueeze(x, 5)", IndexError, ["unsqueeze()", "axis=5"]),
    ("paddle.argmax(x, 4)", IndexError, ["argmax()", "axis=4"]),
    ("paddle.flip(x, 3)", IndexError, ["flip()", "axis=3"]),
    ("paddle.sort(x, 2)", IndexError, ["sort()", "axis=2"]),
    ("paddle.cumsum(x, 2)", IndexError, ["cumsum()", "axis=2"]),
    ("paddle.stack([x, x], 4)", IndexError, ["stack()", "axis=4"]),
    ("paddle.fft.fft(x, axis=5)", ValueError, ["fft: axis must be in [-2, 2), but received 5"]),
    ("paddle.transpose(x, [0])", ValueError, ["transpose: perm must be a permutation", "[0]"]),
    ("paddle.split(x, 2, axis=3)", IndexError, ["split: axis must be in [-2, 2), but received 3"]),
    # Ranks and sizes
    ("paddle.matmul(x, x)", RuntimeError, ["matmul(): mat1 and mat2 shapes", f"{X}, y=float32[2, 3]"]),
    ("x @ x", RuntimeError, ["__matmul__()", "cannot be multiplied"]),
    ("paddle.bmm(x, x)", RuntimeError, ["bmm()", X]),
    ("x + x[:, :2]", RuntimeError, ["__add__(): The size of tensor a (3)", "y=float32[2, 2]"]),
    ("paddle.add(x, x[:, :2])", RuntimeError, ["add(): The size of tensor a (3)"]),
    ("x.reshape([4, 5])", RuntimeError, ["reshape(): shape '[4, 5]' is invalid for input of size 6", "shape=[4, 5]"]),
    ("paddle.split(x, 2, 1)", ValueError, ["split: axis 1 of size 3 does not divide into 2 equal parts"]),
    ("paddle.expand(x, [3, 4])", RuntimeError, ["expand()", "shape=[3, 4]"]),
    ("paddle.stack([x, x[0]])", RuntimeError, ["stack()", "x=[float32[2, 3], float32[3]]"]),
    ("paddle.concat([x, x[:, :2]])", RuntimeError, ["concat(): Sizes of tensors must match except in dimension 0"]),
    ("paddle.topk(x, 5)", RuntimeError, ["topk(): selected index k out of range", "k=5"]),
    ("paddle.linalg.inv(x)", RuntimeError, ["inv()", "must be batches of square matrices", X]),
    ("paddle.linalg.det(x)", RuntimeError, ["det()", "square", X]),
    ("paddle.cholesky(x)", RuntimeError, ["cholesky()", "square", X]),
    ("paddle.linalg.inv(paddle.zeros([2, 2]))", RuntimeError, ["inv()", "singular", "float32[2, 2]"]),
    ("paddle.linalg.solve(x, x)", RuntimeError, ["solve()", "square"]),
    ("paddle.einsum('ij,jk', x, x)", RuntimeError, ["einsum()", "subscript j", "equation='ij,jk'"]),
    ("paddle.fft.rfft(x, n=0)", ValueError, ["rfft(): Invalid FFT argument n(0)", "n=0"]),
    ("paddle.signal.frame(x, 9, 1)", ValueError, ["frame(): Attribute frame_length", "(9) > (3)"]),
    ("paddle.signal.stft(x, 9)", AssertionError, ["stft(): n_fft should be in (0, seq_length(3)], but got 9"]),
    ("paddle.clip(x, 2, 1)", ValueError, ["clip: min must not be greater than max", "min = 2, max = 1"]),
    # Places
    ("x[5]", IndexError, ["index 5 is out of bounds for dimension 0 with size 2", "item=5"]),
    ("x[0, 1, 2]", IndexError, ["too many indices", "item=(0, 1, 2)"]),
    ("x.__setitem__(7, 1)", IndexError, ["index 7 is out of bounds", "item=7, value=1"]),
    ("paddle.gather(x, n)", IndexError, ["gather()", "index=int64[3] [7, 8, 9]"]),
    ("paddle.index_select(x, n)", IndexError, ["index_select()", "index=int64[3] [7, 8, 9]"]),
    ("n.add_(x)", ValueError, ["add_()"]),
]  # fmt: skip


def tensors() -> dict[str, Any]:
    return {
        "x": paddle.ones([2, 3]),
        "n": paddle.to_tensor([7, 8, 9]),
        "b": paddle.to_tensor([True, False, True]),
        "np": np,
        "paddle": paddle,
    }


@pytest.mark.parametrize(("call", "kind", "words"), ERRORS, ids=[call for call, _, _ in ERRORS])
def test_text_names_function_argument_and_value(call: str, kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        eval(call, tensors())
    assert isinstance(caught.value, kind)
    text = str(caught.value)
    assert [word for word in words if word not in text] == [], text
    assert "\n  in " in text


def test_the_cause_is_the_first_error_also_through_several_functions() -> None:
    with pytest.raises(CallError) as caught:
        paddle.linalg.cond(paddle.ones([2, 3]), p=1)
    assert str(caught.value).startswith("cond(): ")
    assert str(caught.value).count("\n  in ") == 1
    assert not isinstance(caught.value.__cause__, CallError)


def test_missing_and_unknown_arguments_keep_pythons_text() -> None:
    with pytest.raises(TypeError, match=r"^add\(\) missing 1 required positional argument: 'y'$"):
        paddle.add(paddle.ones([2]))
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        paddle.add(paddle.ones([2]), z=1)


def test_long_arguments_are_cut() -> None:
    with pytest.raises(ValueError, match=r"shape=\[2, 2, 2, 2, 2, 2, 2, 2, \.\.\.\]"):
        paddle.reshape(paddle.ones([3]), [2] * 20)


def test_functions_and_errors_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(paddle.linalg.inv)) is paddle.linalg.inv
    assert paddle.abs is paddle.tensor.math.abs is paddle.tensor.ops.abs
    with pytest.raises(RuntimeError) as caught:
        paddle.matmul(paddle.ones([2, 3]), paddle.ones([2, 3]))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


class Catches(paddle.nn.Layer):
    def forward(self, x):
        try:
            return paddle.matmul(x, x)
        except ValueError:
            return paddle.matmul(x, x, transpose_y=True)


def test_an_error_that_forward_catches_is_caught_in_a_trace_too() -> None:
    x = paddle.ones([2, 3])
    outputs, traced = paddle.jit.TracedLayer.trace(Catches(), [x])
    np.testing.assert_array_equal(traced([x])[0], outputs.numpy())
