"""Random numbers: drawn in the graph, from the same stream as eager calls."""

from __future__ import annotations

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, linear

G = Gallery("random")


@G.right(f32(3, 4), f32(5, 4), f32(0, 4))
def uniform_numbers(self, x):
    return x + torch.rand(4) + torch.rand(x.shape[0], 4) - torch.rand_like(x)


@G.right(f32(3, 4), f32(5, 4))
def normal_numbers(self, x):
    return x * torch.randn(x.shape[0], 1) + torch.randn_like(x) + torch.normal(0.0, 2.0, [4])


@G.right(f32(3, 4), f32(5, 4))
def integers_and_permutations(self, x):
    return x[torch.randperm(x.shape[0])] + torch.randint(0, 5, [4])


@G.right(f32(3, 4, low=0), f32(5, 4, low=0))
def draws_by_probability(self, x):
    return torch.bernoulli(x), torch.multinomial(x + 0.1, 2), torch.poisson(x * 3)


@G.right(f32(3, 4), f32(5, 4))
def dropout_that_always_drops(self, x):
    return torch.nn.functional.dropout(x, 0.5, training=True) + torch.nn.functional.dropout(x, 0.5, training=True)


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: setattr(self, "drop", nn.Dropout(0.5)))
def dropout_in_evaluation(self, x):
    return self.drop(x) * 2


@G.right(
    f32(3, 4),
    f32(5, 4),
    setup=lambda self, nn: (setattr(self, "drop", nn.Dropout(0.5)), setattr(self, "fc", nn.Linear(4, 4))),
    training=True,
)
def dropout_in_training(self, x):
    return self.drop(self.fc(self.drop(x))) * 2


@G.right(f32(3, 4), f32(5, 4))
def drawn_and_not_used(self, x):
    torch.rand(3)
    torch.randn_like(x)
    return x + torch.rand(4)


@G.right(f32(3, 4), f32(5, 4), style="torch")
def drawn_in_place(self, x):
    y = torch.empty_like(x)
    y.uniform_(-1, 1)
    z = x.clone().normal_().clamp_(0, 1)
    return y + z


@G.right(f32(3, 4), f32(5, 4), style="paddle")
def drawn_by_paddle(self, x):
    return (
        paddle.uniform([x.shape[0], 4]) + paddle.standard_normal([4]) * x + paddle.randint(0, 9, [4]).astype("float32")
    )


@G.right(f32(3, 4), f32(5, 4), style="paddle")
def gumbel_softmax(self, x):
    return paddle.nn.functional.gumbel_softmax(x, temperature=0.5), paddle.nn.functional.rrelu(x, training=True)


@G.right(f32(3, 4), f32(5, 4))
def gumbel_softmax_hard(self, x):
    return torch.nn.functional.gumbel_softmax(x, hard=True)


@G.refused("FXT202", f32(3, 4))
def seeded_in_forward(self, x):
    torch.manual_seed(0)
    return x + torch.rand(4)


@G.refused("FXT104", f32(3, 4))
def a_generator_of_its_own(self, x):
    return x + torch.rand(4, generator=torch.Generator().manual_seed(3))


@G.refused("FXT101", f32(3, 4))
def a_branch_on_a_random_tensor(self, x):
    return x if torch.rand(1) > 0.5 else -x


@G.refused("FXT101", f32(3, 4))
def a_random_number_taken_out(self, x):
    return x * torch.rand(1).item()


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_random_choice_by_where(self, x):
    keep = torch.rand(x.shape[0], 1) > 0.5
    return torch.where(keep, self.fc(x), x)


@G.right(f32(8, 4), f32(5, 4), training=True, setup=linear)
def stochastic_depth(self, x):
    if self.training:
        keep = (torch.rand(x.shape[0], 1) + 0.8).floor()
        return x + self.fc(x) * keep / 0.8
    return x + self.fc(x)
