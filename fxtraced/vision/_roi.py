"""Pooling of regions of interest (paddle.vision.ops).

The cells of all regions are bags of pixels of different sizes, which torch's embedding_bag reduces without a copy of
the pixels.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import per_dim
from fxtraced.nn.layer.layers import Layer
from fxtraced.tensor.common import to_dtype


def roi_align(
    x: Any, boxes: Any, boxes_num: Any, output_size: Any, spatial_scale: float = 1.0, sampling_ratio: int = -1,
    aligned: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """x [N, C, H, W], boxes [R, 4] (x1, y1, x2, y2), boxes_num [N] -> [R, C, h, w]: means of bilinear samples.

    A cell has sampling_ratio samples along each axis, or as many as it has pixels when that is not positive.
    aligned: pixels have their centres at halves, and boxes may be smaller than a pixel.
    """
    height, width = per_dim(output_size, 2, "output_size")
    _check(x, boxes, "roi_align")
    corners = torch.detach(boxes) * spatial_scale - (0.5 if aligned else 0.0)
    left, top, right, bottom = torch.unbind(corners, 1)
    sizes = [bottom - top, right - left]
    if not aligned:
        sizes = [torch.clamp(size, min=1.0) for size in sizes]
    steps = [sizes[0] / height, sizes[1] / width]
    samples = [
        torch.full_like(step, sampling_ratio) if sampling_ratio > 0 else torch.clamp(torch.ceil(step), min=0)
        for step in steps
    ]
    across = to_dtype(samples[1], torch.int64)
    counts = _per_cell(to_dtype(samples[0], torch.int64) * across, height * width)
    cell, place = _bags(counts)
    box, row, column = _split(cell, height, width)
    places = torch.index_select(across, 0, box)
    down, y_inside = _samples(row, place // places, box, top, steps[0], samples[0], x.shape[2])
    over, x_inside = _samples(column, place % places, box, left, steps[1], samples[1], x.shape[3])
    share = to_dtype(y_inside & x_inside, x.dtype) / torch.index_select(counts, 0, cell)
    start = torch.index_select(_image(boxes_num), 0, box) * (x.shape[2] * x.shape[3])
    indices, weights = [], []
    for y, y_weight in down:
        for x_place, x_weight in over:
            indices.append(start + y * x.shape[3] + x_place)
            weights.append(to_dtype(y_weight * x_weight, x.dtype) * share)
    pooled = F.embedding_bag(
        torch.flatten(torch.stack(indices, 1)), _pixels(x), _starts(counts) * 4, mode="sum",
        per_sample_weights=torch.flatten(torch.stack(weights, 1)),
    )  # fmt: skip
    return _cells_to_maps(pooled, height, width)


def roi_pool(
    x: Any, boxes: Any, boxes_num: Any, output_size: Any, spatial_scale: float = 1.0, name: str | None = None
) -> Any:
    """x [N, C, H, W], boxes [R, 4] (x1, y1, x2, y2), boxes_num [N] -> [R, C, h, w]: maxima; 0 for an empty cell."""
    height, width = per_dim(output_size, 2, "output_size")
    _check(x, boxes, "roi_pool")
    left, top, right, bottom = torch.unbind(_rounded(torch.detach(boxes) * spatial_scale), 1)
    rows = _cell_edges(top, torch.clamp(bottom - top + 1, min=1), height, x.shape[2], whole=True)
    columns = _cell_edges(left, torch.clamp(right - left + 1, min=1), width, x.shape[3], whole=True)
    counts, cell, y, x_place = _cell_pixels(rows, columns)
    box = cell // (height * width)
    start = torch.index_select(_image(boxes_num), 0, box) * (x.shape[2] * x.shape[3])
    pooled = F.embedding_bag(start + y * x.shape[3] + x_place, _pixels(x), _starts(counts), mode="max")
    return _cells_to_maps(pooled, height, width)


def psroi_pool(
    x: Any, boxes: Any, boxes_num: Any, output_size: Any, spatial_scale: float = 1.0, name: str | None = None
) -> Any:
    """x [N, C * h * w, H, W], boxes [R, 4], boxes_num [N] -> [R, C, h, w]: means of channels of each cell's own."""
    height, width = per_dim(output_size, 2, "output_size")
    _check(x, boxes, "psroi_pool")
    if not height * width:
        raise ValueError("psroi_pool: output_size should not contain 0.")
    left, top, right, bottom = torch.unbind(_rounded(torch.detach(boxes)), 1)
    top, left = top * spatial_scale, left * spatial_scale
    tall = torch.clamp((bottom + 1) * spatial_scale - top, min=0.1)
    wide = torch.clamp((right + 1) * spatial_scale - left, min=0.1)
    rows = _cell_edges(top, tall, height, x.shape[2], whole=False)
    columns = _cell_edges(left, wide, width, x.shape[3], whole=False)
    counts, cell, y, x_place = _cell_pixels(rows, columns)
    box, at = cell // (height * width), cell % (height * width)
    image = torch.index_select(_image(boxes_num), 0, box) * (height * width) + at
    maps = torch.reshape(x, [x.shape[0], x.shape[1] // (height * width), height * width, x.shape[2], x.shape[3]])
    pixels = torch.reshape(torch.permute(maps, [0, 2, 3, 4, 1]), [-1, x.shape[1] // (height * width)])
    index = (image * x.shape[2] + y) * x.shape[3] + x_place
    return _cells_to_maps(F.embedding_bag(index, pixels, _starts(counts), mode="mean"), height, width)


class RoIAlign(Layer):
    """See vision.ops.roi_align."""

    def __init__(self, output_size: Any, spatial_scale: float = 1.0):
        super().__init__()
        self._output_size, self._spatial_scale = output_size, spatial_scale

    def forward(self, x: Any, boxes: Any, boxes_num: Any, aligned: bool = True) -> Any:
        return roi_align(x, boxes, boxes_num, self._output_size, self._spatial_scale, aligned=aligned)


class RoIPool(Layer):
    """See vision.ops.roi_pool."""

    def __init__(self, output_size: Any, spatial_scale: float = 1.0):
        super().__init__()
        self._output_size, self._spatial_scale = output_size, spatial_scale

    def forward(self, x: Any, boxes: Any, boxes_num: Any) -> Any:
        return roi_pool(x, boxes, boxes_num, self._output_size, self._spatial_scale)

    def extra_repr(self) -> str:
        return f"output_size={self._output_size}, spatial_scale={self._spatial_scale}"


class PSRoIPool(Layer):
    """See vision.ops.psroi_pool."""

    def __init__(self, output_size: Any, spatial_scale: float = 1.0):
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, x: Any, boxes: Any, boxes_num: Any) -> Any:
        return psroi_pool(x, boxes, boxes_num, self.output_size, self.spatial_scale)


def _check(x: Any, boxes: Any, name: str) -> None:
    if x.ndim != 4:
        raise ValueError(f"{name}: x must be [N, C, H, W], but has {x.ndim} dimensions")
    if boxes.ndim != 2:
        raise ValueError(f"{name}: boxes must be [R, 4], but have {boxes.ndim} dimensions")


def _image(boxes_num: Any) -> Any:
    """[R]: the image of each box."""
    images = torch.arange(boxes_num.shape[0], device=boxes_num.device)
    return torch.repeat_interleave(images, boxes_num)


def _pixels(x: Any) -> Any:
    """[N, C, H, W] -> [N * H * W, C]."""
    return torch.flatten(torch.permute(x, [0, 2, 3, 1]), 0, 2)


def _per_cell(values: Any, cells: int) -> Any:
    """[R] -> [R * cells]."""
    return torch.repeat_interleave(values, cells)


def _starts(counts: Any) -> Any:
    """Where each bag begins in the list of all bags' contents."""
    return torch.cumsum(counts, 0) - counts


def _bags(counts: Any) -> tuple[Any, Any]:
    """counts [B] -> for each of the sum(counts) members its bag and its place in it."""
    bag = torch.repeat_interleave(torch.arange(counts.shape[0], device=counts.device), counts)
    place = torch.arange(bag.shape[0], device=counts.device) - torch.index_select(_starts(counts), 0, bag)
    return bag, place


def _split(cell: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """The number of a cell as its box, its row and its column."""
    at = cell % (height * width)
    return cell // (height * width), at // width, at % width


def _samples(
    cell: Any, place: Any, box: Any, start: Any, step: Any, samples: Any, size: Any
) -> tuple[list[tuple[Any, Any]], Any]:
    """Along one axis: the two pixels about each sample with their weights, and whether it lies inside of the image."""
    step, samples = torch.index_select(step, 0, box), torch.index_select(samples, 0, box)
    # Integers first would make the products integers, as in Paddle.
    at = torch.index_select(start, 0, box) + step * cell + step * (to_dtype(place, step.dtype) + 0.5) / samples
    inside = (at >= -1.0) & (at <= size)
    at = torch.clamp(at, 0, size - 1)
    before = torch.floor(at)
    part = at - before
    low = to_dtype(before, torch.int64)
    return [(low, 1 - part), (torch.clamp(low + 1, 0, size - 1), part)], inside


def _rounded(x: Any) -> Any:
    """To the nearest integer, halves away from zero."""
    return torch.trunc(x + 0.5 * torch.sign(x))


def _cell_edges(start: Any, length: Any, cells: int, size: Any, whole: bool) -> tuple[Any, Any]:
    """[R, cells]: first pixel and end of each cell; whole: start is a pixel itself and is added at last."""
    number = torch.arange(cells, dtype=start.dtype, device=start.device)
    step = torch.unsqueeze(length / cells, 1)
    start = torch.unsqueeze(start, 1)
    first, end = number * step, (number + 1) * step
    if whole:
        first, end = torch.floor(first) + start, torch.ceil(end) + start
    else:
        first, end = torch.floor(first + start), torch.ceil(end + start)
    return (
        to_dtype(torch.clamp(first, 0, size), torch.int64),
        to_dtype(torch.clamp(end, 0, size), torch.int64),
    )


def _cell_pixels(rows: tuple[Any, Any], columns: tuple[Any, Any]) -> tuple[Any, Any, Any, Any]:
    """How many pixels each cell [R * h * w] has, and of each pixel its cell, row and column."""
    tall = torch.clamp(rows[1] - rows[0], min=0)
    wide = torch.clamp(columns[1] - columns[0], min=0)
    counts = torch.flatten(torch.unsqueeze(tall, 2) * torch.unsqueeze(wide, 1))
    cell, place = _bags(counts)
    box, row, column = _split(cell, tall.shape[1], wide.shape[1])
    line = box * wide.shape[1] + column
    across = torch.index_select(torch.flatten(wide), 0, line)
    y = torch.index_select(torch.flatten(rows[0]), 0, box * tall.shape[1] + row) + place // across
    return counts, cell, y, torch.index_select(torch.flatten(columns[0]), 0, line) + place % across


def _cells_to_maps(pooled: Any, height: int, width: int) -> Any:
    """[R * h * w, C] -> [R, C, h, w]."""
    return torch.permute(torch.unflatten(pooled, 0, [-1, height, width]), [0, 3, 1, 2]).contiguous()
