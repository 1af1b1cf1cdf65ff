"""Aliases: views, in-place writes, inputs given twice, outputs that are inputs, shared layers and weights."""

from __future__ import annotations

import torch

from tests.gallery.entries import Gallery, f32, i64, linear

G = Gallery("sharing")


def same_twice(*shape):
    def make(rng):
        x = f32(*shape).tensor(rng)
        return [x, x]

    return make


def a_view_of_the_other(*shape):
    def make(rng):
        x = f32(*shape).tensor(rng)
        return [x, x[:]]

    return make


def not_contiguous(*shape):
    return lambda rng: [f32(*shape[::-1]).tensor(rng).t()]


@G.right(f32(3, 4), f32(5, 4))
def the_input_returned(self, x):
    return x


@G.right(f32(3, 4), f32(5, 4))
def the_input_returned_with_a_result(self, x):
    return x, x * 2, x


@G.right(f32(3, 4), f32(5, 4))
def a_result_returned_twice(self, x):
    y = x * 2
    return y, y, [y]


@G.right(f32(3, 4), f32(5, 4), f32(0, 4))
def views_of_the_input_returned(self, x):
    return x[:2], x.t(), x.reshape([-1]), x[..., 0]


@G.right(f32(3, 4), f32(5, 4))
def a_result_and_its_view_returned(self, x):
    y = x * 2
    return y, y[0], y.reshape([-1])


@G.right(f32(3, 4), f32(5, 4))
def the_input_written(self, x):
    x[:, 0] = 5.0
    x.add_(1)
    return x * 2


@G.right(f32(3, 4), f32(5, 4))
def the_input_written_and_returned(self, x):
    y = x * 3
    x.mul_(2)
    return x, y


@G.right(f32(3, 4), f32(5, 4))
def a_view_written_and_the_base_read(self, x):
    y = x * 2
    row = y[0]
    row.add_(10)
    y[1:].mul_(3)
    return y, row


@G.right(f32(3, 4), f32(5, 4))
def the_base_written_and_a_view_read(self, x):
    y = x * 2
    row, flat = y[0], y.reshape([-1])
    y.add_(1)
    return row * 2, flat


@G.right(f32(3, 4), f32(5, 4))
def a_result_written_after_it_was_used(self, x):
    y = x + 1
    z = y * 2
    y.zero_()
    return z, y, z + y


@G.right(f32(3, 4), f32(5, 4))
def activations_in_place(self, x):
    y = x * 2
    z = torch.nn.functional.relu(y, inplace=True) if type(x) is torch.Tensor else torch.relu_(y)
    return y, z, y + z


@G.right(f32(3, 4), f32(5, 4))
def an_activation_after_which_the_operand_is_read(self, x):
    y = x * 2
    z = torch.nn.functional.relu(y)
    return z - y, torch.nn.functional.silu(y - 1)


@G.right(f32(3, 4), f32(5, 4))
def an_activation_of_a_view(self, x):
    y = x * 2
    z = torch.nn.functional.relu(y.reshape([-1]))
    return z, torch.nn.functional.elu(y[0]), y


@G.right(f32(3, 4), f32(5, 4))
def sums_of_a_view_and_its_base(self, x):
    y = x * 2
    return (y + y.reshape(list(y.shape))) + (y - 1), y + y


@G.right(f32(4, 4), f32(5, 5))
def a_sum_with_the_own_transpose(self, x):
    y = x * 2
    z = x - 1
    return torch.relu(y + y.t()), torch.relu(z.t() + z)


@G.right(same_twice(3, 4), [f32(3, 4), f32(3, 4)], same_twice(5, 4))
def two_inputs_that_are_one(self, x, y):
    return x * 2 + y


@G.right([f32(3, 4), f32(3, 4)], same_twice(5, 4), a_view_of_the_other(2, 4), setup=linear)
def two_inputs_given_one(self, x, y):
    return torch.relu(self.fc(x) + self.fc(y)) - x * y


@G.right([f32(3, 4), f32(3, 4)], same_twice(3, 4), a_view_of_the_other(5, 4))
def two_inputs_one_of_them_written(self, x, y):
    x.add_(1)
    return y * 2


@G.right(same_twice(3, 4), same_twice(5, 4), [f32(3, 4), f32(3, 4)])
def one_input_twice_and_written(self, x, y):
    x.add_(1)
    return y * 2


@G.refused("FXT202", same_twice(3, 4), [f32(3, 4), f32(3, 4)])
def inputs_compared_by_identity(self, x, y):
    return x * 3 if x is y else x + y


@G.right(not_contiguous(3, 4), f32(3, 4), not_contiguous(5, 2))
def traced_on_a_transposed_input(self, x):
    return x.reshape([-1]) * 2, x.t().contiguous(), x.flatten()


@G.right(f32(3, 4), not_contiguous(3, 4), not_contiguous(5, 4), lambda rng: [f32(6, 4).tensor(rng)[::2]])
def given_a_transposed_input(self, x):
    y = x.reshape([-1])
    y = y + 1
    x.mul_(2)
    return y, x


@G.guarded(f32(3, 4), not_contiguous(3, 4), style="torch")
def a_look_at_contiguity(self, x):
    return x * 2 if x.is_contiguous() else x * 3


@G.right(f32(3, 4), not_contiguous(3, 4), style="torch")
def a_view_after_contiguous(self, x):
    return x.contiguous().view(-1) * 2


@G.right(f32(1, 4), lambda rng: [f32(1, 4).tensor(rng).expand(3, 4)], f32(3, 4))
def given_an_expanded_input(self, x):
    return torch.relu(x * 2) + x, x.sum(0)


def shared_layer(self, nn):
    self.fc = nn.Linear(4, 4)
    self.again = self.fc
    self.both = nn.Sequential(self.fc, nn.ReLU(), self.fc)


@G.right(f32(3, 4), f32(5, 4), setup=shared_layer)
def a_layer_used_three_times(self, x):
    return self.both(self.again(x)) + self.fc(x)


def tied(self, nn):
    self.embedding = nn.Embedding(6, 4)
    self.out = nn.Linear(4, 6)
    if nn is torch.nn:
        self.out.weight = self.embedding.weight


@G.right(i64(2, 3), i64(3, 5), setup=tied, style="torch")
def tied_weights(self, x):
    return self.out(self.embedding(x))


@G.right(
    f32(3, 4),
    f32(5, 4),
    setup=lambda self, nn: (self.register_buffer("a", torch.zeros(4)), self.register_buffer("b", self.a)),
)
def one_buffer_under_two_names(self, x):
    self.a.add_(1)
    return x + self.b


def a_buffer_and_its_view(self, nn):
    self.register_buffer("whole", torch.zeros(6, 4))
    self.register_buffer("part", self.whole[1:3])


@G.right(f32(3, 4), f32(5, 4), setup=a_buffer_and_its_view)
def two_buffers_in_one_memory_read(self, x):
    return x + self.whole.sum(0) + self.part[0]


@G.right(f32(3, 4), f32(5, 4), setup=a_buffer_and_its_view, copies=False)
def two_buffers_in_one_memory_written(self, x):
    self.whole.add_(1)
    return x + self.part.sum(0)


@G.right(f32(3, 4), f32(5, 4))
def detach_and_data(self, x):
    y = x * 2
    y.detach().add_(1)
    return y, y.data * 2


@G.right(f32(3, 4), f32(5, 4))
def a_clone_written(self, x):
    y = x.clone()
    y[0] = 0.0
    z = y.clone()
    z.add_(x)
    return x, y, z


@G.right(f32(4, 4), f32(2, 4), f32(6, 4), style="torch")
def chunks_written(self, x):
    y = x * 2
    a, b = y.chunk(2)
    a.add_(b)
    return y, a


@G.right(f32(3, 4), f32(5, 4), style="torch")
def unsqueezed_in_place(self, x):
    y = x * 2
    before = y.shape[0]
    y.unsqueeze_(0)
    return y.reshape(y.shape[1] + before, -1) + y.shape[0]


@G.right(f32(3, 4), f32(5, 4), style="torch")
def transposed_in_place(self, x):
    y = x * 2
    n = y.shape[0]
    y.t_()
    return y * y.shape[0] + n + y.shape[1]


@G.right(f32(3, 4), f32(5, 4), style="torch")
def resized_in_place(self, x):
    y = x.clone()
    n, d = y.shape
    y.resize_(n * d // 2, 2)
    return y * y.shape[0] + n


@G.right(f32(3, 4), f32(5, 4), style="torch")
def results_given_a_place(self, x):
    y = torch.empty_like(x)
    torch.mul(x, 2, out=y)
    return y + 1


@G.right(f32(3, 4), f32(5, 2), style="torch")
def a_diagonal_written(self, x):
    y = torch.zeros(x.size(0), x.size(0))
    y.diagonal().copy_(x.sum(1))
    y[0, :] += x.sum()
    return y


@G.right(not_contiguous(3, 4), f32(3, 4), f32(1, 4))
def copies_that_are_views_at_another_layout(self, x):
    y = x * 2
    return x.reshape([-1]), x.contiguous(), x.flatten(), y.reshape([-1]), y
