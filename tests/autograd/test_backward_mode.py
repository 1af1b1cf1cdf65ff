"""paddle.grad and paddle.autograd.backward."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle


def leaf(*values: float) -> paddle.Tensor:
    return paddle.to_tensor(values, stop_gradient=False)


def test_grad_of_several_elements_is_that_of_their_sum() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    got = paddle.grad(x * y, [x, y])
    assert all(isinstance(gradient, paddle.Tensor) for gradient in got)
    np.testing.assert_array_equal(got[0], [3, 4])
    np.testing.assert_array_equal(got[1], [1, 2])
    assert x.grad is None


def test_grad_weighs_the_outputs() -> None:
    x = leaf(1.0, 2.0)
    (got,) = paddle.grad([x * x, 3 * x], x, [paddle.to_tensor([1.0, 10.0]), None])
    np.testing.assert_array_equal(got, [2 + 3, 40 + 3])


def test_grad_of_a_grad() -> None:
    x = leaf(2.0)
    (slope,) = paddle.grad(x**3, x, create_graph=True)
    (bend,) = paddle.grad(slope, x)
    np.testing.assert_array_equal(bend, [12])


def test_grad_of_an_unused_input() -> None:
    x, y = leaf(1.0), leaf(1.0)
    assert paddle.grad(x * 2, [y], allow_unused=True) == [None]
    with pytest.raises(ValueError, match=r"inputs\[1\] does not appear .* allow_unused=True"):
        paddle.grad(x * 2, [x, y])


def test_grad_refuses_what_torch_lacks() -> None:
    x = leaf(1.0)
    with pytest.raises(ValueError, match="no_grad_vars"):
        paddle.grad(x * 2, x, no_grad_vars=[x])


def test_backward_adds_to_the_leaves() -> None:
    x = leaf(1.0, 2.0)
    paddle.autograd.backward([x * x, 3 * x], [paddle.to_tensor([1.0, 10.0]), None])
    np.testing.assert_array_equal(x.grad, [2 + 3, 40 + 3])
