"""Non-maximum suppression (paddle.vision.ops)."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import to_dtype
from fxtraced.tensor.loops import keep_by_class, keep_unsuppressed, run_loop


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


def matrix_nms(
    bboxes: Any, scores: Any, score_threshold: float, post_threshold: float, nms_top_k: int, keep_top_k: int,
    use_gaussian: bool = False, gaussian_sigma: float = 2.0, background_label: int = 0, normalized: bool = True,
    return_index: bool = False, return_rois_num: bool = True, name: str | None = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Scores lowered by how much better boxes of the class overlap: bboxes [N, M, 4], scores [N, C, M].

    Returns (out [K, 6] of label, score and box, rois_num [N], index [K, 1] into bboxes of all images), None for what
    is not asked for. Only scores above score_threshold count, of each class the nms_top_k best (-1: all); what stays
    above post_threshold is kept, of each image the keep_top_k best (-1: all). Boxes that are not normalized are one
    wider.
    """
    batch, count, classes = bboxes.shape[0], bboxes.shape[1], scores.shape[1]
    best, order = torch.sort(scores, dim=-1, descending=True, stable=True)
    if nms_top_k > -1:
        best, order = best[:, :, :nms_top_k], order[:, :, :nms_top_k]
    image = torch.reshape(torch.arange(batch, device=order.device), [-1, 1, 1])
    index = order + image * count
    boxes = torch.index_select(torch.flatten(bboxes, 0, 1), 0, torch.flatten(index))
    boxes = torch.reshape(boxes, [batch, classes, -1, 4])
    iou = torch.triu(overlaps(boxes, 0.0 if normalized else 1.0), 1)
    # Of each better box, how much a better one yet overlaps it.
    worst = torch.unsqueeze(torch.amax(iou, -2), -1)
    if use_gaussian:
        decay = torch.exp((worst * worst - iou * iou) * gaussian_sigma)
    else:
        decay = (1.0 - iou) / (1.0 - worst)
    better = torch.triu(torch.ones_like(iou), 1) > 0
    lowered = best * torch.amin(torch.where(better, decay, torch.ones_like(decay)), -2)
    label = torch.reshape(torch.arange(classes, device=order.device), [1, -1, 1]) + torch.zeros_like(order)
    kept = (best > score_threshold) & (lowered > post_threshold) & (label != background_label)
    ranked = torch.flatten(torch.where(kept, lowered, torch.full_like(lowered, -1.0)), 1)
    flat, place = torch.sort(ranked, dim=1, descending=True, stable=True)
    if keep_top_k > -1:
        flat, place = flat[:, :keep_top_k], place[:, :keep_top_k]
    chosen = torch.gather(torch.flatten(kept, 1), 1, place)
    index = torch.masked_select(torch.gather(torch.flatten(index, 1), 1, place), chosen)
    label = torch.masked_select(torch.gather(torch.flatten(label, 1), 1, place), chosen)
    heads = [to_dtype(label, bboxes.dtype), to_dtype(torch.masked_select(flat, chosen), bboxes.dtype)]
    out = torch.cat([torch.stack(heads, 1), torch.index_select(torch.flatten(bboxes, 0, 1), 0, index)], 1)
    number = to_dtype(torch.sum(chosen, 1), torch.int32) if return_rois_num else None
    return out, number, torch.unsqueeze(to_dtype(index, torch.int32), 1) if return_index else None


def multiclass_nms(
    bboxes: Any, scores: Any, rois_num: Any, score_threshold: float, nms_top_k: int, keep_top_k: int,
    nms_threshold: float = 0.3, normalized: bool = True, nms_eta: float = 1.0, background_label: int = 0,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Paddle's kernel multiclass_nms3, which detectors call: of each class the boxes that no better one rules out.

    Either bboxes [N, M, 4] and scores [N, C, M], or bboxes [R, C, 4], one a class, and scores [R, C] of images that
    have rois_num [N] rows each. Returns (out [K, 6] of label, score and box, index [K, 1], number of each image [N]);
    index is the place of the box in bboxes, seen as a list of boxes. Boxes that are not normalized are one wider.
    All pairs of the nms_top_k best boxes of a class (-1: of all above score_threshold) are in memory at once.
    """
    by_class = scores.ndim == 2
    classes = scores.shape[1]
    if by_class:
        boxes, rows, counts = bboxes, scores, rois_num
    else:
        boxes = torch.unsqueeze(torch.flatten(bboxes, 0, 1), 1)
        rows = torch.flatten(torch.transpose(scores, 1, 2), 0, 1)
        counts = torch.sum(torch.ones_like(scores[:, 0], dtype=torch.int32), 1)
    one = 0.0 if normalized else 1.0
    options = (score_threshold, nms_top_k, keep_top_k, nms_threshold, one, nms_eta, background_label)
    keep = run_loop(keep_by_class, boxes, rows, counts, *options)
    label, row = torch.unbind(torch.nonzero(torch.transpose(keep, 0, 1)), 1)
    best = torch.masked_select(torch.transpose(rows, 0, 1), torch.transpose(keep, 0, 1))
    image = torch.searchsorted(torch.cumsum(counts, 0), row, right=True)
    # By image, class and score, or where each class has boxes of its own, row: sorted by the last of them first.
    if not by_class:
        order = torch.argsort(best, stable=True, dim=0, descending=True)
        label, row, best, image = (torch.index_select(x, 0, order) for x in (label, row, best, image))
    order = torch.argsort(image * classes + label, stable=True, dim=0)
    label, row, best, image = (torch.index_select(x, 0, order) for x in (label, row, best, image))
    index = row * classes + label if by_class else row
    chosen = torch.index_select(torch.flatten(boxes, 0, 1), 0, index)
    out = torch.cat([torch.stack([to_dtype(label, best.dtype), best], 1), chosen], 1)
    at = torch.arange(counts.shape[0], device=image.device)
    number = torch.sum(torch.unsqueeze(image, 0) == torch.unsqueeze(at, 1), 1)
    return out, torch.unsqueeze(to_dtype(index, torch.int32), 1), to_dtype(number, torch.int32)


def overlaps(boxes: Any, one: float = 0.0) -> Any:
    """[..., R, 4] -> [..., R, R]: intersections over unions; boxes are `one` wider than their edges' distance."""
    left, top, right, bottom = torch.unbind(boxes, -1)
    areas = (right - left + one) * (bottom - top + one)
    shared = _shared(left, right, one) * _shared(top, bottom, one)
    return shared / (torch.unsqueeze(areas, -1) + torch.unsqueeze(areas, -2) - shared)


def _shared(low: Any, high: Any, one: float) -> Any:
    """[..., R, R]: how much each pair of intervals has in common."""
    ends = torch.minimum(torch.unsqueeze(high, -1), torch.unsqueeze(high, -2))
    length = ends - torch.maximum(torch.unsqueeze(low, -1), torch.unsqueeze(low, -2))
    # Boxes that are apart share nothing, however near: the pixel more does not count then.
    return torch.where(length >= 0, length + one, torch.zeros_like(length)) if one else torch.relu(length)
