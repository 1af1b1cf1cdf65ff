"""Models of PaddleDetection, built from the configurations in its repository: whole detectors without a suppression of
boxes, and backbone and neck of the others.

    scripts/zoo --source PaddleDetection --models scripts/zoo_models/paddledetection.py ...

Needs PyYAML and six on both sides. Each function gives a model and the shape of its image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paddle


class Features(paddle.nn.Layer):
    """Backbone and neck of a detector, or of the one in a tracker, on an image."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        detector = getattr(detector, "detector", detector)
        self.backbone = detector.backbone
        self.neck = getattr(detector, "neck", None)

    def forward(self, image: Any) -> Any:
        features = self.backbone({"image": image})
        return features if self.neck is None else self.neck(features)


class Detections(paddle.nn.Layer):
    """A whole detector, on images that were not resized."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, image: Any) -> Any:
        ones = paddle.ones([image.shape[0], 2])
        sizes = ones * paddle.to_tensor([image.shape[2], image.shape[3]], dtype="float32")
        return self.detector({"image": image, "im_shape": sizes, "scale_factor": ones})


def _model(file: str, height: int, width: int, whole: bool = False) -> tuple[Any, list[int]]:
    """What a configuration describes, without the weights that it would download, for images of this size."""
    import ppdet
    from ppdet.core.workspace import create, load_config

    configs = Path(next(iter(ppdet.__path__))).parent / "configs"
    config = load_config(str(configs / f"{file}.yml"))
    for part in config.values():
        if isinstance(part, dict) and part.get("pretrained"):
            part["pretrained"] = None
    if config.get("eval_size"):
        config["eval_size"] = [height, width]
    detector = create(config.architecture)
    return (Detections if whole else Features)(detector), [1, 3, height, width]


def picodet_s_lcnet():
    return _model("picodet/picodet_s_320_coco_lcnet", 160, 160)


def picodet_esnet():
    return _model("picodet/legacy_model/picodet_s_320_coco", 160, 160)


def ppyoloe_plus_s():
    return _model("ppyoloe/ppyoloe_plus_crn_s_80e_coco", 160, 160)


def ppyoloe_convnext_tiny():
    return _model("convnext/ppyoloe_convnext_tiny_36e_coco", 160, 160)


def ppyolo_tiny():
    return _model("ppyolo/ppyolo_tiny_650e_coco", 160, 160)


def ppyolov2_r50_dcn():
    return _model("ppyolo/ppyolov2_r50vd_dcn_365e_coco", 128, 128)


def yolov3_darknet53():
    return _model("yolov3/yolov3_darknet53_270e_coco", 128, 128)


def yolov3_mobilenet_v3():
    return _model("yolov3/yolov3_mobilenet_v3_large_270e_coco", 160, 160)


def yolox_nano():
    return _model("yolox/yolox_nano_300e_coco", 160, 160)


def yolof_r50():
    return _model("yolof/yolof_r50_c5_1x_coco", 128, 128)


def rtdetr_r18():
    return _model("rtdetr/rtdetr_r18vd_6x_coco", 160, 160, whole=True)


def rtdetr_hgnetv2_l():
    return _model("rtdetr/rtdetr_hgnetv2_l_6x_coco", 160, 160)


def detr_r50():
    return _model("detr/detr_r50_1x_coco", 128, 128, whole=True)


def fcos_r50():
    return _model("fcos/fcos_r50_fpn_1x_coco", 128, 128)


def gfl_r18():
    return _model("gfl/gfl_r18vd_1x_coco", 128, 128)


def ssdlite_ghostnet():
    return _model("ssd/ssdlite_ghostnet_320_coco", 320, 320)


def ssd_vgg16():
    return _model("ssd/ssd_vgg16_300_240e_voc", 300, 300)


def ttfnet_pafnet_lite():
    return _model("ttfnet/pafnet_lite_mobilenet_v3_20x_coco", 160, 160)


def centernet_dla34():
    return _model("centernet/centernet_dla34_140e_coco", 128, 128)


def faster_rcnn_hrnet_w18():
    return _model("hrnet/faster_rcnn_hrnetv2p_w18_1x_coco", 128, 128)


def keypoint_lite_hrnet_18():
    return _model("keypoint/lite_hrnet/lite_hrnet_18_256x192_coco", 256, 192)


def res2net50():
    return _model("res2net/faster_rcnn_res2net50_vb_26w_4s_fpn_1x_coco", 128, 128)


def fairmot_hardnet85():
    return _model("mot/fairmot/fairmot_enhance_hardnet85_30e_1088x608", 128, 128)
