"""Wrong arguments: Paddle's error types and texts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, trace

TRACE = "paddle.jit.TracedLayer.trace"
SAVE = "paddle.jit.TracedLayer.save_inference_model"
SET = "paddle.jit.TracedLayer.set_strategy"


def _identity(self, x):
    return x * 1


@pytest.mark.parametrize("layer", [None, 3, _identity, paddle.nn.Linear])
def test_layer_of_another_type(layer):
    with pytest.raises(AssertionError) as error:
        paddle.jit.TracedLayer.trace(layer, [floats(2)])
    assert str(error.value) == f"The type of 'layer' in {TRACE} must be paddle.nn.Layer, but received {type(layer)}."


@pytest.mark.parametrize("wrong", [1, "x", np.zeros(2), None])
@pytest.mark.parametrize("nest", [lambda x: [x], lambda x: x, lambda x: [[], [x]], lambda x: {"x": x}])
def test_input_that_is_no_tensor(wrong, nest):
    with pytest.raises(TypeError) as error:
        paddle.jit.TracedLayer.trace(layer_of(_identity), nest(wrong))
    assert str(error.value) == (
        f"The type of 'each element of inputs' in {TRACE} must be base.Variable, but received {type(wrong)}."
    )


@pytest.mark.parametrize("wrong", [np.zeros(2), {1, 2}, object()])
def test_input_beside_a_tensor_that_is_no_setting(wrong):
    with pytest.raises(TypeError) as error:
        paddle.jit.TracedLayer.trace(layer_of(lambda self, *inputs: inputs[0]), [floats(2), [wrong]])
    assert str(error.value) == (
        f"The type of 'each element of inputs' in {TRACE} must be base.Variable, but received {type(wrong)}."
    )


@pytest.mark.parametrize("wrong", [1, None, "x", np.zeros(2)])
@pytest.mark.parametrize("nest", [lambda x, y: y, lambda x, y: [x, y], lambda x, y: {"a": x, "b": (y,)}])
def test_output_that_is_no_tensor(wrong, nest):
    with pytest.raises(TypeError) as error:
        trace(layer_of(lambda self, x: nest(x, wrong)), floats(2))
    assert str(error.value) == (
        f"The type of 'each element of outputs' in {TRACE} must be base.Variable, but received {type(wrong)}."
    )


def test_strategies_of_another_type():
    traced = trace(layer_of(_identity), floats(2))
    with pytest.raises(AssertionError) as error:
        traced.set_strategy(build_strategy=3)
    assert str(error.value) == (
        f"The type of 'build_strategy' in {SET} must be base.BuildStrategy, but received <class 'int'>."
    )
    with pytest.raises(AssertionError) as error:
        traced.set_strategy(exec_strategy="fast")
    assert str(error.value) == (
        f"The type of 'exec_strategy' in {SET} must be base.ExecutionStrategy, but received <class 'str'>."
    )


def test_strategy_after_the_first_run():
    traced = trace(layer_of(_identity), floats(2))
    traced.set_strategy(paddle.static.BuildStrategy())
    traced.set_strategy()
    traced([floats(2)])
    with pytest.raises(AssertionError, match="^Cannot set strategy after run$"):
        traced.set_strategy(paddle.static.BuildStrategy())


@pytest.mark.parametrize(
    ("arguments", "name", "expected", "received"),
    [
        ((3,), "dirname", "<class 'str'>", "<class 'int'>"),
        ((None,), "dirname", "<class 'str'>", "<class 'NoneType'>"),
        (("d", (0,)), "feed", "(<class 'NoneType'>, <class 'list'>)", "<class 'tuple'>"),
        (("d", 0), "feed", "(<class 'NoneType'>, <class 'list'>)", "<class 'int'>"),
        (("d", None, "x"), "fetch", "(<class 'NoneType'>, <class 'list'>)", "<class 'str'>"),
        (("d", ["x"]), "each element of feed", "<class 'int'>", "<class 'str'>"),
        (("d", [0], [1.0]), "each element of fetch", "<class 'int'>", "<class 'float'>"),
        (("d", [True]), "each element of feed", "<class 'int'>", "<class 'bool'>"),
    ],
)
def test_save_inference_model(arguments, name, expected, received):
    with pytest.raises(TypeError) as error:
        trace(layer_of(_identity), floats(2)).save_inference_model(*arguments)
    assert str(error.value) == f"The type of '{name}' in {SAVE} must be {expected}, but received {received}. "


@pytest.mark.parametrize(
    ("inputs", "kind", "text"),
    [
        ([], paddle.errors.FeedError, "the static graph has 1 inputs ['x'], but received 0"),
        ([floats(2, 4), floats(2, 4)], paddle.errors.FeedError, "has 1 inputs ['x'], but received 2"),
        ([floats(2, 4).astype("float64")], TypeError, "feed 'x' must be float32, but received float64"),
        ([floats(2, 4).astype("int64")], paddle.errors.FeedTypeError, "feed 'x' must be float32, but received int64"),
        ([floats(4)], ValueError, "feed 'x' must have 2 dimensions like [-1, 4], but received [4]"),
        ([floats(2, 1, 4)], paddle.errors.FeedError, "must have 2 dimensions like [-1, 4], but received [2, 1, 4]"),
        ([np.zeros((2, 4), "float32")], TypeError, "feed 'x' must be a tensor, but received <class 'numpy.ndarray'>"),
        ([torch.zeros(2, 4, device="meta")], ValueError, "feed 'x' must be on cpu, where the parameters are"),
    ],
)
def test_call_with_inputs_that_do_not_fit(inputs, kind, text):
    traced = trace(layer_of(lambda self, x: self.fc(x), linear), floats(2, 4))
    with pytest.raises(kind) as error:
        traced(inputs)
    assert text in str(error.value)
    assert "docs/errors.md#fxt30" in str(error.value)
