"""Losses (paddle.nn.functional.loss). reduction is "mean", "sum" or "none" everywhere.

Labels are detached where Paddle has no gradient for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import cast, check_integers, check_reduction, reduce
from fxtraced.nn.functional.cross_entropy import cross_entropy, softmax_with_cross_entropy
from fxtraced.nn.functional.distance import pairwise_distance
from fxtraced.nn.functional.hsigmoid import hsigmoid_loss
from fxtraced.nn.functional.input import one_hot
from fxtraced.nn.functional.margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_label_soft_margin_loss,
    multi_margin_loss,
    soft_margin_loss,
)
from fxtraced.nn.functional.rnnt import rnnt_loss

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cross_entropy",
    "ctc_loss", "dice_loss", "gaussian_nll_loss", "hinge_embedding_loss", "hsigmoid_loss", "kl_div", "l1_loss",
    "log_loss", "margin_ranking_loss", "mse_loss", "multi_label_soft_margin_loss", "multi_margin_loss", "nll_loss",
    "npair_loss", "poisson_nll_loss", "rnnt_loss", "sigmoid_focal_loss", "smooth_l1_loss", "soft_margin_loss",
    "softmax_with_cross_entropy", "square_error_cost", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def binary_cross_entropy(
    input: Any, label: Any, weight: Any = None, reduction: str = "mean", name: str | None = None
) -> Any:
    """-(label * log(input) + (1 - label) * log(1 - input)), times weight; logarithms stop at -100."""
    loss = F.binary_cross_entropy(input, torch.detach(label), reduction="none")
    return reduce(loss if weight is None else loss * weight, reduction, "binary_cross_entropy")


def binary_cross_entropy_with_logits(
    logit: Any, label: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None, name: str | None = None
) -> Any:
    """binary_cross_entropy of sigmoid(logit); pos_weight weighs the positive labels, weight the elements."""
    check_reduction(reduction, "binary_cross_entropy_with_logits")
    if pos_weight is not None:
        pos_weight = torch.detach(pos_weight)
    loss = F.binary_cross_entropy_with_logits(logit, torch.detach(label), pos_weight=pos_weight, reduction="none")
    return reduce(loss if weight is None else loss * weight, reduction, "binary_cross_entropy_with_logits")


def ctc_loss(
    log_probs: Any, labels: Any, input_lengths: Any, label_lengths: Any, blank: int = 0, reduction: str = "mean",
    norm_by_times: bool = False,
) -> Any:  # fmt: skip
    """CTC of *unscaled* scores log_probs [T, N, C + 1]: softmax is taken here. "mean" divides by the label lengths.

    norm_by_times divides the gradient (not the loss) by the input lengths.
    """
    check_reduction(reduction, "ctc_loss")
    scores = F.log_softmax(log_probs, -1)
    loss = F.ctc_loss(scores, labels, input_lengths, label_lengths, blank, "none", False)
    if norm_by_times:
        scaled = loss / input_lengths
        loss = torch.detach(loss) + scaled - torch.detach(scaled)
    return reduce(loss / label_lengths if reduction == "mean" else loss, reduction, "ctc_loss")


def dice_loss(input: Any, label: Any, epsilon: float = 1e-5, name: str | None = None) -> Any:
    """1 - 2 * overlap / (sum of probabilities + sum of labels), over input [N, ..., C] and label [N, ..., 1]."""
    onehot = cast(one_hot(torch.squeeze(label, -1), input.shape[-1]), input.dtype)
    dims = list(range(1, input.ndim))
    overlap = torch.sum(input * onehot, dims)
    total = torch.sum(input, dims) + torch.sum(onehot, dims)
    return torch.mean(1 - overlap * 2 / (total + epsilon))


def gaussian_nll_loss(
    input: Any, label: Any, variance: Any, full: bool = False, epsilon: float = 1e-6, reduction: str = "mean",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The negative log likelihood of label under normal(input, variance); variance may lack the last axis."""
    check_reduction(reduction, "gaussian_nll_loss")
    if variance.ndim == input.ndim - 1:
        variance = torch.unsqueeze(variance, -1)
    clamped = torch.clamp(torch.detach(variance), min=epsilon)
    loss = 0.5 * (torch.log(clamped) + torch.square(input - label) / clamped)
    return reduce(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction, "gaussian_nll_loss")


def kl_div(input: Any, label: Any, reduction: str = "mean", name: str | None = None) -> Any:
    """label * (log(label) - input), 0 where label is not positive; "mean" is per element, "batchmean" per sample."""
    dtype = torch.promote_types(input.dtype, label.dtype)
    label = cast(torch.detach(label), dtype)
    # torch's is NaN where label is negative.
    loss = F.kl_div(cast(input, dtype), torch.clamp(label, min=0.0), reduction="none")
    if reduction == "batchmean":
        return torch.sum(loss) / input.shape[0] if input.ndim else torch.sum(loss)
    return reduce(loss, reduction, "kl_div")


def l1_loss(input: Any, label: Any, reduction: str = "mean", name: str | None = None) -> Any:
    """|input - label|."""
    return reduce(torch.abs(input - label), reduction, "L1Loss")


def log_loss(input: Any, label: Any, epsilon: float = 1e-4, name: str | None = None) -> Any:
    """-label * log(input + epsilon) - (1 - label) * log(1 - input + epsilon)."""
    label = torch.detach(label)
    return -label * torch.log(input + epsilon) - (1 - label) * torch.log(1 - input + epsilon)


def mse_loss(input: Any, label: Any, reduction: str = "mean", name: str | None = None) -> Any:
    """(input - label) ** 2."""
    return reduce(torch.square(input - label), reduction, "mse_loss")


def square_error_cost(input: Any, label: Any) -> Any:
    """(input - label) ** 2, element by element."""
    return torch.square(input - label)


def nll_loss(
    input: Any, label: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    name: str | None = None,
) -> Any:  # fmt: skip
    """-input[label] of log probabilities [N, C, ...]; "mean" divides by the weights of the labels."""
    check_reduction(reduction, "nll_loss")
    check_integers("nll_loss", "label", label)
    if weight is not None:
        weight = torch.detach(weight)
    return F.nll_loss(input, cast(label, torch.int64), weight, ignore_index=ignore_index, reduction=reduction)


def npair_loss(anchor: Any, positive: Any, labels: Any, l2_reg: float = 0.002) -> Any:
    """The n-pair loss of anchors and positives [N, d] with labels [N]."""
    column = torch.reshape(labels, [-1, 1])
    same = cast(torch.eq(column, torch.t(column)), torch.float32)
    target = same / torch.sum(same, 1, keepdim=True)
    squares = torch.mean(torch.sum(torch.square(anchor), 1)) + torch.mean(torch.sum(torch.square(positive), 1))
    similarity = torch.matmul(anchor, torch.t(positive))
    entropy = -torch.sum(target * F.log_softmax(similarity, -1), -1, keepdim=True)
    return squares * 0.25 * l2_reg + torch.mean(torch.sum(target * entropy, 0))


def poisson_nll_loss(
    input: Any, label: Any, log_input: bool = True, full: bool = False, epsilon: float = 1e-8, reduction: str = "mean",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The negative log likelihood of label under Poisson(exp(input)), or Poisson(input) without log_input."""
    if epsilon <= 0:
        raise ValueError(f"The value of `epsilon` in poisson_nll_loss should be positve, but received {epsilon}")
    loss = torch.exp(input) - label * input if log_input else input - label * torch.log(input + epsilon)
    if full:
        stirling = label * torch.log(label) - label + 0.5 * torch.log(2 * math.pi * label)
        loss = loss + torch.where(label > 1, stirling, torch.zeros_like(stirling))
    return reduce(loss, reduction, "poisson_nll_loss")


def sigmoid_focal_loss(
    logit: Any, label: Any, normalizer: Any = None, alpha: float = 0.25, gamma: float = 2.0, reduction: str = "sum",
    name: str | None = None,
) -> Any:  # fmt: skip
    """Binary cross entropy of logits, weighed by alpha and by (1 - p of the true class) ** gamma, over normalizer."""
    entropy = F.binary_cross_entropy_with_logits(logit, torch.detach(label), reduction="none")
    chance = torch.sigmoid(logit)
    hit = chance * label + (1 - chance) * (1 - label)
    loss = (alpha * label + (1 - alpha) * (1 - label)) * entropy * torch.pow(1 - hit, gamma)
    return reduce(loss if normalizer is None else loss / normalizer, reduction, "sigmoid_focal_loss")


def smooth_l1_loss(input: Any, label: Any, reduction: str = "mean", delta: float = 1.0, name: str | None = None) -> Any:
    """The Huber loss: d * d / 2 up to delta, then delta * (|d| - delta / 2); torch's smooth_l1_loss is over delta."""
    return reduce(F.huber_loss(input, label, reduction="none", delta=delta), reduction, "smooth_l1_loss")


def triplet_margin_with_distance_loss(
    input: Any, positive: Any, negative: Any, distance_function: Callable[..., Any] | None = None, margin: float = 1.0,
    swap: bool = False, reduction: str = "mean", name: str | None = None,
) -> Any:  # fmt: skip
    """max(d(input, positive) - d(input, negative) + margin, 0) with the Euclidean distance unless another is given."""
    if margin < 0:
        raise ValueError(f"triplet_margin_with_distance_loss: margin must not be negative, but received {margin}")
    distance = distance_function or pairwise_distance
    to_positive, to_negative = distance(input, positive), distance(input, negative)
    if swap:
        to_negative = torch.minimum(to_negative, distance(positive, negative))
    loss = torch.clamp(to_positive - to_negative + margin, min=0.0)
    return reduce(loss, reduction, "triplet_margin_with_distance_loss")


def triplet_margin_loss(
    input: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, epsilon: float = 1e-6,
    swap: bool = False, reduction: str = "mean", name: str | None = None,
) -> Any:  # fmt: skip
    """triplet_margin_with_distance_loss with the p-norm."""

    def distance(a: Any, b: Any) -> Any:
        return pairwise_distance(a, b, p, epsilon)

    return triplet_margin_with_distance_loss(input, positive, negative, distance, margin, swap, reduction)
