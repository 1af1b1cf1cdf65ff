"""Models of PaddleSeg, built from the configurations in its repository.

    scripts/zoo --source PaddleSeg --models scripts/zoo_models/paddleseg.py ...

Needs PyYAML on both sides. Each function gives a model and the shape of its image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def _model(file: str, height: int = 128, width: int = 128) -> tuple[Any, list[int]]:
    """What a configuration describes, without the weights that it would download."""
    import paddleseg
    from paddleseg.cvlibs import Config, SegBuilder

    configs = Path(next(iter(paddleseg.__path__))).parent / "configs"
    config = Config(str(configs / f"{file}.yml"))
    for part in (config.dic["model"], config.dic["model"].get("backbone", {})):
        if part.get("pretrained"):
            part["pretrained"] = None
    return SegBuilder(config).model, [1, 3, height, width]


def pp_liteseg_stdc1():
    return _model("pp_liteseg/pp_liteseg_stdc1_camvid_960x720_10k")


def unet():
    return _model("unet/unet_drive_128x128_40k")


def unet_3plus():
    return _model("unet_3plus/unet_3plus_cityscapes_1024x512_160k", 64, 64)


def unet_plusplus():
    return _model("unet_plusplus/unet_plusplus_cityscapes_1024x512_160k", 64, 64)


def u2netp():
    return _model("u2net/u2netp_cityscapes_1024x512_160k")


def segformer_b0():
    return _model("segformer/segformer_b0_cityscapes_1024x512_160k")


def ocrnet_hrnetw18():
    return _model("ocrnet/ocrnet_hrnetw18_cityscapes_1024x512_160k")


def deeplabv3p_resnet50():
    return _model("deeplabv3p/deeplabv3p_resnet50_os8_voc12aug_512x512_40k")


def bisenetv2():
    return _model("bisenet/bisenet_cityscapes_1024x1024_160k")


def stdc1_seg():
    return _model("stdcseg/stdc1_seg_voc12aug_512x512_40k")


def ddrnet23():
    return _model("ddrnet/ddrnet23_cityscapes_1024x1024_120k")


def pidnet_small():
    return _model("pidnet/pidnet_small_cityscapes_1024x1024_120k")


def segnext_small():
    return _model("segnext/segnext_mscan_s_cityscapes_1024x1024_160k")


def knet_fcn_resnet50():
    return _model("knet/knet_s3_fcn_resnet50_ade20k_512x512_80k")


def maskformer_swin_small():
    return _model("maskformer/maskformer_swin_small_ade20k_512x512_160k")


def lraspp_mobilenetv3():
    return _model("lraspp/lraspp_mobilenetv3_cityscapes_1024x512_80k")


def topformer_tiny():
    return _model("topformer/topformer_tiny_ade20k_512x512_160k")


def rtformer_slim():
    return _model("rtformer/rtformer_slim_ade20k_512x512_160k")


def seaformer_small():
    return _model("seaformer/seaformer_small_ade20k_512x512_160k")


def efficientformerv2_s2():
    return _model("efficientformerv2/efficientformerv2_s2_ade20k_512x512_40k", 512, 512)


def hardnet():
    return _model("hardnet/hardnet_cityscapes_1024x1024_160k")


def mobileseg_litehrnet18():
    return _model("mobileseg/mobileseg_litehrnet18_cityscapes_1024x512_80k")


def espnetv2():
    return _model("espnet/espnet_cityscapes_1024x512_120k")


def emanet_resnet50():
    return _model("emanet/emanet_resnet50_os8_cityscapes_1024x512_80k")


def isanet_resnet50():
    return _model("isanet/isanet_resnet50_os8_cityscapes_769x769_80k")


def pointrend_resnet50():
    return _model("pointrend/pointrend_resnet50_os8_cityscapes_1024x512_80k")


def enet():
    return _model("enet/enet_cityscapes_1024x512_80k")


def fastscnn():
    return _model("fastscnn/fastscnn_cityscapes_1024x1024_160k")


def danet_resnet50():
    return _model("danet/danet_resnet50_os8_voc12aug_512x512_40k")


def ccnet_resnet101():
    return _model("ccnet/ccnet_resnet101_os8_cityscapes_769x769_60k", 96, 96)


def glore_resnet50():
    return _model("glore/glore_resnet50_os8_voc12aug_512x512_40k")


def sfnet_resnet18():
    return _model("sfnet/sfnet_resnet18_os8_cityscapes_1024x1024_80k")


def pp_mobileseg_tiny():
    return _model("pp_mobileseg/pp_mobileseg_tiny_ade20k_512x512_80k")


def portraitnet():
    return _model("portraitnet/portraitnet_eg1800_224x224_46k", 224, 224)


def segnet():
    return _model("segnet/segnet_cityscapes_1024x512_80k")


def dmnet_resnet101():
    return _model("dmnet/dmnet_resnet101_os8_cityscapes_1024x512_80k", 96, 96)
