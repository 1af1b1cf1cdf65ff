"""Executor, programs and their variables."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from tests.helpers import floats, ints, layer_of, linear, trace

pytestmark = pytest.mark.usefixtures("with_and_without_native")


def setup(self):
    linear(self)
    self.norm = paddle.nn.LayerNorm(4)


def forward(self, x, ids):
    hidden = paddle.nn.functional.relu(self.fc(x))
    return {"norm": self.norm(hidden), "picked": hidden[ids]}


@pytest.fixture
def traced():
    return trace(layer_of(forward, setup), floats(5, 4), ints(3))


FEED = {"x": np.ones((5, 4), "float32"), "ids": np.array([0, 1, 4])}


def test_runs_by_name_and_by_alias(traced):
    exe = paddle.static.Executor()
    by_name = exe.run(traced.program, FEED)
    by_alias = exe.run(traced.program, {"feed_0": FEED["x"], "feed_1": FEED["ids"]})
    assert [x.shape for x in by_name] == [(5, 4), (3, 4)]
    for a, b in zip(by_name, by_alias, strict=True):
        np.testing.assert_array_equal(a, b)


def test_lists_and_numbers_take_the_feeds_dtype(traced):
    feed = {"x": [[1.0] * 4] * 5, "ids": [0, 1, 4]}
    for a, b in zip(
        paddle.static.Executor().run(traced.program, feed),
        paddle.static.Executor().run(traced.program, FEED),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_any_variable_can_be_fetched(traced):
    exe = paddle.static.Executor(paddle.CPUPlace())
    names = [variable.name for variable in traced.program.list_vars()]
    assert {"x", "ids", "linear", "relu", "layer_norm", "norm", "picked"} <= set(names)
    values = exe.run(traced.program, FEED, ["linear", traced.program.var("relu"), "picked", "x"])
    np.testing.assert_array_equal(values[1], np.maximum(values[0], 0))
    np.testing.assert_array_equal(values[2], values[1][FEED["ids"]])
    np.testing.assert_array_equal(values[3], FEED["x"])


def test_return_numpy_false(traced):
    results = paddle.static.Executor().run(traced.program, FEED, ["norm"], return_numpy=False)
    assert isinstance(results[0], paddle.Tensor)


@pytest.mark.parametrize(
    ("feed", "kind", "text"),
    [
        ({}, ValueError, "unknown [], missing ['x', 'ids']"),
        ({"x": 1, "y": 2, "z": 3}, ValueError, "unknown ['y', 'z'], missing ['ids']; the program has ['x', 'ids']"),
        ({**FEED, "feed_0": 1}, ValueError, "an input is fed twice"),
        ([1], TypeError, "feed must be a dict of names and arrays, but received <class 'list'>"),
        ({**FEED, "x": FEED["x"].astype("float64")}, TypeError, "feed 'x' must be float32, but received float64"),
        (
            {"x": FEED["ids"], "ids": FEED["x"]},
            TypeError,
            "feed 'x' must be float32, but received int64; feed 'ids' must be int64, but received float32",
        ),
        ({**FEED, "ids": [0.5, 1.5]}, TypeError, "feed 'ids' must be an array of int64, but received <class 'list'>"),
        ({**FEED, "x": "text"}, TypeError, "feed 'x' must be an array of float32, but received <class 'str'>"),
        ({**FEED, "x": [[1.0], [1.0, 2.0]]}, TypeError, "feed 'x' must be an array of float32"),
        ({**FEED, "x": np.ones(4, "float32")}, ValueError, "feed 'x' must have 2 dimensions"),
    ],
)
def test_feeds_that_do_not_fit_are_all_named(traced, feed, kind, text):
    with pytest.raises(kind) as error:
        paddle.static.Executor().run(traced.program, feed)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("fetch", "text"),
    [(["lineer"], "no variable 'lineer' to fetch; near it: ['linear'"), ([3], "a fetch must be a name or a Variable")],
)
def test_unknown_fetches(traced, fetch, text):
    with pytest.raises(paddle.errors.FetchError) as error:
        paddle.static.Executor().run(traced.program, FEED, fetch)
    assert text in str(error.value)


def test_a_program_of_another_type():
    with pytest.raises(TypeError, match="must be a Program or CompiledProgram, but received <class 'int'>"):
        paddle.static.Executor().run(3)
    with pytest.raises(TypeError, match="must be a Program, but received <class 'str'>"):
        paddle.static.CompiledProgram("x")


def test_printing_shows_an_operation_a_line(traced):
    text = str(traced.program).splitlines()
    assert text[0] == "Program"
    assert text[1] == "  feed   x: float32[-1, 4]"
    assert any(line.startswith("  linear: float32[5, 4] = linear(x, t, fc.bias)  # test_executor.py:") for line in text)
    assert "  fetch  picked: float32[-1, 4] = getitem" in text


def test_compiled_program_runs_the_same(traced):
    exe = paddle.static.Executor()
    strategy = paddle.static.BuildStrategy()
    strategy.memory_optimize = True
    compiled = paddle.static.CompiledProgram(traced.program, strategy)
    for a, b in zip(exe.run(compiled, FEED), exe.run(traced.program, FEED), strict=True):
        np.testing.assert_array_equal(a, b)


def test_save_and_load_through_static(traced, tmp_path):
    exe = paddle.static.Executor()
    program = traced.program
    paddle.static.save_inference_model(str(tmp_path), [program.var("x")], [program.var("relu")], exe)
    loaded, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), exe)
    assert feeds == ["x"]
    (result,) = exe.run(loaded, {"x": FEED["x"]}, fetches)
    np.testing.assert_array_equal(result, exe.run(program, FEED, ["relu"])[0])


def test_modes():
    assert paddle.in_dynamic_mode()
    paddle.enable_static()
    assert not paddle.in_dynamic_mode()
    paddle.disable_static(paddle.CPUPlace())
    assert paddle.in_dynamic_mode()


def test_places():
    assert repr(paddle.CPUPlace()) == "Place(cpu)"
    assert repr(paddle.CUDAPlace(1)) == "Place(gpu:1)"
    with pytest.raises(ValueError, match="unknown device 'tpu'"):
        paddle.static.Executor("tpu")
    with pytest.raises(TypeError, match="a place must be"):
        paddle.static.Executor(3)
    assert paddle.get_device() == "cpu"


@pytest.mark.parametrize(
    ("shape", "kind"), [(3, TypeError), ("ab", TypeError), ([2, -2], ValueError), ([2, 1.5], ValueError)]
)
def test_input_spec_rejects(shape, kind):
    with pytest.raises(kind, match="InputSpec"):
        paddle.static.InputSpec(shape)


def test_input_spec():
    spec = paddle.static.InputSpec([None, 3, -1], "int64", "x")
    assert spec.shape == (-1, 3, -1)
    assert spec.dtype == paddle.int64
    assert paddle.static.InputSpec.from_tensor(floats(2, 3), "x") == paddle.static.InputSpec([2, 3], "float32", "x")
    assert paddle.static.InputSpec.from_numpy(np.ones((2, 3)), "x") == paddle.static.InputSpec((2, 3), "float64", "x")


def test_a_choice_of_fetches_is_prepared_once(traced):
    exe = paddle.static.Executor()
    for fetches in (None, ["norm"], [traced.program.var("norm")], ["norm", "relu"]):
        exe.run(traced.program, FEED, fetches)
    assert list(traced.program.sessions) == [None, ("norm",), ("norm", "relu")]


@pytest.mark.parametrize(
    "array",
    [np.asfortranarray(np.arange(20, dtype="float32").reshape(5, 4)), np.broadcast_to(np.float32(2), (5, 4))],
    ids=["other order", "not to be written to"],
)
def test_arrays_of_any_layout(traced, array):
    exe = paddle.static.Executor()
    (result,) = exe.run(traced.program, {**FEED, "x": array}, ["linear"])
    np.testing.assert_array_equal(result, exe.run(traced.program, {**FEED, "x": array.copy("C")}, ["linear"])[0])
