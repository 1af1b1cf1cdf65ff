"""Non-maximum suppression (paddle.vision.ops)."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.loops import keep_unsuppressed, run_loop


def nms(
    boxes: Any, iou_threshold: float = 0.3, scores: Any = None, category_idxs: Any = None, categories: Any = None,
    top_k: int | None = None,
) -> Any:  # fmt: skip
    """Indices [K] int64 of the boxes [R, 4] (x1, y1, x2, y2) that no better one overlaps by more than iou_threshold.

    Better is the higher score [R], or without scores whatever comes first. With category_idxs [R] boxes rule out only
    boxes of their own category, and those of no category in the list `categories` are dropped. top_k: so many at most.
    """
    if scores is None:
        return torch.flatten(torch.nonzero(run_loop(keep_unsuppressed, overlaps(boxes) > iou_threshold)))
    order = torch.argsort(scores, descending=True, stable=True)
    better = torch.index_select(boxes, 0, order)
    suppresses = overlaps(better) > iou_threshold
    if category_idxs is None:
        kept = torch.nonzero(run_loop(keep_unsuppressed, suppresses))
        return torch.index_select(order, 0, torch.flatten(kept))
    if categories is None:
        raise AssertionError(
            "if category_idxs is given, categories which is a list of unique id of all categories is necessary"
        )
    if top_k is not None and top_k > scores.shape[0]:
        raise AssertionError("top_k should be smaller equal than the number of boxes")
    category = torch.index_select(category_idxs, 0, order)
    suppresses = suppresses & (torch.unsqueeze(category, 1) == torch.unsqueeze(category, 0))
    wanted = torch.isin(category, torch.tensor(list(categories), dtype=category.dtype, device=category.device))
    kept = torch.index_select(order, 0, torch.flatten(torch.nonzero(run_loop(keep_unsuppressed, suppresses) & wanted)))
    return kept if top_k is None else kept[:top_k]


def overlaps(boxes: Any, one: float = 0.0) -> Any:
    """[R, 4] -> [R, R]: intersection over union of each pair; a box is `one` wider than the difference of its edges."""
    left, top, right, bottom = torch.unbind(boxes, 1)
    areas = (right - left + one) * (bottom - top + one)
    shared = _shared(left, right, one) * _shared(top, bottom, one)
    return shared / (torch.unsqueeze(areas, 1) + torch.unsqueeze(areas, 0) - shared)


def _shared(low: Any, high: Any, one: float) -> Any:
    """[R, R]: how much each pair of intervals has in common."""
    ends = torch.minimum(torch.unsqueeze(high, 1), torch.unsqueeze(high, 0))
    length = ends - torch.maximum(torch.unsqueeze(low, 1), torch.unsqueeze(low, 0))
    return torch.relu(length + one if one else length)
