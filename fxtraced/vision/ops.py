"""Operations of detection networks (paddle.vision.ops)."""

from types import FunctionType

from fxtraced.framework.calls import name_calls
from fxtraced.vision._boxes import box_coder, distribute_fpn_proposals, prior_box, yolo_box
from fxtraced.vision._conv_norm import ConvNormActivation as ConvNormActivation
from fxtraced.vision._deformable import DeformConv2D, deform_conv2d
from fxtraced.vision._files import decode_jpeg, read_file
from fxtraced.vision._nms import matrix_nms, nms
from fxtraced.vision._proposals import generate_proposals
from fxtraced.vision._roi import PSRoIPool, RoIAlign, RoIPool, psroi_pool, roi_align, roi_pool
from fxtraced.vision._yolo_loss import yolo_loss

__all__ = [
    "DeformConv2D",
    "PSRoIPool",
    "RoIAlign",
    "RoIPool",
    "box_coder",
    "decode_jpeg",
    "deform_conv2d",
    "distribute_fpn_proposals",
    "generate_proposals",
    "matrix_nms",
    "nms",
    "prior_box",
    "psroi_pool",
    "read_file",
    "roi_align",
    "roi_pool",
    "yolo_box",
    "yolo_loss",
]

name_calls([globals()[name] for name in __all__ if isinstance(globals()[name], FunctionType)])
