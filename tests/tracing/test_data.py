"""Looks at data: refused with every place, unless the value is fixed; and what a trace refuses otherwise."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, same_as_layer, trace

LOOKS = {
    "bool()": lambda self, x: x if x.sum() > 0 else x * 2,
    "item()": lambda self, x: x * x.max().item(),
    "float()": lambda self, x: x * float(x.max()),
    "int()": lambda self, x: x * int(x.max()),
    "numpy()": lambda self, x: x + paddle.to_tensor(x.numpy()),
    "tolist()": lambda self, x: x * len(x.tolist()),
    "a NumPy function": lambda self, x: x + paddle.to_tensor(np.asarray(x)),
    "format()": lambda self, x: x + len(f"{x.sum():.2f}"),
    "index()": lambda self, x: x[: range(10)[x.argmax()]],
    "complex()": lambda self, x: x * complex(x.max()).real,
}


@pytest.mark.parametrize("how", LOOKS)
def test_looks_at_data_are_refused(how):
    with pytest.raises(paddle.errors.DataDependenceError) as error:
        trace(layer_of(LOOKS[how]), floats(4))
    text = str(error.value)
    assert text.startswith(f"FXT101 forward looks at the data of a tensor through {how} at {__file__}:")
    assert text.endswith("See docs/errors.md#fxt101")


def test_the_error_names_the_origin_and_all_places():
    def forward(self, x):
        score = self.fc(x)
        y = x * 2
        if score.sum() > 0:
            y = y + 1
        if x.mean() > 0.5:
            y = y - 1
        return y * float(score.max())

    first = inspect.getsourcelines(forward)[1]
    with pytest.raises(paddle.errors.DataDependenceError) as error:
        trace(layer_of(forward, linear), floats(3, 4))
    text = str(error.value)
    for line, how in ((3, "bool()"), (5, "bool()"), (7, "float()")):
        assert f"through {how} at {__file__}:{first + line}: `" in text
    assert text.count("FXT101") == 3


def test_a_look_caught_by_forward_is_still_reported():
    def forward(self, x):
        try:
            return x * x.sum().item()
        except Exception:
            return x

    with pytest.raises(paddle.errors.DataDependenceError):
        trace(layer_of(forward), floats(3))


FIXED = {
    "a parameter's sign": lambda self, x: x if self.fc.weight.sum() != 1e9 else x * 2,
    "a buffer's item": lambda self, x: x * self.scale.item(),
    "a buffer in an if": lambda self, x: x * 3 if self.scale > 1 else x,
    "numpy of a buffer": lambda self, x: x * float(self.scale.numpy()[0]),
    "a size through paddle.shape": lambda self, x: x[: int(paddle.shape(x)[0]) - 1],
}


def with_scale(self):
    linear(self)
    self.register_buffer("scale", paddle.full([1], 2.0))


@pytest.mark.parametrize("name", FIXED)
def test_fixed_values_may_be_looked_at(name):
    layer = layer_of(FIXED[name], with_scale)
    traced = trace(layer, floats(3, 4))
    same_as_layer(traced, layer, floats(3, 4, seed=1))


def test_a_look_at_a_buffer_is_guarded():
    layer = layer_of(FIXED["a buffer in an if"], with_scale)
    traced = trace(layer, floats(3, 4))
    layer.scale.fill_(0.5)
    with pytest.raises(paddle.errors.GuardError, match=r"gt\(scale, 1"):
        traced([floats(3, 4)])


def test_writing_into_a_parameter_is_refused_and_leaves_it():
    def forward(self, x):
        y = self.fc(x)
        if self.count > 0:
            with paddle.no_grad():
                self.fc.weight.add_(paddle.ones([4, 4]))
        self.count += 1
        return y

    def setup(self):
        linear(self)
        self.count = 1

    layer = layer_of(forward, setup)
    before = layer.fc.weight.numpy()
    with pytest.raises(paddle.errors.ParameterWriteError, match="FXT102 forward writes into the parameter 'fc.weight'"):
        trace(layer, floats(2, 4))
    np.testing.assert_array_equal(layer.fc.weight.numpy(), before + 1)


def test_a_buffer_that_changes_its_shape_is_refused():
    def setup(self):
        self.register_buffer("seen", paddle.zeros([1, 4]))

    def forward(self, x):
        self.seen = paddle.concat([self.seen, x])
        return self.seen.sum(axis=0)

    with pytest.raises(
        paddle.errors.StateWriteError,
        match=r"FXT103 forward replaces the buffer 'seen' \(\[2, 4\], torch.float32\) by a tensor of \[3, 4\]",
    ):
        trace(layer_of(forward, setup), floats(1, 4), verify=False)


def test_a_value_that_no_graph_holds_is_refused():
    generator = torch.Generator()
    with pytest.raises(
        paddle.errors.UnsupportedValueError, match="FXT104 a value of type <class 'torch._C.Generator'>"
    ):
        trace(layer_of(lambda self, x: x + torch.rand(3, generator=generator)), floats(3))


def test_a_traced_tensor_does_not_outlive_its_trace():
    kept = []

    def forward(self, x):
        if not kept or type(kept[-1]) is not type(x):
            kept.append(x * 2)
        return x * 2

    trace(layer_of(forward), floats(3), verify=False)
    escaped = kept[-1]
    with pytest.raises(paddle.errors.TraceError, match="FXT100 a traced tensor"):
        escaped + 1
    with pytest.raises(paddle.errors.TraceError, match="FXT100"):
        escaped.sum()


def test_backward_inside_forward_is_refused():
    def forward(self, x):
        x.sum().backward()
        return x

    x = floats(3)
    x.stop_gradient = False
    with pytest.raises(paddle.errors.TraceError, match="FXT100 forward calls backward"):
        trace(layer_of(forward), x)


def test_data_dependent_sizes_stay_dynamic():
    def forward(self, x):
        return paddle.nonzero(x > 0), paddle.masked_select(x, x > 0), x[x > 0].sum()

    layer = layer_of(forward)
    traced = trace(layer, floats(3, 4))
    for seed in (1, 2):
        same_as_layer(traced, layer, floats(5, 4, seed=seed))


def test_random_functions_are_recorded():
    layer = layer_of(lambda self, x: x + paddle.rand([x.shape[0], 4]) + paddle.nn.functional.dropout(x, 0.5))
    traced = trace(layer, floats(3, 4))
    x = floats(6, 4)
    paddle.seed(5)
    expected = layer(x).numpy()
    paddle.seed(5)
    (first,) = traced([x])
    (second,) = traced([x])
    np.testing.assert_array_equal(first, expected)
    assert np.abs(first - second).max() > 0.01
