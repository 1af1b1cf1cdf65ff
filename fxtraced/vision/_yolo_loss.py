"""The loss of a YOLOv3 head (paddle.vision.ops)."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as TF

from fxtraced.tensor.common import to_dtype

# What is not larger is no size of a box.
_NO_SIZE = 1e-6


def yolo_loss(
    x: Any, gt_box: Any, gt_label: Any, anchors: Any, anchor_mask: Any, class_num: int, ignore_thresh: float,
    downsample_ratio: int, gt_score: Any = None, use_label_smooth: bool = True, name: str | None = None,
    scale_x_y: float = 1.0,
) -> Any:  # fmt: skip
    """The loss [N] of a head's x [N, M * (5 + class_num), H, W] for boxes gt_box [N, B, 4] with labels gt_label [N, B].

    gt_box: (centre x, centre y, width, height) in parts of the image; a box without size is none. anchors: widths and
    heights in turn; anchor_mask: the M of them that this head has. A box belongs to the place of its centre and the
    anchor of the most similar size, with the weight gt_score [N, B]; a prediction that overlaps a box by more than
    ignore_thresh and that no box belongs to need not be background.
    Raises ValueError for another number of channels, and when H and W differ.
    """
    count = len(anchor_mask)
    if x.ndim != 4 or x.shape[1] != count * (5 + class_num):
        raise ValueError(f"yolo_loss: x must be [N, {count * (5 + class_num)}, H, W], but its shape is {list(x.shape)}")
    grid = x.shape[2]
    if x.shape[3] != grid:
        raise ValueError(f"yolo_loss: H and W of x must be equal, but its shape is {list(x.shape)}")
    # [N, M, H, W, 5 + class_num]
    parts = torch.permute(torch.unflatten(x, 1, [count, 5 + class_num]), [0, 1, 3, 4, 2])
    pixels = torch.reshape(torch.tensor([float(a) for a in anchors], dtype=x.dtype, device=x.device), [-1, 2])
    sizes = pixels / (downsample_ratio * grid)
    mask = torch.tensor([int(a) for a in anchor_mask], device=x.device)
    valid = torch.all(gt_box[..., 2:] > _NO_SIZE, -1)
    score = torch.ones_like(gt_box[..., 0]) if gt_score is None else gt_score
    similar = _overlap(gt_box[..., None, 2:] * 0, gt_box[..., None, 2:], sizes * 0, sizes)
    same = torch.unsqueeze(torch.argmax(similar, -1), -1) == mask
    ours = valid & torch.any(same, -1)
    weight = torch.where(ours, score, torch.zeros_like(score))
    center = gt_box[..., :2] * grid
    cell = torch.clamp(to_dtype(center, torch.int64), max=grid - 1)
    anchor = torch.argmax(to_dtype(same, torch.int32), -1)
    place = (anchor * grid + cell[..., 1]) * grid + cell[..., 0]
    places = torch.flatten(parts, 1, 3)
    found = torch.gather(places, 1, torch.unsqueeze(place, -1).expand([-1, -1, 5 + class_num]))
    size = torch.where(torch.unsqueeze(ours, -1), gt_box[..., 2:], torch.ones_like(gt_box[..., 2:]))
    loss = weight * (
        (2.0 - size[..., 0] * size[..., 1])
        * (
            torch.sum(_entropy(found[..., :2], center - cell), -1)
            + torch.sum(torch.abs(found[..., 2:4] - torch.log(size / sizes[mask][anchor])), -1)
        )
        + torch.sum(_entropy(found[..., 5:], _targets(gt_label, class_num, use_label_smooth, x.dtype)), -1)
    )
    with torch.no_grad():
        overlap = _largest_overlap(parts, gt_box, valid, sizes[mask], scale_x_y)
        taken, object_weight = _objects(place, ours, weight, overlap.shape[1])
    confidence = places[..., 4]
    positive = object_weight * _entropy(confidence, torch.ones_like(confidence))
    background = torch.where(taken, object_weight <= 0, overlap <= ignore_thresh)
    negative = to_dtype(background, x.dtype) * _entropy(confidence, torch.zeros_like(confidence))
    return torch.sum(loss, 1) + torch.sum(positive + negative, 1)


def _entropy(logit: Any, target: Any) -> Any:
    return TF.binary_cross_entropy_with_logits(logit, target, reduction="none")


def _targets(label: Any, class_num: int, smooth: bool, dtype: torch.dtype) -> Any:
    """The probabilities [N, B, class_num] that the classes should have."""
    less = min(1.0 / class_num, 1.0 / 40) if smooth else 0.0
    hot = torch.unsqueeze(label, -1) == torch.arange(class_num, device=label.device)
    return to_dtype(hot, dtype) * (1.0 - 2.0 * less) + less


def _overlap(center: Any, size: Any, other_center: Any, other_size: Any) -> Any:
    """Intersection over union of boxes [..., 2]."""
    low = torch.maximum(center - size / 2, other_center - other_size / 2)
    high = torch.minimum(center + size / 2, other_center + other_size / 2)
    common = torch.prod(torch.clamp(high - low, min=0), -1)
    return common / (torch.prod(size, -1) + torch.prod(other_size, -1) - common)


def _largest_overlap(parts: Any, gt_box: Any, valid: Any, sizes: Any, scale_x_y: float) -> Any:
    """Of each prediction with any box: [N, M * H * W]."""
    numbers = torch.arange(parts.shape[2], dtype=parts.dtype, device=parts.device)
    corner = torch.stack(torch.meshgrid(numbers, numbers, indexing="xy"), -1)
    center = (corner + torch.sigmoid(parts[..., :2]) * scale_x_y - 0.5 * (scale_x_y - 1.0)) / parts.shape[2]
    size = torch.exp(parts[..., 2:4]) * torch.reshape(sizes, [-1, 1, 1, 2])
    center, size = (torch.unsqueeze(torch.flatten(value, 1, 3), 2) for value in (center, size))
    box = torch.unsqueeze(gt_box, 1)
    overlap = _overlap(center, size, box[..., :2], box[..., 2:])
    return torch.amax(torch.where(torch.unsqueeze(valid, 1), overlap, torch.zeros_like(overlap)), -1)


def _objects(place: Any, ours: Any, weight: Any, count: int) -> tuple[Any, Any]:
    """Whether a box belongs to each of `count` places, and the weight of the last of them: [N, count]."""
    later = torch.triu(torch.ones_like(place[:, :, None] * place[:, None, :]), 1) > 0
    again = (place[:, :, None] == place[:, None, :]) & later & ours[:, None, :]
    last = ours & ~torch.any(again, -1)
    empty = torch.zeros([place.shape[0], count], dtype=weight.dtype, device=weight.device)
    taken = torch.scatter_add(empty, 1, place, to_dtype(last, weight.dtype)) > 0
    return taken, torch.scatter_add(empty, 1, place, to_dtype(last, weight.dtype) * weight)
