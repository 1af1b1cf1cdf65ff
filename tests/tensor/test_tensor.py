"""What the API table cannot say: sharing of memory, torch's own code on our tensors, gradients, indexing by either."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

from fxtraced import tensor as paddle
from fxtraced.tensor.common import inplace
from fxtraced.tensor.shape import shape_list
from fxtraced.tensor.tensor import Parameter, Tensor


def test_torch_functions_and_torch_methods_give_our_tensors() -> None:
    x = paddle.ones([2, 3])
    for y in (torch.relu(x), x.relu(), x[0], x + 1, torch.stack([x, x]), torch.nn.functional.softmax(x, dim=-1)):
        assert type(y) is Tensor
    assert all(type(row) is Tensor for row in x)


def test_python_functions_of_torch_see_torchs_methods() -> None:
    x = paddle.to_tensor([[1.0, 5.0], [3.0, 2.0]])
    assert torch.nn.functional.max_pool1d(x, 2).shape == [2, 1]
    assert torch.nn.functional.pad(x, [1, 1]).shape == [2, 4]
    query = paddle.rand([3, 2, 4])
    out, weights = torch.nn.MultiheadAttention(4, 2)(query, query, query)
    assert (out.shape, weights.shape) == ([3, 2, 4], [2, 3, 3])
    assert torch.nn.functional.relu(x, inplace=True) is x


def test_numpy_is_a_copy_and_set_value_writes_in_place() -> None:
    x = paddle.zeros([2])
    alias = x.detach()
    x.numpy()[0] = 5
    assert x.tolist() == [0, 0]
    x.set_value(np.array([1, 2], "float32"))
    assert alias.tolist() == [1, 2]


def test_augmented_assignment_makes_a_new_tensor() -> None:
    x = paddle.zeros([2])
    y = x
    y += 1
    assert (x.tolist(), y.tolist()) == ([0, 0], [1, 1])


def test_gradients() -> None:
    weight = Parameter(torch.ones(2, 3))
    weight.transpose([1, 0]).sum(axis=0).max().backward()
    assert weight.grad.shape == [2, 3]
    assert np.asarray(weight * 2).shape == (2, 3)
    weight.clear_grad()
    assert weight.gradient().sum() == 0


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_torch_optimizers_take_our_parameters(optimizer: type[torch.optim.Optimizer]) -> None:
    weight = Parameter(torch.ones(2))
    options = {"momentum": 0.9, "weight_decay": 0.1} if optimizer is torch.optim.SGD else {"weight_decay": 0.1}
    steps = optimizer([weight], lr=0.1, **options)  # type: ignore[call-arg]
    for _ in range(3):
        steps.zero_grad()
        (weight * weight).sum().backward()
        steps.step()
    plain = torch.nn.Parameter(torch.ones(2))
    steps = optimizer([plain], lr=0.1, **options)  # type: ignore[call-arg]
    for _ in range(3):
        steps.zero_grad()
        (plain * plain).sum().backward()
        steps.step()
    assert torch.equal(torch.Tensor.detach(weight), plain.detach())


@pytest.mark.parametrize("make", [lambda: Parameter(torch.ones(2, 3)), lambda: paddle.ones([2, 3])])
def test_copies_and_pickles_keep_their_type(make: object) -> None:
    x = make()  # type: ignore[operator]
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(y) is type(x)
        assert y.stop_gradient == x.stop_gradient
        assert np.array_equal(y.numpy(), x.numpy())


def test_in_place_spellings_refuse_another_shape_or_dtype() -> None:
    x = paddle.arange(3)
    with pytest.raises(ValueError, match="divide_into_: the result has dtype torch.float32"):
        inplace(divide_into)(x, 2)
    with pytest.raises(ValueError, match="perm must be a permutation of the 2 axes of x, but received"):
        paddle.ones([2, 3]).transpose([0, 0])


def divide_into(x: Tensor, y: int) -> Tensor:
    return x / y


def test_shape_list_reads_tensors_and_leaves_ints() -> None:
    assert shape_list([2, paddle.to_tensor(3), np.int64(4)]) == [2, 3, 4]
    assert shape_list(paddle.to_tensor([2, 3])) == [2, 3]
    assert shape_list(5) == [5]


def test_functions_leave_plain_tensors_working() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    assert paddle.max(x, axis=1).tolist() == [2, 5]
    assert paddle.reshape(x, [0, -1]).shape == (2, 3)
    assert paddle.strided_slice(x, [1], [2], [-1], [-1]).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert paddle.split(x, [1, -1], axis=1)[1].shape == (2, 2)


def test_what_lies_otherwise_in_memory_is_reshaped_in_place():
    x = paddle.to_tensor(np.arange(6, dtype="float32").reshape([2, 3]), stop_gradient=False)
    y = (x * 2).transpose([1, 0])
    assert y.flatten_() is y
    assert y.tolist() == [0, 6, 2, 8, 4, 10]
    (y * paddle.arange(6).astype("float32")).sum().backward()
    assert x.grad.tolist() == [[0, 4, 8], [2, 6, 10]]
    needed = (x * 2).transpose([1, 0])
    square = needed * needed
    with pytest.raises(
        ValueError, match="reshape_: the tensor's memory does not lie in order, and a gradient needs it"
    ):
        needed.reshape_([6])
    square.sum().backward()
    with torch.no_grad():
        assert needed.reshape_([6]).tolist() == [0, 6, 2, 8, 4, 10]


def test_a_leaf_with_a_gradient_is_not_reshaped_in_place():
    leaf = paddle.ones([2, 3]).transpose([1, 0]).detach()
    leaf.stop_gradient = False
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        leaf.reshape_([-1])
    assert leaf.is_leaf
    assert leaf.shape == [3, 2]
