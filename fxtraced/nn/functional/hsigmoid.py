"""The hierarchical sigmoid, which Paddle keeps in paddle.nn.functional.loss."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import cast, check_integers


def hsigmoid_loss(
    input: Any, label: Any, num_classes: int, weight: Any, bias: Any = None, path_table: Any = None,
    path_code: Any = None, is_sparse: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """The binary cross entropies [N, 1] along each label's way through a tree of classes.

    input is [N, D], label [N] or [N, 1], weight [num_classes - 1, D] and bias [num_classes - 1, 1] or flat: a row for
    each inner node. The tree is the complete binary one, unless path_table [N, L] names the nodes of each way (ended
    by negative numbers) and path_code the turns there. As in Paddle, every node that a way is short of counts log(2).
    """
    if num_classes < 2:
        raise ValueError(f"hsigmoid_loss: num_classes must be at least 2, but received {num_classes}")
    if (path_table is None) != (path_code is None):
        raise ValueError("hsigmoid_loss: path_table and path_code must be given together")
    check_integers("hsigmoid_loss", "label", label)
    nodes, turns = (path_table, path_code) if path_table is not None else _complete_tree(label, num_classes)
    inside = torch.ge(nodes, 0)
    nodes = torch.clamp(cast(nodes, torch.int64), min=0)
    chosen = F.embedding(nodes, weight)
    scores = torch.squeeze(torch.matmul(chosen, torch.unsqueeze(input, 2)), 2)
    if bias is not None:
        scores = scores + torch.squeeze(F.embedding(nodes, torch.reshape(bias, [-1, 1])), 2)
    scores = torch.where(inside, torch.clamp(scores, -40.0, 40.0), torch.zeros_like(scores))
    return torch.sum(F.softplus(scores) - cast(turns, scores.dtype) * scores, 1, keepdim=True)


def _complete_tree(label: Any, num_classes: int) -> tuple[Any, Any]:
    """(nodes, turns) [N, L] of the ways to the classes: those of a binary heap whose leaves are the classes."""
    bits = torch.arange((num_classes - 1).bit_length(), device=label.device)
    codes = torch.reshape(cast(label, torch.int64), [-1, 1]) + num_classes
    return torch.bitwise_right_shift(codes, bits + 1) - 1, torch.bitwise_and(torch.bitwise_right_shift(codes, bits), 1)
