"""Softmax cross entropy, which Paddle keeps in paddle.nn.functional.loss."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import cast, check_reduction, reduce
from fxtraced.nn.functional.common import label_smooth
from fxtraced.nn.functional.input import one_hot


def cross_entropy(
    input: Any, label: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    soft_label: bool = False, axis: int = -1, use_softmax: bool = True, label_smoothing: float = 0.0,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Cross entropy of scores (probabilities when use_softmax is False) along axis.

    label holds class numbers, without axis or with size 1 there, or probabilities when soft_label. "mean" divides by
    the weights of the labels that are not ignore_index. "none" keeps axis (size 1) when label has it.
    """
    check_reduction(reduction, "softmax_cross_entropy")
    if ignore_index > 0 and soft_label:
        raise ValueError(
            "When soft_label == True, the value of 'ignore_index' in softmax_cross_entropy"
            f"should be '-100', but received {ignore_index}, which is not allowed."
        )
    if label.ndim not in (input.ndim, input.ndim - 1):
        raise ValueError(
            f"Expected nput_dims - 1 = label_dims or input_dims == label_dims"
            f" (got nput_dims{input.ndim}, label_dims{label.ndim})"
        )
    if weight is not None and weight.shape[0] != input.shape[axis]:
        raise ValueError(
            f"cross_entropy: weight must hold one number for each of the {input.shape[axis]} classes of input, "
            f"but holds {weight.shape[0]}"
        )
    squeezed = label.ndim == input.ndim - 1
    if label_smoothing > 0.0:
        soft_label = True
        if squeezed:
            label, squeezed = one_hot(label, input.shape[-1]), False
        label = label_smooth(cast(label, input.dtype), epsilon=label_smoothing)
    logs = F.log_softmax(input, axis) if use_softmax else torch.log(input)
    if soft_label:
        return _soft(logs, cast(label, logs.dtype), weight, axis, reduction)
    hard = cast(label if squeezed else torch.squeeze(label, axis), torch.int64)
    # torch computes no gradient of classes that are not contiguous.
    classes = torch.movedim(logs, axis, 1).contiguous() if logs.ndim > 1 else logs
    loss = F.nll_loss(classes, hard, ignore_index=ignore_index, reduction="none")
    valid = torch.ne(hard, ignore_index)
    weights = cast(valid, loss.dtype)
    if weight is not None:
        # Not by nll_loss, which has no gradient for weights.
        chosen = torch.where(valid, hard, torch.zeros_like(hard))
        weights = weights * torch.reshape(torch.index_select(weight, 0, torch.flatten(chosen)), hard.shape)
        loss = loss * weights
    if reduction == "mean":
        total = torch.sum(weights)
        # All labels ignored: 0 / 1, not 0 / 0.
        return torch.sum(loss) / (total + cast(torch.eq(total, 0), total.dtype))
    if reduction == "sum":
        return torch.sum(loss)
    return loss if squeezed else torch.unsqueeze(loss, axis)


def _soft(logs: Any, label: Any, weight: Any, axis: int, reduction: str) -> Any:
    # Paddle has no gradient for soft labels.
    loss = -torch.sum(torch.detach(label) * logs, axis, keepdim=True)
    if weight is None:
        return reduce(loss, reduction, "softmax_cross_entropy")
    weights = torch.reshape(torch.matmul(label, weight), loss.shape)
    loss = loss * weights
    if reduction != "mean":
        return reduce(loss, reduction, "softmax_cross_entropy")
    total = torch.sum(weights)
    return torch.sum(loss) / (total + cast(torch.eq(total, 0), total.dtype))


def softmax_with_cross_entropy(
    logits: Any, label: Any, soft_label: bool = False, ignore_index: int = -100, numeric_stable_mode: bool = True,
    return_softmax: bool = False, axis: int = -1,
) -> Any:  # fmt: skip
    """The loss with size 1 along axis, and with return_softmax also the probabilities, which have no gradient."""
    if label.ndim == logits.ndim - 1:
        label = torch.unsqueeze(label, axis)
    loss = cross_entropy(logits, label, None, ignore_index, "none", soft_label, axis)
    return (loss, F.softmax(torch.detach(logits), axis)) if return_softmax else loss
