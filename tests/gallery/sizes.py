"""Sizes: what stays free, sizes of 1 and 0, broadcasting, sizes in arithmetic and in tensors."""

from __future__ import annotations

import math

import numpy as np
import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, i64, linear

F = paddle.nn.functional
G = Gallery("sizes")


def positions(self, nn):
    self.fc = nn.Linear(4, 4)
    self.register_buffer("positions", torch.arange(32.0).reshape(8, 4))


@G.right(f32(1, 4), f32(3, 4), f32(0, 4), setup=linear)
def traced_with_one_row(self, x):
    return torch.relu(self.fc(x)) + x


@G.right([f32(1, 4), f32(1, 4)], [f32(3, 4), f32(1, 4)], [f32(1, 4), f32(3, 4)], [f32(2, 4), f32(2, 4)])
def ones_that_broadcast_later(self, x, y):
    return torch.relu(x * 2 + y * 3)


@G.right([f32(1, 4), f32(1, 4)], [f32(3, 4), f32(1, 4)], [f32(1, 4), f32(3, 4)], [f32(1, 1), f32(3, 4)], setup=linear)
def sums_that_broadcast_later(self, x, y):
    return torch.relu(self.fc(x.expand_as(x + torch.zeros(4))) + (y * 2)) + (x * 3 + y * 2)


@G.right([f32(3, 4), f32(3, 4)], [f32(3, 1), f32(3, 4)], [f32(3, 4), f32(1, 1)], [f32(1, 4), f32(5, 1)])
def equal_sizes_that_broadcast_later(self, x, y):
    return torch.relu((x - 1) + (y * 2)) + torch.relu((y - 1) + (x * 2))


@G.right([f32(3, 1), f32(3, 1)], [f32(3, 5), f32(3, 1)], [f32(3, 1), f32(3, 5)])
def trailing_ones_that_broadcast_later(self, x, y):
    return (x * 2 + y * 2, y * 3 + x * 3)


@G.right([f32(2, 4), f32(2, 4)], [f32(1, 4), f32(2, 4)], [f32(2, 4), f32(1, 4)], [f32(2, 1), f32(1, 4)])
def products_and_differences_of_both(self, x, y):
    a, b = x * 2, y / 3
    return torch.sigmoid((a + b) + (b + a) * (x - y))


@G.right(f32(3, 4), f32(1, 4), f32(5, 4))
def column_sums_and_rows(self, x):
    return torch.relu((x.sum(0) * 2) + (x * 2)) + (x.mean(1).unsqueeze(1) * 3 + x * 1.5)


@G.right(f32(1, 4), f32(3, 4))
def batch_plus_its_sum_traced_with_one_row(self, x):
    return torch.relu((x * 2).sum(0).reshape([1, 4]) * 2 + x * 2)


@G.right(f32(4, 4), f32(4, 7), f32(1, 1), f32(0, 4), f32(4, 1))
def outer_sum_of_a_square(self, x):
    return (x * 2).sum(1).unsqueeze(1) * 2 + (x * 2).sum(0).unsqueeze(0) * 2


@G.guarded(f32(1, 4), f32(3, 4), f32(3, 1))
def squeeze_of_a_one(self, x):
    return x.squeeze()


@G.right(f32(1, 3, 4), f32(1, 5, 2), style="torch")
def squeeze_of_a_named_axis(self, x):
    return x.squeeze(0) * 2


@G.right(f32(2, 3, 4), f32(5, 3, 4), f32(2, 1, 6), f32(0, 3, 4))
def reshape_with_arithmetic(self, x):
    n, s, d = x.shape
    return x.reshape([n * s, d]).reshape([n, s // 1, -1, d // 2]) if d else x


@G.right(f32(2, 3, 4), f32(3, 5, 4), f32(1, 1, 4))
def heads_split_and_merged(self, x):
    n, s, d = x.shape
    heads = torch.permute(x.reshape([n, s, 2, d // 2]), (0, 2, 1, 3))
    scores = torch.softmax(torch.matmul(heads, torch.permute(heads, (0, 1, 3, 2))) / math.sqrt(2), -1)
    return torch.permute(torch.matmul(scores, heads), (0, 2, 1, 3)).reshape([n, s, d])


@G.right(f32(5, 4), f32(2, 4), f32(8, 4), setup=positions)
def positions_cut_to_length(self, x):
    return self.fc(x) + self.positions[: x.shape[0]]


@G.right(f32(3, 4), f32(7, 4), f32(1, 4), f32(0, 4))
def arange_of_a_size(self, x):
    return x * torch.arange(x.shape[0]).unsqueeze(1) + torch.arange(1, x.shape[1] + 1)


@G.right(f32(3, 4), f32(7, 4), f32(1, 4))
def causal_mask_of_a_size(self, x):
    n = x.shape[0]
    scores = x @ x.t()
    return torch.softmax(scores.masked_fill(torch.tril(torch.ones(n, n)) == 0, -1e9), -1) @ x


@G.right(f32(3, 4), f32(5, 6), f32(1, 2))
def a_tensor_of_sizes(self, x):
    return x / torch.tensor([x.shape[0], x.shape[1]]).sum() + torch.tensor(x.shape[0])


@G.right(f32(3, 4), f32(5, 6), f32(1, 2))
def a_tensor_of_sizes_and_fractions(self, x):
    return x * torch.tensor([x.shape[0] / 2, 1.5, x.shape[1]]).sum()


@G.right(f32(3, 4), f32(5, 6), style="paddle")
def to_tensor_of_sizes(self, x):
    n = paddle.to_tensor(x.shape[0])
    return x * n.astype("float32") + paddle.to_tensor([x.shape[1], 2], dtype="float32").sum()


@G.right(f32(3, 4), f32(5, 4), f32(2, 7), style="paddle")
def sizes_through_paddle_shape(self, x):
    n, d = paddle.shape(x)
    return x.reshape([d, n]) + paddle.zeros([d, n]) + d.astype("float32")


@G.right(f32(1, 2, 4, 6), f32(2, 2, 5, 3), f32(1, 2, 1, 1), style="paddle")
def interpolate_to_another_tensors_size(self, x):
    small = F.avg_pool2d(x, 2, ceil_mode=True)
    return F.interpolate(small, size=x.shape[2:], mode="bilinear") + x


@G.right(f32(1, 2, 5, 7), f32(2, 2, 8, 8), f32(1, 2, 1, 9), style="paddle")
def windows_padded_and_cropped(self, x):
    n, c, h, w = x.shape
    right, below = (4 - w % 4) % 4, (4 - h % 4) % 4
    y = F.pad(x, [0, right, 0, below])
    y = y.reshape([n, c, (h + below) // 4, 4, (w + right) // 4, 4]).max(axis=[3, 5])
    y = F.interpolate(y, scale_factor=4)
    return y[:, :, :h, :w] + x


@G.right(f32(3, 4), f32(5, 4), f32(1, 4))
def negative_and_open_slices(self, x):
    return x[1:] * x[:-1] + x[-1] - x[..., -2:].sum() + x[::2].sum()


@G.right(f32(6, 4), f32(9, 4), f32(2, 4))
def slices_with_computed_bounds(self, x):
    n = x.shape[0]
    return torch.cat([x[n // 2 :], x[: n // 2] * 2, x[n - 1 : n]])


@G.guarded(f32(6, 4), f32(9, 4), f32(5, 4), f32(4, 4))
def chunks_of_a_size(self, x):
    a, b, c = torch.chunk(x, 3)
    return a[:1] + b[:1] * 2 + c[:1] * 3


@G.guarded(f32(6, 4), f32(8, 4), f32(3, 4))
def halves_by_split(self, x):
    return sum(part.sum() * i for i, part in enumerate(torch.split(x, 2)))


@G.guarded(f32(3, 4), f32(4, 4), f32(3, 6))
def unbound_rows(self, x):
    a, b, c = torch.unbind(x)
    return a * 2 + b * c


@G.guarded(f32(3, 4), f32(5, 4))
def stack_of_repetitions(self, x):
    return torch.stack([x] * x.shape[0])


@G.right(f32(3, 4), f32(5, 2), f32(1, 1))
def mean_by_hand(self, x):
    return x.sum() / (x.shape[0] * x.shape[1]) + x.sum() / np.prod(x.shape)


@G.right(f32(3, 4), f32(5, 4), f32(2, 9))
def powers_and_divisions_of_sizes(self, x):
    n, d = x.shape
    return x * d**-0.5 + n**2 - (n % 3) + d // 2 + (n / d) + (-n) // 2 + abs(n - d) + divmod(d, 3)[1]


@G.right(f32(7, 4), f32(6, 4), f32(5, 4), f32(1, 4))
def roundings_of_sizes(self, x):
    n = x.shape[0]
    return x * round(n / 2) + math.floor(n / 3) - math.ceil(n / 4) + math.trunc(-n / 4)


@G.guarded(f32(3, 4), f32(9, 4))
def mathematics_of_a_size(self, x):
    return x * math.log(x.shape[0]) + math.sqrt(x.shape[1])


@G.guarded(f32(3, 4), f32(4, 4))
def text_of_a_size(self, x):
    return x * len(f"{x.shape[0]:03d}") + {"3": 1.0}.get(str(x.shape[0]), 5.0)


@G.right(f32(3, 4), f32(4, 3), f32(4, 4))
def transpose_by_sizes(self, x):
    return torch.as_strided(x.t().contiguous(), [x.shape[1], x.shape[0]], [x.shape[0], 1]) * 2


@G.right(f32(3, 4), f32(5, 6), f32(1, 1))
def strides_of_a_tensor(self, x):
    return x * x.stride()[0] + x.stride(1)


@G.right(f32(2, 3, 4), f32(5, 2, 7), f32(1, 1, 1))
def einsum_over_free_sizes(self, x):
    return torch.einsum("nsd,ntd->nst", x, x * 2)


@G.right([f32(2, 4), f32(3, 4)], [f32(5, 4), f32(1, 4)], [f32(0, 4), f32(2, 4)])
def concatenation_of_two_lengths(self, x, y):
    return torch.cat([x, y]) * (x.shape[0] + y.shape[0])


@G.right(f32(3, 4), f32(5, 4), f32(1, 4))
def padding_to_a_multiple(self, x):
    return torch.nn.functional.pad(x, [0, 0, 0, (4 - x.shape[0] % 4) % 4])


@G.right(f32(2, 3, 8, 8), f32(1, 3, 9, 6), f32(1, 3, 12, 16))
def adaptive_pooling(self, x):
    return torch.nn.functional.adaptive_avg_pool2d(x, 1) + torch.nn.functional.adaptive_avg_pool2d(x, (2, 3)).sum()


@G.right(f32(2, 3, 8), f32(1, 3, 9), style="torch")
def unfold_of_a_size(self, x):
    return x.unfold(2, 3, 2).sum(-1)


@G.right(f32(3, 4), f32(7, 4), f32(1, 4), style="torch")
def one_hot_of_positions(self, x):
    return torch.nn.functional.one_hot(torch.arange(x.size(0)), x.size(0)).float() @ x


@G.right(f32(3, 4), f32(7, 5), f32(1, 1), style="torch")
def view_and_expand(self, x):
    return x.view(x.size(0), 1, x.size(1)).expand(-1, x.size(0), -1) + x.expand(x.size(0), *x.shape)


@G.right(f32(3, 4), f32(5, 2), f32(1, 1), style="torch")
def repeat_by_sizes(self, x):
    return x.repeat(x.size(1), 1) + x.new_ones(x.size(0) * x.size(1), x.size(1)) * x.new_full((1,), x.numel())


@G.right(
    i64(3, 5, high=9),
    i64(2, 7, high=9),
    i64(1, 1, high=9),
    setup=lambda self, nn: setattr(self, "e", nn.Embedding(10, 4)),
)
def mean_of_embeddings(self, x):
    return self.e(x).sum(1) / x.shape[1]


@G.guarded(f32(3, 4), f32(3, 5), f32(2, 4), setup=linear)
def cached_by_the_shape(self, x):
    key = tuple(x.shape)
    cache = {}
    if key not in cache:
        cache[key] = torch.ones(*x.shape)
    return cache[key] * x


@G.right(f32(3, 4), f32(0, 4), f32(5, 0), f32(0, 0))
def products_with_nothing(self, x):
    return x.t() @ x + x.sum() + torch.cat([x, x]).sum()


@G.right(f32(4, 4), f32(6, 4), f32(2, 4))
def roll_by_a_size(self, x):
    return torch.roll(x, x.shape[0] // 2, 0) + torch.flip(x, [0])


@G.right(f32(5, 4), f32(9, 4), f32(2, 4))
def top_of_a_size(self, x):
    values, places = torch.topk(x.sum(1), x.shape[0] // 2)
    return values * 2, places


@G.right(f32(5, 4), f32(9, 4), f32(2, 4))
def linspace_and_eye_of_a_size(self, x):
    n = x.shape[0]
    return (torch.eye(n) * 2 + torch.linspace(0, 1, n)) @ x + torch.full([n, 1], n)
