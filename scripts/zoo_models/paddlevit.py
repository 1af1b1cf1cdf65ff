"""Image classifiers of PaddleViT, built from the configurations in its repository.

    scripts/zoo --source PaddleViT --models scripts/zoo_models/paddlevit.py ...

Needs PyYAML and yacs on both sides. Each function gives a model and the shape of its image.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any


def _model(folder: str, module: str, config: str, build: str = "") -> tuple[Any, list[int]]:
    """What a configuration describes. The scripts in a folder import each other by their bare names."""
    import image_classification

    root = Path(next(iter(image_classification.__path__))) / folder
    sys.path.insert(0, str(root))
    described = importlib.import_module("config").get_config(str(root / "configs" / f"{config}.yaml"))
    built = getattr(importlib.import_module(module), build or f"build_{module}")(described)
    return built, [1, 3, described.DATA.IMAGE_SIZE, described.DATA.IMAGE_SIZE]


def botnet50():
    return _model("BoTNet", "botnet", "botnet50", "build_botnet50")


def cait_xxs24():
    return _model("CaiT", "cait", "cait_xxs24_224")


def coat_lite_tiny():
    return _model("CoaT", "coat", "coat_lite_tiny")


def convmlp_s():
    return _model("ConvMLP", "convmlp", "convmlp_s")


def convmixer_768_32():
    return _model("ConvMixer", "convmixer", "convmixer_768_32")


def crossvit_tiny():
    return _model("CrossViT", "crossvit", "crossvit_tiny_224")


def cyclemlp_b1():
    return _model("CycleMLP", "cyclemlp", "cyclemlp_b1")


def ff_only_tiny():
    return _model("FF_Only", "ffonly", "ff_only_tiny")


def focal_tiny():
    return _model("Focal_Transformer", "focal_transformer", "focal_tiny_patch4_window7_224", "build_focal")


def hvt_ti():
    return _model("HVT", "hvt", "hvt_ti_1_patch16_224")


def halonet_26t():
    return _model("HaloNet", "halonet", "halonet_26t_256")


def mixer_b16():
    return _model("MLP-Mixer", "mlp_mixer", "mixer_b16_224")


def mobileformer_26m():
    return _model("MobileFormer", "mobileformer", "mobileformer_26m")


def mobileone_s0():
    return _model("MobileOne", "mobileone", "mobileone_s0")


def mobilevit_xxs():
    return _model("MobileViT", "mobilevit", "mobilevit_xxs")


def pit_ti():
    return _model("PiT", "pit", "pit_ti_224")


def poolformer_s12():
    return _model("PoolFormer", "poolformer", "poolformer_s12")


def repmlp_b():
    return _model("RepMLP", "repmlp", "repmlp_b_224")


def resmlp_12():
    return _model("ResMLP", "resmlp", "resmlp_12_224")


def rest_lite():
    return _model("ResT", "rest", "rest_lite")


def shuffle_tiny():
    return _model(
        "Shuffle_Transformer",
        "shuffle_transformer",
        "shuffle_vit_tiny_patch4_window7_224",
    )


def t2t_vit_7():
    return _model("T2T_ViT", "t2t_vit", "t2t_vit_7")


def volo_d1():
    return _model("VOLO", "volo", "volo_d1_224")


def vip_s7():
    return _model("ViP", "vip", "vip_s7")


def xcit_nano():
    return _model("XCiT", "xcit", "xcit_nano_12_p16_224")


def gmlp_s16():
    return _model("gMLP", "gmlp", "gmlp_s16_224")


def beit_base():
    return _model("BEiT", "beit", "beit_base_patch16_224")
