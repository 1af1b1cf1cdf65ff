"""dtypes: promotion, integer and bool arithmetic, casts, complex numbers, halves."""

from __future__ import annotations

import numpy as np
import torch

from tests.gallery.entries import Gallery, f32, i64, mask, of

G = Gallery("dtypes")


@G.right(i64(3, 4), i64(5, 4), i64(0, 4))
def integers_and_floats(self, x):
    return x * 2, x * 0.5, x / 2, x // 2, x % 3, x**2, -x


@G.right(i64(3, 4, low=-7, high=7), i64(5, 4, low=-7, high=7))
def division_of_negative_integers(self, x):
    return (
        x // 3,
        x % 3,
        torch.div(x, 2, rounding_mode="trunc"),
        torch.div(x, 2, rounding_mode="floor"),
        7 // (x * 2 + 1),
    )


@G.right([f32(3, 4), i64(3, 4)], [f32(5, 4), i64(1, 4)])
def floats_with_integers(self, x, y):
    return x + y, y * x, torch.where(x > 0, x, y.to(x.dtype)), x * (y > 1)


@G.right([of(torch.float64, 3), f32(3)], [of(torch.float64, 5), f32(5)])
def doubles_with_floats(self, x, y):
    return x + y, y - x.to(y.dtype), torch.cat([x, y])


@G.right(mask(3, 4), mask(5, 4), mask(0, 4))
def bools(self, x):
    return x & ~x, x | x.t()[0, 0], x ^ True, x.sum(), x.any(), x.all(), x * 2, x + x, x * True, x + True, x == True  # noqa: E712


@G.right([mask(3, 4), f32(3, 4)], [mask(5, 4), f32(5, 4)])
def masks_chosen_by(self, m, x):
    return x * m, x.masked_fill(m, 0.0), torch.where(m, x, 0.0), m.float() - x


@G.right([mask(3, 4), f32(3, 4)], [mask(5, 4), f32(5, 4)], [mask(0, 4), f32(0, 4)])
def elements_under_a_mask(self, m, x):
    return x[m] * 2, m.nonzero()


@G.right(of(torch.int32, 3, 4, low=0, high=9), of(torch.int32, 5, 4, low=0, high=9))
def small_integers(self, x):
    return x + 1, x * 1.5, x.sum(), x.to(torch.uint8) + 250, x.to(torch.int8) * 100, x.to(torch.int16) // 2


@G.right(of(torch.float16, 3, 4), of(torch.float16, 5, 4))
def halves(self, x):
    return x * 2 + 1, x.float().sum(), x * torch.ones(4), x @ x.t()


@G.right(of(torch.bfloat16, 3, 4), of(torch.bfloat16, 5, 4))
def brain_halves(self, x):
    return x * 2, x.float() - 1, torch.softmax(x, -1)


@G.right(of(torch.complex64, 3, 4), of(torch.complex64, 5, 4))
def complex_numbers(self, x):
    return x * 2j + 1, x.abs(), x.conj() * x, torch.real(x) + torch.imag(x), x.angle()


@G.right(f32(3, 8), f32(2, 8))
def fourier_and_back(self, x):
    y = torch.fft.rfft(x)
    return torch.fft.irfft(y * (1 + 0.5j)), y.abs()


@G.right(f32(3, 4), f32(5, 4))
def comparisons(self, x):
    return x > 0, x == x, x != 0, (x >= 0.1) & (x < 0.9), x.isnan() | x.isinf()


@G.right(f32(3, 4), f32(5, 4))
def casts_there_and_back(self, x):
    return x.to(torch.int64), (x * 10).int().float(), x.double(), x.to(torch.float16).to(x.dtype), x.long() + x.bool()


@G.right(f32(3, 4), f32(5, 4))
def numpys_numbers(self, x):
    return x * np.float32(0.1), x * np.float64(0.1), x + np.int64(2), x - np.array(3.0).item(), np.float32(2) * x


@G.right(f32(3, 4), f32(5, 4))
def numbers_on_the_left(self, x):
    return 1 - x, 2 / (x + 3), 2**x, 1 / 3 * x, 5 // (x + 3), 7 % (x + 3), True * x


@G.right(i64(3, 4), i64(5, 4))
def shifts_and_bits(self, x):
    return x << 2, x >> 1, x & 3, x | 8, x ^ 5, ~x


@G.right(of(torch.uint8, 3, 4, low=0, high=255), of(torch.uint8, 5, 4, low=0, high=255))
def bytes_that_overflow(self, x):
    return x + 10, x * 2, x - 100, x / 255.0, x.float() / 255


@G.right(f32(3, 4), f32(5, 4), style="torch")
def type_as_and_type(self, x):
    return (
        x.to(torch.int32).type_as(x),
        x.type(torch.float64),
        x.new_tensor([1, 2]) + 1,
        torch.ones_like(x, dtype=torch.int64),
    )


@G.right(f32(3, 4), f32(5, 4))
def results_of_reductions(self, x):
    return (x > 0).sum(), (x > 0).float().mean(), x.argmax(), torch.argsort(x, 1), torch.cumsum((x > 0).long(), 1)


@G.right(f32(3, 4), f32(5, 4), style="torch")
def the_default_dtype_changed(self, x):
    torch.set_default_dtype(torch.float64)
    try:
        return torch.ones(4) + x, torch.tensor(0.5) * 2
    finally:
        torch.set_default_dtype(torch.float32)


@G.right(f32(), f32())
def no_dimensions(self, x):
    return x * 2, x.reshape([1]), x.unsqueeze(0) + torch.ones(3), torch.stack([x, x])


@G.right(i64(3), i64(5))
def integers_index(self, x):
    return torch.arange(40).reshape([5, 8])[x], torch.ones(5, 3)[x, 1] + x
