"""paddle._legacy_C_ops: Paddle's kernels as repositories call them, with attributes as names and values in turn.

These exist: box_coder, distribute_fpn_proposals, generate_proposals_v2, matrix_nms, multiclass_nms3. Another one is an
AttributeError.
"""

from __future__ import annotations

from typing import Any

from fxtraced.vision import _nms, ops


def _attributes(given: tuple[Any, ...], **renamed: str) -> dict[str, Any]:
    """Keyword arguments from (name, value, name, value, ...); renamed: the keyword of an attribute's name."""
    return {renamed.get(name, name): value for name, value in zip(given[::2], given[1::2], strict=True)}


def box_coder(prior_box: Any, prior_box_var: Any, target_box: Any, *attributes: Any) -> Any:
    """vision.ops.box_coder, with the attribute `variance` where prior_box_var is None."""
    keywords = _attributes(attributes)
    variance = keywords.pop("variance", None)
    return ops.box_coder(prior_box, variance if prior_box_var is None else prior_box_var, target_box, **keywords)


def distribute_fpn_proposals(
    fpn_rois: Any, rois_num: Any, levels: int, levels_again: int, *attributes: Any
) -> tuple[list[Any], Any, list[Any]]:
    """vision.ops.distribute_fpn_proposals."""
    return ops.distribute_fpn_proposals(fpn_rois, rois_num=rois_num, **_attributes(attributes))


def generate_proposals_v2(
    scores: Any, bbox_deltas: Any, im_shape: Any, anchors: Any, variances: Any, *attributes: Any
) -> tuple[Any, Any, Any]:
    """vision.ops.generate_proposals, with the numbers of boxes."""
    keywords = _attributes(attributes, pre_nms_topN="pre_nms_top_n", post_nms_topN="post_nms_top_n")
    return ops.generate_proposals(scores, bbox_deltas, im_shape, anchors, variances, return_rois_num=True, **keywords)


def matrix_nms(bboxes: Any, scores: Any, *attributes: Any) -> tuple[Any, Any, Any]:
    """vision.ops.matrix_nms: (out, index, rois_num)."""
    out, rois_num, index = ops.matrix_nms(bboxes, scores, return_index=True, **_attributes(attributes))
    return out, index, rois_num


def multiclass_nms3(bboxes: Any, scores: Any, rois_num: Any, *attributes: Any) -> tuple[Any, Any, Any]:
    """What is left of each class when no better box rules one out: (out, index, rois_num); see vision._nms."""
    return _nms.multiclass_nms(bboxes, scores, rois_num, **_attributes(attributes))
