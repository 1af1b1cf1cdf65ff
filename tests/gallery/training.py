"""Training mode: batch statistics, dropout, what differs between training and inference."""

from __future__ import annotations

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, linear

G = Gallery("training mode")


def normed(self, nn):
    self.norm = nn.BatchNorm2D(3) if nn is paddle.nn else nn.BatchNorm2d(3)


@G.right(f32(4, 3, 5, 5), f32(2, 3, 5, 5), f32(2, 3, 1, 7), setup=normed, training=True)
def batch_norm(self, x):
    return self.norm(x) * 2


@G.right(f32(4, 3, 5, 5), f32(2, 3, 5, 5), setup=normed, training=True)
def batch_norm_used_twice(self, x):
    return self.norm(self.norm(x) + 1)


@G.right(f32(4, 3, 5, 5), f32(2, 3, 5, 5), setup=normed)
def batch_norm_in_evaluation(self, x):
    return torch.relu(self.norm(x) + x)


def normed_twice(self, nn):
    kind = nn.BatchNorm2D if nn is paddle.nn else nn.BatchNorm2d
    self.a, self.b = kind(3), kind(3)


@G.right(
    [f32(2, 3, 4, 4), f32(2, 3, 4, 4)],
    [f32(1, 3, 4, 4), f32(5, 3, 4, 4)],
    [f32(5, 3, 4, 4), f32(1, 3, 1, 1)],
    [f32(2, 3, 1, 4), f32(2, 3, 4, 1)],
    setup=normed_twice,
)
def sums_of_normed_inputs_of_other_sizes(self, x, y):
    return torch.relu(self.a(x) + self.b(y)), torch.relu(self.a(x) + y * 2)


@G.right(f32(1, 3, 4, 4), f32(2, 3, 4, 4), f32(1, 3, 1, 1), f32(0, 3, 4, 4), setup=normed_twice)
def sums_of_normed_means(self, x):
    y = self.a(x)
    return (
        torch.relu(self.b(y) + y),
        torch.relu(self.b(x[:1] * 2) + self.a(x)),
        torch.relu(self.a(x[:, :, :1]) + self.b(x)),
    )


@G.right(f32(4, 3, 5, 5), f32(2, 3, 5, 5), setup=normed, training=True)
def only_a_part_in_training(self, x):
    self.norm.eval()
    y = self.norm(x)
    self.norm.train()
    return y + self.norm(x)


@G.right(f32(3, 4), f32(5, 4), setup=linear, training=True)
def another_result_in_training(self, x):
    y = self.fc(x)
    return y * 2 if self.training else y


@G.right(f32(3, 4), f32(5, 4), setup=linear, training=True)
def fewer_results_in_training(self, x):
    y = self.fc(x)
    return {"y": y, "loss": (y**2).mean()} if self.training else {"y": y, "loss": y.sum() * 0}


@G.right(f32(3, 4), f32(5, 4), setup=linear, training=True, archive="FXT106")
def inference_mode_that_looks_at_data(self, x):
    y = self.fc(x)
    if not self.training and y.sum() > 0:
        return -y
    return y


@G.right(f32(3, 4), f32(5, 4), setup=linear, training=True)
def gradients_inside_a_loss(self, x):
    with torch.enable_grad():
        y = self.fc(x)
    with torch.no_grad():
        target = y.detach() * 2
    return ((y - target) ** 2).mean(), target


class MovingAverage(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.count += 1
                self.mean.lerp_(x.mean(0), 0.1)
                self.mean[:] = self.mean / self.mean.norm().clamp(min=1.0)
        return x - self.mean * (self.count > 0)


G.right(f32(3, 4), f32(5, 4), training=True)(MovingAverage)


class InstanceAndGroupNorm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.instance = torch.nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
        self.group = torch.nn.GroupNorm(2, 4)
        self.local = torch.nn.LocalResponseNorm(2)

    def forward(self, x):
        return self.local(self.group(self.instance(x)))


G.right(f32(3, 4, 5, 5), f32(2, 4, 6, 5), training=True)(InstanceAndGroupNorm)


class MomentumNone(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4, momentum=None)

    def forward(self, x):
        return self.norm(x)


G.right(f32(3, 4), f32(5, 4))(MomentumNone)


class MomentumNoneInTraining(MomentumNone):
    pass


G.refused("FXT202", f32(3, 4), training=True)(MomentumNoneInTraining)
