"""Boxes of detectors: anchors, codes and decoded predictions (paddle.vision.ops)."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.tensor.common import to_dtype
from fxtraced.tensor.tensor import as_tensor


def yolo_box(
    x: Any, img_size: Any, anchors: Any, class_num: int, conf_thresh: float, downsample_ratio: int,
    clip_bbox: bool = True, name: str | None = None, scale_x_y: float = 1.0, iou_aware: bool = False,
    iou_aware_factor: float = 0.5,
) -> tuple[Any, Any]:  # fmt: skip
    """A YOLOv3 head's x [N, A * (5 + class_num), H, W] and img_size [N, 2] (h, w) as (boxes, scores).

    boxes [N, A * H * W, 4] (x1, y1, x2, y2) in the image, scores [N, A * H * W, class_num]; both are 0 where the
    confidence is below conf_thresh. anchors: widths and heights in turn. With iou_aware the first A channels are IoUs.
    """
    count = len(anchors) // 2
    channels = count * (5 + class_num + int(iou_aware))
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(f"yolo_box: x must be [N, {channels}, H, W], but its shape is {list(x.shape)}")
    overlaps, predictions = (x[:, :count], x[:, count:]) if iou_aware else (None, x)
    parts = torch.unflatten(predictions, 1, [count, 5 + class_num])
    confidence = torch.sigmoid(parts[:, :, 4])
    if overlaps is not None:
        confidence = confidence ** (1 - iou_aware_factor) * torch.sigmoid(overlaps) ** iou_aware_factor
    height, width = x.shape[2], x.shape[3]
    size = torch.reshape(to_dtype(img_size, x.dtype), [-1, 2, 1, 1, 1])
    image_height, image_width = size[:, 0], size[:, 1]
    anchor = torch.reshape(torch.tensor([float(a) for a in anchors], dtype=x.dtype, device=x.device), [1, count, 2])
    shift = -0.5 * (scale_x_y - 1.0)
    columns = torch.arange(width, dtype=x.dtype, device=x.device)
    rows = torch.unsqueeze(torch.arange(height, dtype=x.dtype, device=x.device), 1)
    center_x = (columns + torch.sigmoid(parts[:, :, 0]) * scale_x_y + shift) * image_width / width
    center_y = (rows + torch.sigmoid(parts[:, :, 1]) * scale_x_y + shift) * image_height / height
    wide = torch.exp(parts[:, :, 2]) * anchor[:, :, 0, None, None] * image_width / (downsample_ratio * width)
    tall = torch.exp(parts[:, :, 3]) * anchor[:, :, 1, None, None] * image_height / (downsample_ratio * height)
    edges = [center_x - wide / 2, center_y - tall / 2, center_x + wide / 2, center_y + tall / 2]
    if clip_bbox:
        edges[:2] = [torch.clamp(edge, min=0) for edge in edges[:2]]
        edges[2:] = [torch.minimum(edges[2], image_width - 1), torch.minimum(edges[3], image_height - 1)]
    sure = torch.unsqueeze(to_dtype(confidence >= conf_thresh, x.dtype), -1)
    boxes = torch.stack(edges, -1) * sure
    scores = torch.permute(torch.sigmoid(parts[:, :, 5:]), [0, 1, 3, 4, 2]) * torch.unsqueeze(confidence, -1) * sure
    return torch.flatten(boxes, 1, 3), torch.flatten(scores, 1, 3)


def box_coder(
    prior_box: Any, prior_box_var: Any, target_box: Any, code_type: str = "encode_center_size",
    box_normalized: bool = True, axis: int = 0, name: str | None = None,
) -> Any:  # fmt: skip
    """Boxes as offsets from priors [M, 4], or back; prior_box_var [M, 4] or four numbers scales the offsets.

    "encode_center_size": target_box [N, 4] -> [N, M, 4]. "decode_center_size": target_box [N, M, 4] -> [N, M, 4],
    where the priors go with the second axis, or with the first for axis=1. Boxes that are not normalized are one wider.
    """
    if not isinstance(prior_box_var, torch.Tensor | list | tuple):
        raise TypeError("Input prior_box_var must be Variable or list|tuple")
    if code_type not in ("encode_center_size", "decode_center_size"):
        raise ValueError(f"box_coder: code_type must be encode_center_size or decode_center_size, not {code_type!r}")
    if isinstance(prior_box_var, list | tuple):
        if len(prior_box_var) != 4:
            raise AssertionError("Input prior_box_var must be Variable or list|tuple with 4 elements.")
        scales = torch.tensor([float(v) for v in prior_box_var], dtype=target_box.dtype, device=target_box.device)
    else:
        scales = prior_box_var
    one = 0.0 if box_normalized else 1.0
    if code_type == "encode_center_size":
        center, size = _center_size(prior_box, one)
        target_center, target_size = _center_size(torch.unsqueeze(target_box, 1), one)
        # The target's centre, unlike the prior's, does not count the pixel more.
        offsets = torch.cat([(target_center - one / 2 - center) / size, torch.log(torch.abs(target_size / size))], -1)
        return offsets / scales
    if axis not in (0, 1):
        raise ValueError(f"box_coder: axis must be 0 or 1, but received {axis}")
    center, size = (torch.unsqueeze(part, axis) for part in _center_size(prior_box, one))
    if scales.ndim == 2:
        scales = torch.unsqueeze(scales, axis)
    moves = target_box * scales
    middle = moves[..., :2] * size + center
    half = torch.exp(moves[..., 2:]) * size / 2
    return torch.cat([middle - half, middle + half - one], -1)


def prior_box(
    input: Any, image: Any, min_sizes: Any, max_sizes: Any = None, aspect_ratios: Any = [1.0],  # noqa: B006
    variance: Any = [0.1, 0.1, 0.2, 0.2], flip: bool = False, clip: bool = False, steps: Any = [0.0, 0.0],  # noqa: B006
    offset: float = 0.5, min_max_aspect_ratios_order: bool = False, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """SSD's priors for each place of input [N, C, H, W] on image [N, C, IH, IW]: boxes and variances [H, W, P, 4].

    Boxes are (x1, y1, x2, y2) in parts of the image. steps: pixels between places, 0 for image size / input size.
    """
    smallest, largest = _numbers(min_sizes), _numbers(max_sizes)
    steps = _numbers(steps)
    if len(steps) != 2:
        raise ValueError("steps should be (step_w, step_h)")
    halves = _prior_sizes(smallest, largest, _ratios(_numbers(aspect_ratios), flip), min_max_aspect_ratios_order)
    options = {"dtype": input.dtype, "device": input.device}
    places = []
    for size, image_size, step in (
        (input.shape[3], image.shape[3], steps[0]),
        (input.shape[2], image.shape[2], steps[1]),
    ):
        places.append((torch.arange(size, **options) + offset) * (step or image_size / size))
    half = as_tensor(torch.tensor(halves, **options))
    x = torch.reshape(places[0], [1, -1, 1]) + torch.zeros_like(torch.reshape(places[1], [-1, 1, 1]))
    y = torch.reshape(places[1], [-1, 1, 1]) + torch.zeros_like(torch.reshape(places[0], [1, -1, 1]))
    wide, tall = half[:, 0], half[:, 1]
    image_height, image_width = image.shape[2], image.shape[3]
    low = [(x - wide) / image_width, (y - tall) / image_height]
    high = [(x + wide) / image_width, (y + tall) / image_height]
    boxes = torch.stack(low + high, -1)
    if clip:
        boxes = torch.clamp(boxes, 0.0, 1.0)
    return boxes, torch.zeros_like(boxes) + torch.tensor(_numbers(variance), **options)


def distribute_fpn_proposals(
    fpn_rois: Any, min_level: int, max_level: int, refer_level: int, refer_scale: int, pixel_offset: bool = False,
    rois_num: Any = None, name: str | None = None,
) -> tuple[list[Any], Any, list[Any]]:  # fmt: skip
    """fpn_rois [R, 4] by the level of a feature pyramid that their size asks for, images in rois_num [N] kept together.

    Returns a list with the boxes of each level, restore [R, 1] (the place in their concatenation of each box of
    fpn_rois), and a list of rois_num by level. Raises AssertionError unless 0 < min_level < max_level.
    """
    if not 0 < min_level < max_level:
        raise AssertionError(f"max_level should be greater than min_level, but received {min_level} and {max_level}")
    if rois_num is None:
        raise AssertionError("rois_num should not be None in dygraph mode.")
    one = 1.0 if pixel_offset else 0.0
    width, height = fpn_rois[:, 2] - fpn_rois[:, 0], fpn_rois[:, 3] - fpn_rois[:, 1]
    area = torch.where((width < 0) | (height < 0), torch.zeros_like(width), (width + one) * (height + one))
    level = torch.floor(torch.log2(torch.sqrt(area) / refer_scale + 1e-8) + refer_level)
    level = torch.clamp(level, min_level, max_level)
    image = torch.repeat_interleave(torch.arange(rois_num.shape[0], device=rois_num.device), rois_num)
    boxes, places, counts = [], [], []
    for number in range(min_level, max_level + 1):
        here = torch.flatten(torch.nonzero(level == number))
        boxes.append(torch.index_select(fpn_rois, 0, here))
        places.append(here)
        images = torch.unsqueeze(torch.arange(rois_num.shape[0], device=rois_num.device), 1)
        found = images == torch.unsqueeze(torch.index_select(image, 0, here), 0)
        counts.append(to_dtype(torch.sum(found, 1), rois_num.dtype))
    restore = torch.argsort(torch.cat(places))
    return boxes, torch.unsqueeze(to_dtype(restore, torch.int32), 1), counts


def _center_size(boxes: Any, one: float) -> tuple[Any, Any]:
    """[..., 4] -> centres and sizes [..., 2]; a box is `one` wider than the difference of its edges."""
    size = boxes[..., 2:] - boxes[..., :2] + one
    return boxes[..., :2] + size / 2, size


def _numbers(value: Any) -> list[float]:
    if value is None:
        return []
    return [float(item) for item in value] if isinstance(value, list | tuple) else [float(value)]


def _ratios(given: list[float], flip: bool) -> list[float]:
    """1 and the given ones, with their inverses for flip, each once."""
    ratios = [1.0]
    for ratio in given:
        if not any(abs(ratio - known) < 1e-6 for known in ratios):
            ratios += [ratio, 1.0 / ratio] if flip else [ratio]
    return ratios


def _prior_sizes(smallest: list[float], largest: list[float], ratios: list[float], largest_second: bool) -> list[Any]:
    """Half widths and heights of the priors in their order."""
    halves = []
    for number, size in enumerate(smallest):
        shapes = [[size * math.sqrt(ratio) / 2, size / math.sqrt(ratio) / 2] for ratio in ratios]
        if largest:
            between = math.sqrt(size * largest[number]) / 2
            shapes.insert(1 if largest_second else len(shapes), [between, between])
        halves += shapes
    return halves
