"""Private names of Paddle that functions in repositories use."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced import _legacy_C_ops as kernels
from fxtraced.common_ops_import import LayerHelper
from fxtraced.vision import ops


def floats(*shape, seed=0):
    return paddle.to_tensor(np.random.RandomState(seed).rand(*shape).astype("float32"))


def boxes(count, seed=0):
    corner = np.random.RandomState(seed).rand(count, 2).astype("float32") * 100
    return paddle.to_tensor(np.concatenate([corner, corner + 10 + corner[:, ::-1]], 1))


IMAGE, ANCHORS = paddle.to_tensor([[64.0, 64.0]]), boxes(48, 3).reshape([4, 4, 3, 4])

ROWS = {
    "box_coder": (
        lambda: kernels.box_coder(boxes(5), floats(5, 4), boxes(3, 1), "code_type", "encode_center_size", "axis", 0),
        lambda: ops.box_coder(boxes(5), floats(5, 4), boxes(3, 1), "encode_center_size", axis=0),
    ),
    "box_coder with variance": (
        lambda: kernels.box_coder(boxes(5), None, boxes(3, 1), "variance", [0.1, 0.1, 0.2, 0.2]),
        lambda: ops.box_coder(boxes(5), [0.1, 0.1, 0.2, 0.2], boxes(3, 1)),
    ),
    "distribute_fpn_proposals": (
        lambda: kernels.distribute_fpn_proposals(
            boxes(9), paddle.to_tensor([9], dtype="int32"), 3, 3, "min_level", 2, "max_level", 4, "refer_level", 3,
            "refer_scale", 60, "pixel_offset", False,
        ),
        lambda: ops.distribute_fpn_proposals(boxes(9), 2, 4, 3, 60, rois_num=paddle.to_tensor([9], dtype="int32")),
    ),
    "generate_proposals_v2": (
        lambda: kernels.generate_proposals_v2(
            floats(1, 3, 4, 4), floats(1, 12, 4, 4, seed=1), IMAGE, ANCHORS, paddle.ones_like(ANCHORS),
            "pre_nms_topN", 20, "post_nms_topN", 7, "nms_thresh", 0.7, "min_size", 1.0, "eta", 1.0,
        ),
        lambda: ops.generate_proposals(
            floats(1, 3, 4, 4), floats(1, 12, 4, 4, seed=1), IMAGE, ANCHORS, paddle.ones_like(ANCHORS),
            20, 7, 0.7, 1.0, 1.0, return_rois_num=True,
        ),
    ),
    "matrix_nms": (
        lambda: kernels.matrix_nms(
            boxes(8).unsqueeze(0), floats(1, 3, 8), "score_threshold", 0.1, "post_threshold", 0.0, "nms_top_k", 6,
            "keep_top_k", 5, "background_label", -1,
        ),
        lambda: [
            ops.matrix_nms(boxes(8).unsqueeze(0), floats(1, 3, 8), 0.1, 0.0, 6, 5, background_label=-1,
                           return_index=True)[place]
            for place in (0, 2, 1)
        ],
    ),
}  # fmt: skip


def arrays(result):
    if isinstance(result, list | tuple):
        return [array for part in result for array in arrays(part)]
    return [result.numpy()]


@pytest.mark.parametrize(("kernel", "function"), ROWS.values(), ids=ROWS)
def test_kernels_are_the_functions(kernel, function):
    found, wanted = arrays(kernel()), arrays(function())
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_helper_knows_its_arguments():
    helper = LayerHelper("multiclass_nms", name=None, keep_top_k=3)
    assert (helper.name, helper.layer_type, helper.kwargs["keep_top_k"]) == ("multiclass_nms", "multiclass_nms", 3)
    with pytest.raises(AttributeError, match=r"LayerHelper.append_op: fxtraced does not build static programs oper"):
        helper.append_op(type="multiclass_nms")


def test_gradients_of_one_process_are_those_of_all():
    from fxtraced.distributed.fleet.utils.hybrid_parallel_util import fused_allreduce_gradients

    layer = paddle.nn.Linear(2, 1)
    layer(paddle.ones([1, 2])).sum().backward()
    fused_allreduce_gradients(list(layer.parameters()), None)
    assert layer.weight.grad.tolist() == [[1.0], [1.0]]
