"""Inputs and code that mean harm: empty, huge, not a number; types asked for, scalars treated roughly."""

from __future__ import annotations

import copy
import io
import math
import warnings

import numpy as np
import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, i64, linear, mask, of

G = Gallery("hostile")


def values(*numbers):
    return lambda rng: [torch.tensor([numbers])]


@G.right(f32(0, 4), f32(3, 4), f32(1, 4), setup=linear)
def traced_with_no_rows(self, x):
    return torch.relu(self.fc(x)).sum(0) + x.shape[0]


@G.right(f32(3, 4), f32(0, 4))
def reductions_of_nothing(self, x):
    return x.sum(), x.mean(), x.prod(), torch.logsumexp(x, 1), x.std() * 0, torch.cumsum(x, 0)


@G.right(f32(3, 4), f32(0, 4), f32(2, 4))
def largest_of_possibly_nothing(self, x):
    return x.max() * 2, x.argmax()


@G.right(
    values(1.0, float("nan"), 3.0), values(float("nan"), float("nan"), float("nan")), values(float("inf"), -1.0, 0.0)
)
def not_a_number(self, x):
    return torch.relu(x), x.max(), torch.softmax(x, -1), torch.where(x > 0, x, -x), x.nan_to_num(), torch.clamp(x, 0, 1)


@G.right(f32(3, 4, low=1e30, high=3e38), f32(5, 4, low=-3e38, high=3e38), f32(2, 4, low=1e-45, high=1e-38))
def huge_and_tiny_values(self, x):
    return x * 2, x / 1e-10, x - x.mean(), torch.softmax(x, -1), torch.exp(-x), torch.tanh(x)


@G.right(i64(3, low=2**40, high=2**41), i64(3, low=-(2**62), high=2**62))
def huge_integers(self, x):
    return x * 3, x + 2**61, x // 7, x.float(), x % 1000


@G.right(f32(3, 4), f32(5, 4), f32(1, 4), f32(0, 4))
def a_mask_that_keeps_nothing(self, x):
    return x[x > 99], x[x > 99].sum(), torch.nonzero(x > 99), x[torch.zeros(x.shape[0], dtype=torch.bool)]


@G.right(f32(), f32(), style="torch")
def an_input_of_no_dimensions(self, x):
    return x + torch.arange(3), x.expand(2, 3), x.view(1, 1), x.sum()


@G.right([f32(3, 4), f32()], [f32(5, 4), f32()])
def a_number_as_a_tensor(self, x, alpha):
    return x * alpha, torch.where(alpha > 0, x, -x), x ** alpha.abs()


@G.refused("FXT101", [f32(3, 4), f32()])
def a_number_as_a_tensor_looked_at(self, x, alpha):
    return x * alpha.item()


@G.right([mask(3, 4), mask(4)], [mask(5, 4), mask(1)])
def masks_of_two_sizes(self, a, b):
    return a & b, a | b, (a ^ b).sum(1), torch.where(a, b, ~b)


@G.right([f32(3, 4), i64(3)], [f32(5, 4), i64(2)], [f32(5, 4), i64(0)])
def rows_by_number(self, x, rows):
    return x[rows % 3], torch.index_select(x, 0, rows % 3).sum(0)


@G.refused("FXT202", f32(3, 4))
def the_type_of_a_size(self, x):
    return x * 2 if type(x.shape[0]) is int else x * 3


@G.right(f32(3, 4), f32(5, 4))
def whether_a_size_is_an_int(self, x):
    n = x.shape[0]
    return x * 2 if isinstance(n, int) and not isinstance(n, (list, float)) and callable(n) is False else x * 3


@G.guarded(f32(3, 4), f32(5, 4), f32(4, 4))
def bits_of_a_size(self, x):
    n = x.shape[0]
    return x * (n << 1) + (n & 6) + (n | 8) - (n ^ 5) + (n >> 1) + (1 << (n - 1).bit_length())


@G.right(f32(3, 4), f32(5, 4))
def bits_of_a_size_that_stay(self, x):
    n = x.shape[0]
    return x * (n << 1) + (n & 6) + (n | 8) - (n ^ 5) + (n >> 1) + ~n + (1 << n) + (12 & n)


@G.guarded(f32(3, 4), f32(5, 4))
def parts_of_a_size(self, x):
    n = x.shape[0]
    return x * n.real + n.imag + n.numerator - n.denominator + n.conjugate()


@G.right(f32(3, 4), f32(5, 4), f32(2, 4))
def comparisons_as_numbers(self, x):
    n = x.shape[0]
    return x * (n > 3) + (n == 3) + int(4) * (n < 4) - (n >= 2) * 2


@G.guarded(f32(3, 4), f32(5, 4), f32(2, 4))
def comparisons_combined(self, x):
    n, d = x.shape
    return x * 2 if (n > 2) & (d == 4) and not (n == 4) | (d > 9) else x


@G.guarded(f32(3, 4), f32(5, 4))
def greatest_common_divisors(self, x):
    return x * math.gcd(x.shape[0], 12) + math.isqrt(x.shape[0]) + math.comb(x.shape[1], 2)


@G.right(f32(3, 4), f32(5, 6))
def products_of_sizes(self, x):
    return x * math.prod(x.shape) + sum(x.shape) + np.prod(x.shape) + np.sum(x.shape) + np.array(x.shape)[0]


@G.guarded(f32(3, 4), f32(5, 4))
def an_array_of_sizes(self, x):
    return x * torch.tensor(np.array(x.shape, dtype="float32")).sum() + torch.from_numpy(np.arange(x.shape[0])).sum()


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 6))
def an_array_of_sizes_that_stays(self, x):
    sizes = np.array(x.shape) * 2
    return x.reshape([sizes[1] // 2, sizes[0] // 2]) * sizes.max()


@G.guarded(f32(3, 4), f32(5, 4))
def sizes_as_text(self, x):
    return x * float("%d" % x.shape[0]) + float("{0}.{1}".format(*x.shape)) + len(repr(x.shape)) + int(str(x.shape[1]))  # noqa: UP031, UP032


@G.guarded(f32(3, 4), f32(5, 4))
def sizes_in_containers(self, x):
    n, d = x.shape
    known = {n: 1.0, d: 2.0}
    return x * known[3] + [5.0, 6.0, 7.0, 8.0, 9.0][n] + (n, d).index(d) + [n, d].count(4) + max((n, 1), (d, 0))[1]


@G.guarded(f32(3, 4), f32(5, 4))
def a_size_as_a_slice_of_a_list(self, x):
    return x + sum([1.0, 2.0, 3.0, 4.0, 5.0, 6.0][: x.shape[0]]) + "abcdef"[x.shape[0] :].count("d")


@G.right(f32(3, 4), f32(4, 4))
def identity_with_a_small_number(self, x):
    n = x.shape[0]
    return x if n is not None else -x


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 3))
def equality_of_shapes(self, x):
    y = x.t()
    return x * 2 if x.shape == y.shape or list(x.shape) == [3, 4] or tuple(x.shape) != (5, 4) else x * 3


@G.guarded(f32(3, 4), f32(5, 4))
def a_default_for_a_size_of_zero(self, x):
    return x * (x.shape[0] or 7) + (x.shape[0] - 3 or 5)


@G.right(f32(3, 4), f32(5, 4))
def negative_places(self, x):
    n = x.shape[0]
    return x[-n], x[n - 1], x[-n:], x[: n - 1].sum(0), x[n:].sum(), torch.narrow(x, 0, n - 2, 2)


@G.right(f32(3, 4), f32(5, 4))
def the_same_layer_call_again(self, x):
    return torch.relu(x) + type(self).forward.__name__.count("a") * x


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def parameters_listed(self, x):
    return (
        x + sum(p.sum() for p in self.parameters()) + sum(1 for _ in self.named_parameters()) + len(self.state_dict())
    )


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_layer_copied_in_forward(self, x):
    import copy

    return copy.copy(self.fc)(x)


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def an_operation_on_every_weight(self, x):
    weights = torch.cat([p.reshape([-1]) for p in self.fc.parameters()])
    return x * weights.abs().max(), weights.norm()


@G.right(f32(3, 4), f32(5, 4), style="torch")
def legacy_constructors(self, x):
    return torch.FloatTensor([1, 2, 3, 4]) * x + torch.Tensor([0.5]) + torch.LongTensor([1]).float()


@G.refused("FXT104", f32(3, 4), style="torch")
def legacy_constructors_of_a_size(self, x):
    return torch.Tensor(x.size(0), 1).fill_(2.0) + x


@G.right(f32(3, 4), f32(5, 4), style="torch")
def written_to_a_place(self, x):
    unused = x * 3
    y = torch.empty(4)
    torch.sum(unused, 0, out=y)
    z = torch.empty(0)
    torch.add(x, 1, out=z)
    return y * 2, z


@G.refused("FXT100", f32(3, 4), style="torch")
def many_written_at_once(self, x):
    a, b = x * 2, x * 3
    torch._foreach_add_([a, b], 1.0)
    return a, b, *torch._foreach_mul([a, b], 2.0)


@G.right(f32(3, 4), f32(5, 4), style="paddle")
def inputs_of_torchs_kind_inside(self, x):
    y = x.as_subclass(torch.Tensor) if False else torch.Tensor.add(x, 1)
    return paddle.add(y, x)


class Swallowing(paddle.nn.Layer):
    """Catches what its sublayer raises."""

    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        try:
            x.sum().backward()
        except Exception:
            return self.fc(x) * 2
        return self.fc(x)


G.refused("FXT100", lambda rng: [f32(3, 4).tensor(rng).requires_grad_()])(Swallowing)


@G.right(of(torch.float64, 3, 4), of(torch.float64, 5, 4))
def doubles(self, x):
    return x * 0.1 + 1 / 3, x + torch.ones(4), x.sum() * 1e-17


@G.right(f32(3, 4), f32(5, 4), style="torch")
def choices_between_bools(self, x):
    return (
        torch.where(x > 0, True, False),
        torch.where(x > 0, 1, 0),
        torch.where(x > 0, 1.0, 2),
        torch.where(x > 0, x, True),
    )


@G.guarded(f32(3, 4), f32(5, 4), f32(1, 4), style="torch")
def symbolic_numbers_of_torch(self, x):
    n = x.size(0)
    torch._check(n > 1, lambda: "too few")
    return x * torch.sym_max(n, 4) + torch.sym_min(n, 9) + torch.sym_int(n / 2) - torch.sym_float(n)


@G.right(f32(3, 4), f32(5, 4))
def tensors_copied(self, x):
    y, z = copy.deepcopy(x), copy.copy(x)
    y.add_(1)
    return x, y, z * 2


@G.right(f32(3, 4), f32(5, 4))
def arrays_as_indices(self, x):
    return x[np.array([0, 1])], x[:, np.int64(1)]


@G.right(f32(3, 4), f32(5, 4))
def tensors_as_text_for_people(self, x):
    print(f"{x} {x.shape[1:1]}", file=io.StringIO())
    return x * 2


def unknown_yet(self, nn):
    self.register_buffer("scale", torch.full([1], float("nan")))


@G.refused("FXT202", f32(3, 4), setup=unknown_yet)
def a_look_at_a_buffer_that_is_no_number_yet(self, x):
    scale = float(self.scale)
    self.scale.copy_(x.sum().reshape([1]) * 0 + 2)
    return x * (1 if math.isnan(scale) else 2)


class CountsWhenABufferHasItsShape(paddle.nn.Layer):
    """The first call gives the buffer its shape: the graph is of the layer after it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kept", torch.zeros(4))
        self.calls = 0

    def forward(self, x):
        self.kept = x * 2
        self.calls += 1
        return x * self.calls


G.refused("FXT202", f32(3, 4))(CountsWhenABufferHasItsShape)


@G.right(f32(3, 4), f32(5, 4))
def a_tensor_of_torchs_in_a_layer(self, x):
    y = torch.linspace(0, 1, x.shape[0])
    last = y[-1]
    y += 1
    counts = torch.as_tensor(np.arange(3)) * x[0, 0]
    return last, y, counts


@G.right(f32(3, 4), f32(5, 4))
def an_index_of_nothing(self, x):
    y = x.clone()
    z = y[()]
    y[0] = 0.0
    return z, x[..., 0][...], x.sum()[()]


@G.right(f32(2, 3, 4), f32(5, 6, 4), style="torch")
def axes_reversed(self, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x.T


def _a_buffer(self, nn):
    self.register_buffer("kept", torch.ones(4))


@G.right(f32(3, 4), f32(5, 4), setup=_a_buffer)
def the_length_of_a_buffer(self, x):
    return x * len(self.kept), self.kept[len(self.kept) - 1]


@G.right(f32(1, 4), f32(1, 6))
def a_row_written_with_an_axis_too_many(self, x):
    y = x * 1
    y[0] = x + 1
    return y


@G.refused("FXT101", f32(3, 4))
def not_a_number_in_the_text(self, x):
    return x * 2 if "nan" in repr(x) else x


@G.refused("FXT101", f32(3, 4))
def the_text_as_a_key(self, x):
    return x * len({f"{x}": 1, str(x + 1): 2}[str(x)] * "a")


@G.right(f32(3, 4), f32(5, 4))
def printed_for_a_look(self, x):
    print(x, f"{x}", file=io.StringIO())
    return x * 2
