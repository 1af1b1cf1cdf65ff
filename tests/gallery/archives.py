"""What an archive must carry: state at the time of saving, names, constants, guards, both kinds of graphs."""

from __future__ import annotations

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, counting, f32, i64, linear

G = Gallery("archives")


def odd_names(self, nn):
    self.forward_ = nn.Linear(4, 4)
    self.add_module("0", nn.Linear(4, 4))
    self.add_module("class", nn.Linear(4, 4))
    self.register_buffer("lambda", torch.ones(4))
    self.register_buffer("size", torch.ones(4))
    self.register_buffer("code", torch.ones(4))


@G.right(f32(3, 4), f32(5, 4), setup=odd_names)
def names_that_mean_something_else(self, x):
    modules, buffers = self._modules, self._buffers
    y = modules["class"](modules["0"](self.forward_(x)))
    return y * buffers["lambda"] + buffers["size"] + buffers["code"]


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def a_count_that_goes_on(self, x):
    self.steps += 1
    return x * self.steps


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: self.register_buffer("scratch", torch.ones(4), persistent=False))
def a_buffer_that_is_not_saved(self, x):
    return x * self.scratch


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 5), setup=linear)
def guards_in_the_file(self, x):
    if x.shape[0] > 4:
        return x
    return self.fc(x)


@G.right(f32(3, 4), f32(5, 4))
def constants_in_the_file(self, x):
    return x * torch.tensor([[1.0, 2.0, 3.0, 4.0]]) + torch.tensor(2) + torch.tensor([])[:0].sum()


@G.right(f32(3, 4), f32(5, 4))
def a_part_of_a_constant_returned(self, x):
    return torch.tensor([1.0, 2.0, 3.0])[:2], x * 2


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def weights_transposed_and_returned(self, x):
    return self.fc.weight.t(), self.fc.bias[:2], x


@G.right(f32(3, 4), f32(5, 4))
def no_state_at_all(self, x):
    return torch.sqrt(x.abs() + 1)


@G.right(
    [i64(2, 3, high=9), f32(2, 3, 4)],
    [i64(5, 1, high=9), f32(5, 1, 4)],
    setup=lambda self, nn: setattr(self, "e", nn.Embedding(10, 4)),
)
def two_inputs_of_two_dtypes(self, ids, x):
    return {"embedded": self.e(ids) + x, "length": torch.ones(1) * ids.shape[1]}


@G.right(
    f32(3, 4),
    f32(5, 4),
    setup=lambda self, nn: setattr(self, "deep", nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(4, 4))))),
)
def deep_names(self, x):
    return self.deep(x)


class TextOfALongName(paddle.nn.Layer):
    """A unicode name, and one that is longer than TorchScript's own."""

    def __init__(self):
        super().__init__()
        self.add_sublayer("größe", paddle.nn.Linear(4, 4))
        self.add_sublayer("n" * 300, paddle.nn.Linear(4, 4))

    def forward(self, x):
        for layer in self._modules.values():
            x = layer(x)
        return x


G.right(f32(3, 4), f32(5, 4))(TextOfALongName)


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: self.register_buffer("empty", torch.zeros(0, 4)))
def an_empty_buffer(self, x):
    return torch.cat([self.empty, x])


@G.right(
    f32(3, 4), f32(5, 4), setup=lambda self, nn: self.register_buffer("turned", torch.arange(16.0).reshape(4, 4).t())
)
def a_buffer_that_is_not_contiguous(self, x):
    return x @ self.turned + self.turned.reshape([-1])[:4]


@G.right(
    [f32(3, 4), f32(2)],
    [f32(5, 4), f32(2)],
    setup=lambda self, nn: [self.register_buffer(f"constant_{i}", torch.full([2], 7.0)) for i in (0, 2)],
)
def buffers_named_as_constants(self, constant_0, constant_1):
    return (
        constant_0[:, :2]
        + torch.tensor([1.0, 2.0]) * constant_1
        + torch.tensor([5.0, 6.0]) * self.constant_0
        + self.constant_2
    )


@G.guarded(f32(8, low=0.5), f32(8, low=-1, high=-0.5), f32(5, low=0.5))
def guards_on_what_no_output_needs(self, x):
    found = x[x > 0]
    return torch.ones(3) * 2 if found.shape[0] > 1 else torch.zeros(3)
