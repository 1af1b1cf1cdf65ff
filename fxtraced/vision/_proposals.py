"""Proposals of region networks (paddle.vision.ops)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.tensor.common import to_dtype
from fxtraced.tensor.loops import keep_unsuppressed, run_loop
from fxtraced.vision._nms import overlaps

# A box is at most so many times (as a logarithm) as large as its anchor.
_LARGEST = math.log(1000 / 16)


def generate_proposals(
    scores: Any, bbox_deltas: Any, img_size: Any, anchors: Any, variances: Any, pre_nms_top_n: int = 6000,
    post_nms_top_n: int = 1000, nms_thresh: float = 0.5, min_size: float = 0.1, eta: float = 1.0,
    pixel_offset: bool = False, return_rois_num: bool = False, name: str | None = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Anchors [H, W, A, 4] moved by bbox_deltas [N, 4 * A, H, W]: (rois [R, 4], scores [R, 1], rois_num [N] int32).

    Of each image (img_size [N, 2]: height, width) the pre_nms_top_n best by scores [N, A, H, W] are taken, cut at its
    edges, dropped below max(min_size, 1), and the post_nms_top_n best are kept that no better one overlaps by more than
    nms_thresh. An eta below 1 lowers the threshold by that factor for each box that is kept, down to 0.5; it looks at
    data, which a static graph cannot. An image without boxes gives one of zeros.
    Raises AssertionError unless return_rois_num is set, as Paddle does.
    """
    if not return_rois_num:
        raise AssertionError("generate_proposals: return_rois_num must be True, but received False")
    one = 1.0 if pixel_offset else 0.0
    shared: Any = anchors, variances, pre_nms_top_n, post_nms_top_n, nms_thresh, min_size, eta, one
    images = zip(torch.unbind(scores), torch.unbind(bbox_deltas), torch.unbind(img_size), strict=True)
    found = [_of_image(*image, *shared) for image in images]
    rois, best, counts = (list(parts) for parts in zip(*found, strict=True))
    return torch.cat(rois), torch.unsqueeze(torch.cat(best), 1), to_dtype(torch.stack(counts), torch.int32)


def _of_image(
    scores: Any, deltas: Any, size: Any, anchors: Any, variances: Any, before: int, after: int, threshold: float,
    min_size: float, eta: float, one: float,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """The boxes of one image, their scores and their number."""
    scores = torch.flatten(torch.permute(scores, [1, 2, 0]))
    deltas = torch.flatten(torch.permute(torch.unflatten(deltas, 0, [-1, 4]), [2, 3, 0, 1]), 0, 2)
    best, order = torch.sort(scores, descending=True, stable=True)
    if before > 0:
        best, order = best[:before], order[:before]
    deltas, anchors, variances = (
        torch.index_select(torch.reshape(part, [-1, 4]), 0, order) for part in (deltas, anchors, variances)
    )
    height, width = torch.unbind(size)
    limits = torch.stack([width, height, width, height]) - one
    boxes = torch.minimum(torch.clamp(_moved(deltas, anchors, variances, one), min=0.0), limits)
    sizes = boxes[:, 2:] - boxes[:, :2] + one
    large = torch.all(sizes >= max(min_size, 1.0), 1)
    if one:
        large = large & torch.all(boxes[:, :2] + sizes / 2 <= limits[:2] + one, 1)
    # Where none is large enough, a box of zeros stands for them.
    large = torch.cat([large, torch.reshape(torch.logical_not(torch.any(large)), [1])])
    places = torch.flatten(torch.nonzero(large))
    boxes = torch.index_select(F.pad(boxes, [0, 0, 0, 1]), 0, places)
    best = torch.index_select(F.pad(best, [0, 1]), 0, places)
    if threshold > 0:
        kept = _kept(overlaps(boxes, one), threshold, eta)
        kept = kept[:after] if after > 0 else kept
        boxes, best = torch.index_select(boxes, 0, kept), torch.index_select(best, 0, kept)
    return boxes, best, torch.sum(torch.ones_like(best))


def _moved(deltas: Any, anchors: Any, variances: Any, one: float) -> Any:
    """Anchors [R, 4] (x1, y1, x2, y2) with their centres and sizes changed by deltas * variances."""
    sizes = anchors[:, 2:] - anchors[:, :2] + one
    changes = deltas * variances
    centres = anchors[:, :2] + 0.5 * sizes + changes[:, :2] * sizes
    half = torch.exp(torch.clamp(changes[:, 2:], max=_LARGEST)) * sizes / 2
    return torch.cat([centres - half, centres + half - one], 1)


def _kept(shared: Any, threshold: float, eta: float) -> Any:
    """The places that no kept place before overlaps by more than the threshold."""
    if eta >= 1:
        return torch.flatten(torch.nonzero(run_loop(keep_unsuppressed, shared > threshold)))
    kept: list[int] = []
    for place, row in enumerate(shared.tolist()):
        if all(row[other] <= threshold for other in kept):
            kept.append(place)
            threshold = threshold * eta if threshold > 0.5 else threshold
    return torch.tensor(kept, device=shared.device)
