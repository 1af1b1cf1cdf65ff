"""Branches, loops, recursion, generators, exceptions."""

from __future__ import annotations

import functools
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, i64, linear

G = Gallery("control flow")


def three_linears(self, nn):
    self.layers = (
        nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        if nn is torch.nn
        else nn.LayerList([nn.Linear(4, 4) for _ in range(3)])
    )


@G.right(f32(3, 4), f32(5, 4), f32(1, 4), f32(0, 4), setup=three_linears)
def loop_over_layers(self, x):
    for layer in self.layers:
        x = torch.relu(layer(x)) + x
    return x


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 5))
def branch_on_a_size(self, x):
    if x.shape[1] % 2 == 0:
        return x * 2
    return x - 1


@G.guarded(f32(3, 4), f32(3, 6), f32(2, 4))
def loop_over_rows(self, x):
    total = 0
    for i in range(x.shape[0]):
        total = total + x[i] * (i + 1)
    return total


@G.guarded(f32(3, 4), f32(4, 4))
def iteration_over_a_tensor(self, x):
    return torch.stack([row * i for i, row in enumerate(x)])


@G.guarded(f32(3, 4), f32(5, 4))
def zip_of_two_tensors(self, x):
    return sum(a * b.sum() for a, b in zip(x, x * 2, strict=True))


@G.guarded(f32(4, 4), f32(6, 4), f32(16, 4))
def while_over_a_size(self, x):
    n = x.shape[0]
    while n > 1:
        x = x + n
        n = n // 2
    return x


@G.guarded(f32(4, 4), f32(2, 4), f32(8, 4))
def recursion_over_halves(self, x):
    def halves(part):
        n = part.shape[0]
        return part if n <= 1 else torch.cat([halves(part[: n // 2]), halves(part[n // 2 :]) * 2])

    return halves(x)


@G.guarded(f32(3, 4), f32(5, 4), f32(4, 4))
def generator_of_sizes(self, x):
    return x + sum(n for n in (d * 2 for d in x.shape) if n > 7)


@G.guarded(f32(3, 4), f32(3, 7), f32(9, 4))
def match_on_the_shape(self, x):
    match tuple(x.shape):
        case (3, 4):
            return x
        case (3, n):
            return x * n
        case _:
            return -x


@G.guarded(f32(3, 4), f32(4, 4), f32(5, 4))
def try_around_a_look(self, x):
    try:
        return x * [1.0, 2.0, 3.0, 4.0][x.shape[0]]
    except IndexError:
        return -x


@G.guarded(f32(3, 4), f32(4, 4))
def try_that_swallows_everything(self, x):
    try:
        if x.shape[0] == 3:
            raise ValueError
        return x
    except Exception:
        return x * 3


@G.refused("FXT101", f32(3, 4))
def try_that_swallows_a_look_at_data(self, x):
    try:
        return x * float(x.sum())
    except BaseException:
        return x


@G.guarded(f32(3, 4), f32(2, 4))
def try_around_an_operation_that_fails(self, x):
    try:
        return x @ torch.ones(9, 9)
    except Exception:
        return x * 2


@G.guarded(f32(3, 4), f32(3, 9))
def try_around_an_operation_that_works_at_other_sizes(self, x):
    try:
        return x @ torch.ones(9, 4)
    except Exception:
        return x * 2


@G.refused("FXT202", f32(3, 4), f32(2, 4))
def try_around_an_operation_that_fails_at_other_sizes(self, x):
    try:
        return x + torch.ones(3, 4)
    except Exception:
        return x * 2


@G.refused("FXT101", lambda rng: [-torch.eye(3)], lambda rng: [2 * torch.eye(3)])
def try_around_an_operation_that_works_on_other_data(self, x):
    try:
        return torch.linalg.cholesky(x)
    except Exception:
        return x * 2


@G.refused("FXT101", i64(3, low=5, high=6), i64(3, high=3))
def try_around_a_lookup_that_works_on_other_data(self, x):
    try:
        return torch.index_select(torch.ones(4), 0, x)
    except Exception:
        return x * 2.0


@G.refused("FXT101", f32(3, 4))
def branch_on_data(self, x):
    if x.sum() > 0:
        return x
    return -x


@G.refused("FXT101", f32(3, 4))
def conditional_expression_on_data(self, x):
    return x * 2 if x.max() > 0.5 else x


@G.refused("FXT101", f32(3, 4))
def while_on_data(self, x):
    while x.abs().sum() > 1:
        x = x / 2
    return x


@G.refused("FXT101", f32(3, 4))
def and_of_two_tensors(self, x):
    return (x.sum() > 0) and x or -x


@G.refused("FXT101", f32(3, 4))
def maximum_by_python(self, x):
    return max(x[0, 0], x[0, 1])


@G.refused("FXT101", f32(3, 4))
def sorted_by_python(self, x):
    return torch.stack(sorted(x[0]))


@G.refused("FXT101", f32(3, 4))
def chained_comparison_of_data(self, x):
    return x if 0 < x.mean() < 1 else -x


@G.refused("FXT101", f32(3, 4))
def membership_of_data(self, x):
    return x * 2 if 5.0 in x else x


@G.refused("FXT101", f32(3, 4))
def assertion_on_data(self, x):
    assert (x < 100).all(), "too large"
    return x


@G.refused("FXT101", i64(3))
def a_loop_as_long_as_the_data_say(self, x):
    return sum(torch.ones(2) for _ in range(int(x[0]))) + torch.zeros(2)


@G.right(i64(3), i64(5), i64(3))
def a_slice_as_long_as_the_data_say(self, x):
    return x[: x[0]]


@G.right(f32(3, 4), f32(5, 4), f32(3, 4, low=-1, high=0))
def choice_by_where(self, x):
    return torch.where(x.sum() > 0, x, -x)


@G.right(f32(3, 4), f32(3, 2))
def branch_on_the_rank(self, x):
    if x.ndim == 2 and len(x.shape) == 2:
        return x.unsqueeze(0)
    return x


@G.right(f32(3, 4), f32(5, 2))
def branch_on_the_dtype(self, x):
    return x * 2 if x.dtype == torch.float32 and x.is_floating_point() else x


@G.right(f32(3, 4), f32(5, 4))
def reduce_of_partials(self, x):
    steps = [functools.partial(torch.mul, other=2.0), torch.relu, functools.partial(torch.add, other=1)]
    return functools.reduce(lambda value, step: step(value), steps, x)


@G.guarded(f32(2, 4), f32(3, 4))
def product_of_ranges(self, x):
    return sum(x[i] * x[j] for i, j in itertools.product(range(x.shape[0]), repeat=2))


@G.guarded(f32(3, 4), f32(7, 4), f32(2, 4))
def minimum_of_sizes(self, x):
    n = min(x.shape)
    return x[:n, :n] * max(x.shape)


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 5))
def sizes_sorted(self, x):
    small, large = sorted(x.shape)
    return x.reshape([large, small])


@G.guarded(f32(3, 4), f32(4, 4), f32(4, 3))
def sizes_in_a_set(self, x):
    return x * len({*x.shape})


@G.guarded(f32(3, 4), f32(9, 4), f32(3, 5))
def sizes_as_a_dict_key(self, x):
    return x * {(3, 4): 2.0}.get(tuple(x.shape), 7.0)


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 3))
def equality_of_two_sizes(self, x):
    return x * 2 if x.shape[0] == x.shape[1] else x * 3


@G.right(f32(3, 4), f32(3, 5))
def nested_closures(self, x):
    def scale(by):
        def inner(value):
            return value * by

        return inner

    return scale(x.shape[1])(x) + scale(2)(x)


@G.refused("FXT101", f32(4, 4))
def any_of_data(self, x):
    return x if any(row.sum() > 0 for row in x) else -x


@G.right(f32(3, 4), f32(2, 4))
def work_in_a_thread(self, x):
    found = []
    worker = threading.Thread(target=lambda: found.append(1.5))
    worker.start()
    worker.join()
    return x * found[0]


@G.refused("FXT100", f32(3, 4), setup=linear)
def torch_in_a_thread(self, x):
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(self.fc, x)
        return -x if future.exception() else future.result() + x


@G.guarded(f32(3, 4), f32(5, 4))
def numpy_on_a_size(self, x):
    return x * float(np.sqrt(x.shape[0]))


@G.right(f32(3, 4), f32(5, 4))
def numpy_numbers_and_sizes(self, x):
    return x * (np.float32(2.0) * x.shape[0]) + np.int64(3) + x.shape[1] * np.float64(0.5)


@G.right(f32(3, 4), f32(6, 2), style="paddle")
def branches_that_stay(self, x):
    return paddle.where(x > 0, x.exp() - 1, x * 0.1)
