"""PyLayer and backward, against what Paddle 2.6.2 does."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.autograd import PyLayer
from tests.helpers import layer_of, trace


class Tanh(PyLayer):
    @staticmethod
    def forward(ctx, x):
        y = paddle.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensor()
        # Not tanh's own gradient, so that the test sees whose it is.
        return dy * (1 - paddle.square(y)) * 10


class Scaled(PyLayer):
    """Two tensors, a number between them, two outputs."""

    @staticmethod
    def forward(ctx, x, k, y, flag=True):
        ctx.k = k
        ctx.save_for_backward(x, y)
        return x * y * k, x.sum()

    @staticmethod
    def backward(ctx, d1, d2):
        x, y = ctx.saved_tensor()
        return d1 * y * ctx.k + d2, d1 * x * ctx.k


def leaf(*numbers):
    return paddle.to_tensor([float(x) for x in numbers], stop_gradient=False)


def test_its_own_gradient_is_used():
    x = leaf(0.0, 0.5)
    y = Tanh.apply(x)
    assert type(y) is paddle.Tensor
    assert not y.stop_gradient
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 10 * (1 - np.tanh([0.0, 0.5]) ** 2), rtol=1e-6)


def test_other_arguments_and_several_outputs():
    x, y = leaf(1, 2), leaf(3, 4)
    product, total = Scaled.apply(x, 2.0, y, flag=False)
    assert total.item() == 3
    product.sum().backward()
    assert x.grad.tolist() == [6, 8]
    assert y.grad.tolist() == [2, 4]


def test_an_input_without_gradient():
    x, y = leaf(1, 2), paddle.to_tensor([3.0, 4.0])
    Scaled.apply(x, 2.0, y)[0].sum().backward()
    assert x.grad.tolist() == [6, 8]
    assert y.grad is None


def test_nothing_is_recorded_without_gradients():
    with paddle.no_grad():
        assert Tanh.apply(leaf(1)).stop_gradient
    assert Tanh.apply(paddle.ones([1])).stop_gradient


def test_none_and_too_few_gradients():
    class Product(PyLayer):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, d):
            return d, None

    class First(Product):
        @staticmethod
        def backward(ctx, d):
            return d

    x, y = leaf(1), leaf(2)
    Product.apply(x, y).backward()
    assert x.grad.item() == 1
    assert y.grad is None
    First.apply(x, paddle.ones([1])).backward()
    assert x.grad.item() == 2
    with pytest.raises(ValueError, match=r"^First\.backward returned 1 gradients, but First\.forward takes 2 tensors$"):
        First.apply(x, y).backward()


def test_tensors_in_lists_and_keywords():
    class Total(PyLayer):
        @staticmethod
        def forward(ctx, x, others, z=None):
            return x + others[0] + others[1] + z

        @staticmethod
        def backward(ctx, d):
            return d, [d * 2, None], d * 3

    x, a, b, z = leaf(1), leaf(1), leaf(1), leaf(1)
    Total.apply(x, [a, b], z=z).backward()
    assert [x.grad.item(), a.grad.item(), b.grad, z.grad.item()] == [1, 2, None, 3]


@pytest.mark.parametrize("materialize", [True, False])
def test_gradients_of_unused_outputs(materialize):
    seen = []

    class Two(PyLayer):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, d1, d2):
            seen.append(d2)
            return d1

    Two.apply(leaf(1, 2))[0].sum().backward()
    assert (seen[0] is None) != materialize
    assert not materialize or seen[0].tolist() == [0, 0]


def test_outputs_without_gradient():
    class Marked(PyLayer):
        @staticmethod
        def forward(ctx, x):
            a, b = x * 1, x * 2
            ctx.mark_non_differentiable(b)
            return a, b

        @staticmethod
        def backward(ctx, d1, d2):
            return d1

    a, b = Marked.apply(leaf(1))
    assert not a.stop_gradient
    assert b.stop_gradient


def test_a_static_graph_records_what_forward_does():
    layer = layer_of(lambda self, x: Tanh.apply(x) * 2)
    x = paddle.rand([2, 3])
    static = trace(layer, x)
    np.testing.assert_array_equal(static([x])[0], layer(x).numpy())
    assert static([paddle.rand([5, 3])])[0].shape == (5, 3)


def test_nothing_is_kept_alive():
    x = leaf(1)
    kept = weakref.ref(Tanh.apply(x))
    gc.collect()
    assert kept() is None


def test_the_base_has_no_forward():
    with pytest.raises(TypeError, match="must have a static method forward"):
        PyLayer.apply(leaf(1))


def test_backward_of_several_tensors():
    x = leaf(1, 2)
    paddle.autograd.backward([x.sum(), x * 3], [None, paddle.to_tensor([1.0, 2.0])])
    assert x.grad.tolist() == [4, 7]
    with pytest.raises(ValueError, match="backward: 1 tensors, but 2 grad_tensors"):
        paddle.autograd.backward([x.sum()], [None, None])
