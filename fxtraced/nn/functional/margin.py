"""Margin losses, which Paddle keeps in paddle.nn.functional.loss."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import cast, reduce


def margin_ranking_loss(
    input: Any, other: Any, label: Any, margin: float = 0.0, reduction: str = "mean", name: str | None = None
) -> Any:
    """max(-label * (input - other) + margin, 0)."""
    return reduce(F.relu((other - input) * label + margin), reduction, "MarginRankingLoss")


def soft_margin_loss(input: Any, label: Any, reduction: str = "mean", name: str | None = None) -> Any:
    """log(1 + exp(-label * input))."""
    return reduce(torch.log(1 + torch.exp(-cast(label, input.dtype) * input)), reduction, "soft_margin_loss")


def hinge_embedding_loss(
    input: Any, label: Any, margin: float = 1.0, reduction: str = "mean", name: str | None = None
) -> Any:
    """input where label is 1, max(margin - input, 0) where it is -1, else 0."""
    zero = torch.zeros_like(input)
    loss = torch.where(label == 1.0, input, zero) + torch.where(label == -1.0, F.relu(margin - input), zero)
    return reduce(loss, reduction, "hinge_embedding_loss")


def cosine_embedding_loss(
    input1: Any, input2: Any, label: Any, margin: float = 0, reduction: str = "mean", name: str | None = None
) -> Any:
    """1 - cosine where label is 1, max(cosine - margin, 0) where it is -1."""
    if label.ndim != 1:
        raise ValueError("1D target tensor expected, multi-target not supported")
    squares = [torch.sum(torch.square(x), -1) + 1e-11 for x in (input1, input2)]
    cosine = torch.sum(input1 * input2, -1) / torch.sqrt(squares[0] * squares[1])
    zero = torch.zeros_like(cosine)
    near = torch.where(label == 1, 1 - cosine, zero)
    far = torch.where(label == -1, torch.clamp(cosine - margin, min=0), zero)
    return reduce(near + far, reduction, "cosine_embedding_loss")


def multi_label_soft_margin_loss(
    input: Any, label: Any, weight: Any = None, reduction: str = "mean", name: str | None = None
) -> Any:
    """The binary cross entropy of logits, its mean over the last axis."""
    loss = -(label * F.logsigmoid(input) + (1 - label) * F.logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return reduce(torch.mean(loss, -1), reduction, "multi_label_soft_margin_loss")


def multi_margin_loss(
    input: Any, label: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The mean over wrong classes of max(margin - input[label] + input, 0) ** p, with the weights inside the power."""
    column = torch.reshape(cast(label, torch.int64), [-1, 1])
    gaps = margin - torch.gather(input, 1, column) + input
    own: Any = margin**p / input.shape[1]
    if weight is not None:
        weights = torch.reshape(torch.index_select(weight, 0, torch.flatten(column)), [-1, 1])
        gaps, own = weights * gaps, weights * own
    # Paddle subtracts the [N, 1] of weights from the [N] of means: an [N, N] result.
    loss = torch.mean(torch.pow(torch.clamp(gaps, min=0.0), p), 1) - own
    return reduce(loss, reduction, "multi_margin_loss")
