"""fold_constants: what is computed once, what stays, and that all of it follows the layer's tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from tests.helpers import floats, ints, layer_of, trace
from tests.passes.cases import check_pass

NAME = "fold_constants"


def tensors(self):
    self.w = self.create_parameter([4, 6])
    self.g = self.create_parameter([6])
    self.table = self.create_parameter([9, 2])
    self.w.set_value(floats(4, 6))
    self.g.set_value(floats(6, seed=1) + 2)
    self.table.set_value(floats(9, 2, seed=2))
    self.register_buffer("index", ints(4, 4, high=9))
    self.register_buffer("mask", floats(4) > 0)


def weight_norm(self, x):
    return paddle.matmul(x, self.w * (self.g / paddle.sqrt((self.w * self.w).sum(axis=0))))


def relative_bias(self, x):
    bias = self.table[self.index.reshape([-1])].reshape([4, 4, 2]).transpose([2, 0, 1])
    return x.unsqueeze(1) @ bias.unsqueeze(0)[:, 0] + bias.sum()


def a_mask_from_a_buffer(self, x):
    return x + (1.0 - self.mask.astype("float32")) * -1e9


def a_scale_from_a_size(self, x):
    return (x * self.w.shape[0] ** -0.5) @ (self.w * self.w.shape[1] ** 0.5)


def made_of_numbers(self, x):
    angles = paddle.arange(4, dtype="float32") / 4.0
    return x * paddle.cos(angles) + self.g.sum()


def a_part_of_a_split(self, x):
    first, second = paddle.split(self.w * 2, 2, axis=1)
    return x @ first - x @ second


def used_by_both(self, x):
    base = paddle.exp(self.w)
    return x @ base, x @ (base + 1)


def a_view_of_what_is_folded(self, x):
    return x @ paddle.exp(self.w.t()).t()


FOLDED = [
    (weight_norm, 1), (relative_bias, 2), (a_mask_from_a_buffer, 1), (a_scale_from_a_size, 1), (made_of_numbers, 2),
    (a_part_of_a_split, 2), (used_by_both, 2), (a_view_of_what_is_folded, 1),
]  # fmt: skip


def views_alone(self, x):
    return x @ self.w.t().t() + self.g.unsqueeze(0).expand([1, 6])


def given_to_the_caller(self, x):
    return x * 2, paddle.exp(self.w), (self.g * 2)[1:]


def depends_on_a_size(self, x):
    return x + paddle.arange(x.shape[0], dtype="float32").unsqueeze(1) + self.g[0]


def depends_on_the_input(self, x):
    return paddle.exp(x @ self.w) + self.g


def random_numbers(self, x):
    return x + paddle.exp(self.g)[:4] + paddle.rand([4])


def writes(self, x):
    y = x * 2
    y.exp_()
    return y @ paddle.exp(self.w)


def expanded(self, x):
    return (x.sum() + paddle.exp(self.g).reshape([6, 1, 1]).expand([6, 1024, 1024]) * 2).mean()


STAY = [views_alone, given_to_the_caller, depends_on_a_size, depends_on_the_input, random_numbers, writes]
INPUTS = [[floats(3, 4)], [floats(4, 4, seed=1)], [floats(1, 4, seed=2)]]


@pytest.mark.parametrize(("forward", "count"), FOLDED, ids=lambda x: getattr(x, "__name__", ""))
def test_it_is_computed_once(forward, count):
    layer = layer_of(forward, tensors)
    layer.eval()
    traced = check_pass(NAME, layer, INPUTS, count)
    # It follows the layer's tensors.
    with paddle.no_grad():
        layer.w[0] = 3.0
        layer.g.set_value(layer.g * 2)
        layer.table.set_value(layer.table + 1)
        layer.index[0] = 0
        layer.mask.set_value(~layer.mask)
        for (x,) in INPUTS:
            wanted = layer(x)
            for result, tensor in zip(traced([x]), wanted if isinstance(wanted, tuple) else [wanted], strict=True):
                np.testing.assert_array_equal(result, tensor.numpy())


@pytest.mark.parametrize("forward", STAY, ids=lambda x: x.__name__)
def test_it_stays(forward):
    layer = layer_of(forward, tensors)
    layer.eval()
    check_pass(NAME, layer, INPUTS, 0)


def test_what_is_large_is_computed_from_what_is_small():
    layer = layer_of(expanded, tensors)
    traced = check_pass(NAME, layer, INPUTS, 1)
    assert "folded_reshape" in str(traced.program.after(NAME))


def test_a_layer_in_training_keeps_its_parameters_live():
    layer = layer_of(weight_norm, tensors)
    traced = trace(layer, *INPUTS[0])
    optimizer = paddle.optimizer.SGD(0.5, parameters=layer.parameters())
    for (x,) in INPUTS:
        layer(x).sum().backward()
        optimizer.step()
        with paddle.no_grad():
            np.testing.assert_array_equal(traced([x])[0], layer(x).numpy())
    assert traced.program.pass_report[NAME] == 1


def test_a_result_is_never_the_derived_tensor():
    """A caller may write into what he gets."""

    def forward(self, x):
        made = paddle.exp(self.g)
        return x @ self.w + made, F.relu(made), made.unsqueeze(0)

    layer = layer_of(forward, tensors)
    traced = trace(layer, *INPUTS[0])
    for _ in range(2):
        for result in traced(INPUTS[0], return_numpy=False):
            result.zero_()
    with paddle.no_grad():
        for result, wanted in zip(traced(INPUTS[0]), layer(*INPUTS[0]), strict=True):
            np.testing.assert_allclose(result, wanted.numpy(), rtol=1e-6, atol=1e-6)


def test_an_index_that_is_out_of_range_later_is_told_with_its_line():
    def forward(self, x):
        return x + self.table[self.index[0]][:, 0]

    layer = layer_of(forward, tensors)
    traced = trace(layer, *INPUTS[0])
    traced(INPUTS[0])
    assert traced.program.pass_report[NAME] == 1
    with torch.no_grad():
        layer.index[0] = 100
    with pytest.raises(paddle.errors.ExecutionError, match=r"FXT306 .*test_fold_constants.py"):
        traced(INPUTS[0])


def test_other_dtypes():
    check_pass(
        NAME,
        layer_of(lambda self, x: x @ (self.w.astype("float64") * 2), tensors),
        [[INPUTS[0][0].astype("float64")]],
        1,
    )
