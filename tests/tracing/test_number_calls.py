"""int() and len() of sizes, which stay sizes: forward's module has functions of these names during the trace."""

from __future__ import annotations

import json
import math
import types
from pathlib import Path

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.tracing.number_calls import _Int
from tests.helpers import floats, layer_of, linear, same_as_layer, trace

# The builtins that this module has not: its globals are looked at below.
HERE = globals()


def of_a_helper(x):
    return int(len(x) / 2)


DYNAMIC = {
    "len": lambda self, x: x * len(x),
    "int": lambda self, x: x * int(x.shape[0]),
    "int of a truth": lambda self, x: x * int(x.shape[0] > 4),
    "of a fraction": lambda self, x: x * int(x.shape[0] / 2) + int(-x.shape[1] / 3),
    "of a root": lambda self, x: x.reshape([-1])[: int(x.shape[1] ** 0.5)],
    "of a rounding": lambda self, x: x[: int(math.ceil(x.shape[0] / 2) + 0.5)],
    "of an int": lambda self, x: x * int(int(x.shape[0]) * 2),
    "of NumPy's": lambda self, x: x * int(np.array(x.shape).sum()),
    "of a shape tensor": lambda self, x: x.reshape([int(paddle.shape(x)[0]), -1]),
    "in another function": lambda self, x: x * of_a_helper(x),
    "in a comprehension": lambda self, x: sum(x * int(size) for size in x.shape),
    "of an inner tensor": lambda self, x: paddle.arange(len(paddle.concat([x, x]))),
    "behind a weight": lambda self, x: x * int(self.fc(x.matmul(paddle.ones([x.shape[1], 4]))).shape[0] / 2),
    "in sizes": lambda self, x: paddle.ones([int(x.shape[0])]).unsqueeze(1).expand([int(x.shape[0]), len(x[0])]) * x,
    "beside the type": lambda self, x: x * sum(int(size) for size in x.shape if isinstance(size, int)),
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_they_leave_no_guard(name):
    layer = layer_of(DYNAMIC[name], linear)
    traced = trace(layer, floats(3, 4))
    assert traced.guards == []
    for shape in ((3, 4), (6, 9), (5, 16)):
        same_as_layer(traced, layer, floats(*shape))
    assert not {"int", "len"} & HERE.keys()
    assert paddle.jit.TracedLayer.explain(layer, [floats(3, 4)]).findings[0].guards == []


GUARDED = {
    "what needs the number itself": (lambda self, x: x * len(json.dumps([int(x.shape[0])])), ["x.shape[0] == 3"]),
    "a type of its own": (lambda self, x: x * 2 if type(int(x.shape[0])) is int else -x, ["x.shape[0] == 3"]),
    "a range": (lambda self, x: x * sum(range(int(x.shape[0]))), ["x.shape[0] == 3"]),
    "a comparison": (lambda self, x: x * 2 if int(x.shape[0]) > 2 else -x, ["x.shape[0] > 2"]),
    "a setting": (lambda self, x: x * int(self.times), ["self.times == 2"]),
}


@pytest.mark.parametrize("name", GUARDED)
def test_other_looks_are_guards_as_ever(name):
    forward, texts = GUARDED[name]
    layer = layer_of(forward, lambda self: self.register_buffer("times", paddle.to_tensor(2)))
    traced = trace(layer, floats(3, 4))
    assert [guard.text.replace("times", "self.times") for guard in traced.guards] == texts
    same_as_layer(traced, layer, floats(3, 4))
    assert not {"int", "len"} & HERE.keys()


def test_without_verification_they_are_guards():
    traced = trace(layer_of(DYNAMIC["int"]), floats(3, 4), verify=False)
    assert [guard.text for guard in traced.guards] == ["x.shape[0] == 3"]


def test_a_module_of_its_own_names_keeps_them():
    module = types.ModuleType("own")
    source = "def int(x):\n    return x * 2\n\ndef forward(self, x):\n    return x * int(x.shape[0]) + len(x)\n"
    exec(compile(source, str(Path(__file__).with_name("own.py")), "exec"), module.__dict__)
    own = module.int
    layer = layer_of(module.forward)
    traced = trace(layer, floats(3, 4))
    assert module.int is own
    assert not hasattr(module, "len")
    assert traced.guards == []
    same_as_layer(traced, layer, floats(5, 4))


def test_forward_has_one_effect_however_often_it_is_traced():
    def forward(self, x):
        self.calls += 1
        return x * int(x.shape[0]) * len(x)

    layer = layer_of(forward, lambda self: setattr(self, "calls", 0))
    trace(layer, floats(3, 4))
    assert layer.calls == 1


def test_names_are_taken_back_where_forward_fails():
    def forward(self, x):
        if not isinstance(x.shape[0], bool) and type(x.shape[0]) is not int:
            n = int(x.shape[0])
            if type(n) is not int:
                raise ValueError("no traced numbers")
        return x + 1

    traced = trace(layer_of(forward), floats(3, 4))
    assert [guard.text for guard in traced.guards] == ["x.shape[0] == 3"]
    assert not {"int", "len"} & HERE.keys()


def test_an_archive_takes_other_sizes(tmp_path):
    layer = layer_of(lambda self, x: x.reshape([int(x.shape[0] / 2), -1]) * len(x))
    trace(layer, floats(4, 3)).save_inference_model(str(tmp_path))
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), paddle.static.Executor())
    x = floats(8, 5)
    (result,) = paddle.static.Executor().run(program, {feeds[0]: x.numpy()}, fetches)
    np.testing.assert_array_equal(result, layer(x).numpy())


def test_in_place_of_int_there_is_what_does_the_same():
    assert [_Int("12"), _Int("ff", 16), _Int(), _Int(2.7), _Int.from_bytes(b"\x01", "big")] == [12, 255, 0, 2, 1]
    assert type(_Int("12")) is int
    assert isinstance(3, _Int)
    assert isinstance(3, float | _Int)
    assert not isinstance("3", _Int)
    assert issubclass(bool, _Int)
    assert _Int == int  # noqa: E721
    assert {int: "a"}[_Int] == "a"
    assert np.zeros(1, dtype=_Int).dtype == np.int64
    assert paddle.zeros([1], dtype=_Int).dtype == paddle.int64
    with pytest.raises(ValueError, match="invalid literal for int"):
        _Int("a")
