"""Loops and branches over data: functions that are one call of a graph and that TorchScript compiles whole.

They are written in the part of Python that TorchScript takes (its annotations are read, so none is postponed here).
"""

import math
from collections.abc import Callable
from typing import Any, Optional

import torch
from torch.overrides import handle_torch_function, has_torch_function


def run_loop(loop: Callable[..., Any], *tensors: Any) -> Any:
    """loop(*tensors), where `loop` is a function of this module, on eager and on traced tensors."""
    if has_torch_function(tensors):
        return handle_torch_function(loop, tensors, *tensors)
    return loop(*tensors)


def keep_unsuppressed(suppresses: torch.Tensor) -> torch.Tensor:
    """[n, n] bool, row i: what i rules out if it is kept itself -> [n] bool: what is kept, first come first served."""
    later = torch.triu(suppresses, 1)
    weights = later.to(torch.float32)
    keep = torch.ones([later.size(0)], dtype=torch.bool, device=later.device)
    # Each round settles what depends on settled ones only; chains of dependencies are short as a rule.
    for _ in range(32):
        kept = torch.matmul(keep.to(torch.float32), weights) == 0
        if torch.equal(kept, keep):
            return keep
        keep = kept
    rows = later.cpu()
    keep = torch.ones([rows.size(0)], dtype=torch.bool)
    for i in range(rows.size(0)):
        if bool(keep[i]):
            keep = keep & ~rows[i]
    return keep.to(later.device)


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: Optional[torch.Tensor],  # noqa: UP045 - TorchScript reads it
    scale: float,
) -> torch.Tensor:
    """softmax(q k^T * scale + mask) v of [b, h, n, d], [b, h, m, d], [b, h, m, e], mask as [b, h, n, m] or broadcast.

    torch's one call gives 0 where a row of scores is not-a-number, as one is that a mask of -inf rules out whole, and
    does not look at lengths. So it is used where the scores are finite and the shapes its own.
    """
    mask = _of_four_axes(mask)
    fits = fits_one_call(q, k, v, mask)
    # No score is larger than the product of the norms.
    largest = float(torch.linalg.vector_norm(q)) * float(torch.linalg.vector_norm(k))
    fits = fits and math.isfinite(largest)
    if mask is not None:
        fits = fits and bool(torch.isfinite(torch.amax(mask, -1)).all())
    if fits:
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=scale)
    return attention_written_out(q, k, v, mask, scale)


def attention_on_device(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: Optional[torch.Tensor],  # noqa: UP045 - TorchScript reads it
    scale: float,
) -> torch.Tensor:
    """The same without a look at data: nothing waits for a GPU, and a CUDA graph can hold it.

    A row is not-a-number where a mask rules it out whole, as softmax's is, and where a score may not be finite: where
    the largest magnitudes of q's row and of k multiply to more than float32 holds.
    """
    mask = _of_four_axes(mask)
    if not fits_one_call(q, k, v, mask):
        return attention_written_out(q, k, v, mask, scale)
    result = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=scale)
    rows = torch.linalg.vector_norm(q, math.inf, [-1], True, dtype=torch.float32)
    columns = torch.linalg.vector_norm(k, math.inf, [-2, -1], True, dtype=torch.float32)
    bound = rows * columns * (q.size(3) * max(1.0, abs(scale)))
    if mask is not None:
        bound = bound + torch.amax(mask, -1, True)
    # 0 where it is finite.
    return result + (bound * 0.0).to(result.dtype)


def _of_four_axes(mask: Optional[torch.Tensor]) -> Optional[torch.Tensor]:  # noqa: UP045
    if mask is not None:
        while mask.dim() < 4:
            mask = mask.unsqueeze(0)
    return mask


def fits_one_call(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Optional[torch.Tensor]) -> bool:  # noqa: UP045
    """Whether the sizes are those that torch's one call takes; it reads past the end of some others."""
    fits = q.size()[:2] == k.size()[:2] and k.size()[:3] == v.size()[:3] and q.size(3) == k.size(3)
    fits = fits and q.numel() > 0 and k.numel() > 0
    if mask is not None:
        sizes = [q.size(0), q.size(1), q.size(2), k.size(2)]
        for dim in range(4):
            fits = fits and mask.dim() == 4 and mask.size(dim) in [1, sizes[dim]]
    return fits


def attention_written_out(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: Optional[torch.Tensor],  # noqa: UP045
    scale: float,
) -> torch.Tensor:
    scores = torch.matmul(q, k.transpose(-2, -1)) * scale
    if mask is not None:
        scores = scores + mask
    return torch.matmul(torch.softmax(scores, -1), v)


def multiply_batches(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """matmul of [..., n, d] and [..., d, m] that have the same sizes before these."""
    products = torch.bmm(a.flatten(0, -3), b.flatten(0, -3))
    return products.reshape(a.size()[:-1] + b.size()[-1:])


def rows_as_image(x: torch.Tensor) -> torch.Tensor:
    """Rows [..., channels] as the places of an image [1, channels, rows, 1], whose channels are last in memory."""
    return x.flatten(0, -2).unsqueeze(1).unsqueeze(0).permute(0, 3, 1, 2)


def image_as_rows(image: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The places of an image [1, channels, rows, 1] as rows [..., channels], in the dimensions that `like` has."""
    sizes = list(like.size())
    sizes[-1] = image.size(1)
    return image.permute(0, 2, 3, 1).reshape(sizes)


def convolve_and_add(
    x: torch.Tensor,
    other: torch.Tensor,
    weight: torch.Tensor,
    bias: Optional[torch.Tensor],  # noqa: UP045 - TorchScript reads it
) -> torch.Tensor:
    """linear(x, weight, bias) + other as a convolution of oneDNN, whose packed weight is [out, in, 1, 1].

    oneDNN adds what has as many elements: at sizes where torch would repeat an operand, torch adds. So it does for one
    row, whose layout the oneDNN of torch 2.11 does not recognise.
    """
    image, stride, padding = rows_as_image(x), [1, 1], [0, 0]
    if list(x.size())[:-1] == list(other.size())[:-1] and image.size(2) != 1:
        image = torch.ops.mkldnn._convolution_pointwise(
            image, rows_as_image(other), weight, bias, padding, stride, stride, 1, "add", 1.0, None, [], None
        )
        return image_as_rows(image, x)
    image = torch.ops.mkldnn._convolution_pointwise(image, weight, bias, padding, stride, stride, 1, "none", [], "")
    return image_as_rows(image, x) + other


def multiply_packed(
    x: torch.Tensor,
    packed: torch.Tensor,
    weight: torch.Tensor,
    bias: Optional[torch.Tensor],  # noqa: UP045 - TorchScript reads it
    rows: int,
) -> torch.Tensor:
    """linear(x, weight, bias), where `packed` is the weight in MKL's layout for so many rows.

    MKL does not look at the number of columns: torch tells where it is wrong.
    """
    if x.size(-1) == weight.size(1):
        return torch.ops.mkl._mkl_linear(x, packed, weight, bias, rows)
    return torch.nn.functional.linear(x, weight, bias)


def keep_unsuppressed_ever_easier(overlaps: torch.Tensor, threshold: float, eta: float) -> torch.Tensor:
    """Like keep_unsuppressed, of overlaps [n, n] above a threshold, which each box that is kept makes lower.

    eta is the factor, as long as the threshold is above a half.
    """
    rows = overlaps.cpu()
    keep = torch.zeros([rows.size(0)], dtype=torch.bool)
    for i in range(rows.size(0)):
        if not bool(torch.any(keep & ~(rows[i] <= threshold))):
            keep[i] = True
            if threshold > 0.5:
                threshold = threshold * eta
    return keep.to(overlaps.device)


def box_overlaps(boxes: torch.Tensor, one: float) -> torch.Tensor:
    """[n, 4] -> [n, n]: intersections over unions; boxes are `one` wider than their edges' distance."""
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    areas = ((right - left + one) * (bottom - top + one)).masked_fill((right < left) | (bottom < top), 0.0)
    wide = torch.minimum(right.unsqueeze(1), right) - torch.maximum(left.unsqueeze(1), left)
    high = torch.minimum(bottom.unsqueeze(1), bottom) - torch.maximum(top.unsqueeze(1), top)
    # Boxes whose edges are turned around are apart only where Paddle says so.
    apart = (left.unsqueeze(1) > right) | (right.unsqueeze(1) < left)
    apart = apart | (top.unsqueeze(1) > bottom) | (bottom.unsqueeze(1) < top)
    shared = (wide + one) * (high + one)
    return (shared / (areas.unsqueeze(1) + areas - shared)).masked_fill(apart, 0.0)


def keep_by_class(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    counts: torch.Tensor,
    score_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    nms_threshold: float,
    one: float,
    eta: float,
    background: int,
) -> torch.Tensor:
    """Which scores [r, c] of boxes [r, 1 or c, 4] non-maximum suppression keeps, a class for itself -> [r, c] bool.

    counts: how many of the r rows each image has.
    """
    keep = torch.zeros(scores.size(), dtype=torch.bool, device=scores.device)
    first = 0
    for image in range(counts.size(0)):
        after = first + int(counts[image])
        for label in range(scores.size(1)):
            if label == background:
                continue
            best, order = torch.sort(scores[first:after, label], stable=True, dim=0, descending=True)
            order = order[best > score_threshold]
            if nms_top_k > -1:
                order = order[:nms_top_k]
            overlaps = box_overlaps(boxes[first:after, min(label, boxes.size(1) - 1)][order], one)
            if eta < 1:
                kept = keep_unsuppressed_ever_easier(overlaps, nms_threshold, eta)
            else:
                kept = keep_unsuppressed(~(overlaps <= nms_threshold))
            keep[first + order[kept], label] = True
        # By class and row: the first of equal scores stay.
        places = keep[first:after].t().nonzero()
        if keep_top_k > -1 and places.size(0) > keep_top_k:
            rows, labels = places[:, 1] + first, places[:, 0]
            worst = torch.sort(scores[rows, labels], stable=True, dim=0, descending=True)[1][keep_top_k:]
            keep[rows[worst], labels[worst]] = False
        first = after
    return keep
