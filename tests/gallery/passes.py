"""What the passes rewrite, where they must take care: broadcast operands, values that are read again."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.gallery.entries import Gallery, f32

G = Gallery("passes", style="torch")


class SumsOfNorms(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x, y):
        a = torch.add(self.norm(self.conv(x)), y)
        b = torch.add(self.norm(y), self.norm(x))
        return F.relu(a), F.relu6(b), F.leaky_relu(torch.add(self.conv(x), self.conv(y)), 0.1)


G.right(
    [f32(2, 3, 4, 4), f32(2, 3, 4, 4)],
    [f32(1, 3, 4, 4), f32(2, 3, 1, 4)],
    [f32(3, 3, 1, 1), f32(1, 3, 2, 2)],
)(SumsOfNorms)


class LinearsByHand(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3))
        self.bias = nn.Parameter(torch.randn(3))
        self.one = nn.Parameter(torch.randn(1))

    def forward(self, x):
        product = torch.matmul(x, self.weight)
        return (
            torch.relu(torch.matmul(x, self.weight) + self.bias), self.bias + x @ self.weight, x @ self.weight + self.one,
            torch.matmul(x[0], self.weight) + self.bias, product + self.bias, product,
        )  # fmt: skip


G.right(f32(2, 4), f32(5, 4), f32(1, 4))(LinearsByHand)


@G.right(f32(2, 5, 8), f32(3, 4, 8), f32(1, 1, 8))
def attention_by_hand(self, x):
    q = torch.permute(x.reshape(x.size(0), x.size(1), 2, 4), (0, 2, 1, 3))
    k, v = q * 2, q + 1
    scores = torch.matmul(q, k.transpose(-2, -1)) / 2.0
    causal = torch.triu(torch.full((x.size(1), x.size(1)), float("-inf")), 1)
    return torch.matmul(torch.softmax(scores + causal, -1), v), torch.matmul(torch.softmax(scores, dim=-1), v)


@G.right([f32(2, 1, 3, 4), f32(1, 1, 3, 4)], [f32(5, 1, 2, 4), f32(1, 1, 2, 4)], [f32(1, 2, 3, 4), f32(2, 1, 5, 4)])
def attention_with_broadcast_keys(self, q, k):
    return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.3, dim=-1), k)


@G.right([f32(2, 2, 3, 4), f32(2, 2, 3, 4), f32(3, 3)], [f32(5, 1, 2, 4), f32(1, 1, 2, 4), f32(1, 2)])
def attention_with_a_broadcast_mask(self, q, k, bias):
    return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.3 + bias, dim=-1), k)


@G.right([f32(2, 2, 3, 4), f32(2, 2, 3, 3)], [f32(1, 2, 5, 4), f32(1, 2, 5, 5)])
def attention_whose_weights_are_returned(self, q, bias):
    weights = torch.softmax(bias + torch.matmul(q * 0.5, q.transpose(2, 3)), dim=3)
    return torch.matmul(weights, q), weights


@G.right(f32(3, 4), f32(5, 4))
def a_chain_of_activations(self, x):
    a = torch.mul(x, 2.0)
    b = F.relu(a)
    c = torch.add(b, b)
    d = F.silu(torch.sub(c, 1))
    return d, torch.add(torch.mul(d, 2), torch.mul(d, 3)), b


@G.right(f32(3, 4), f32(5, 4))
def an_operand_used_twice_in_one_call(self, x):
    a, b = x * 2, x * 3
    return torch.add(a, a), torch.maximum(torch.add(b, a), b), torch.relu(b) + torch.relu(b)


@G.right(f32(3, 4), f32(5, 4))
def sums_of_two_dtypes(self, x):
    a, b = x * 2, (x * 3).double()
    return torch.add(a, b), torch.add(b, a), torch.add((x * 4).int(), a), torch.relu((x * 5).int() + 1)


@G.right(f32(3, 4), f32(5, 4), f32(1, 4))
def dropout_that_drops_nothing(self, x):
    y = F.dropout(x, 0.5, training=False)
    y.add_(1)
    return F.dropout(F.dropout(x * 2, 0.3, False), training=False), y, x


@G.right(f32(3, 4), f32(5, 4))
def a_constant_copied(self, x):
    table = torch.tensor([1.0, 2.0, 3.0, 4.0])
    return x * table, table[1:], torch.tensor([5.0]).expand(3)


@G.right([f32(3, 4), f32(3, 4)], [f32(5, 4), f32(5, 4)])
def writes_among_sums(self, x, y):
    a = x * 2
    row = a[0]
    b = torch.add(a, y * 3)
    row.add_(1)
    return torch.relu(b), row, torch.add(a, b)
