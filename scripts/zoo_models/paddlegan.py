"""Generators of PaddleGAN: translation of images, super resolution, restoration, video, faces.

    scripts/zoo --source PaddleGAN --models scripts/zoo_models/paddlegan.py ...

Needs munch on both sides. Each function gives a model of one float32 input and its shape. What takes several has them
cut out of it; noise that a model draws itself is given to it. Nothing is downloaded: what would be gets weights as all
others do.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import ppgan
from paddle import nn
from zoo_calling import Calling
from zoo_source import add_bare_package

# The __init__ of these imports all models, and what only some of them need.
for _name in ("ppgan.models", "ppgan.models.generators"):
    add_bare_package(_name, Path(ppgan.__path__[0]).parent)

import ppgan.utils.download  # noqa: E402 - it needs the packages

_NO_WEIGHTS = str(Path(tempfile.mkdtemp(), "none.pdparams"))
paddle.save({"none": paddle.zeros([1])}, _NO_WEIGHTS)
ppgan.utils.download.get_path_from_url = lambda *_, **__: _NO_WEIGHTS

IMAGE = [1, 3, 64, 64]


def _with_noise(model: Any) -> Any:
    """A model whose buffers of noise, drawn when it is built, are the same everywhere."""
    random = np.random.RandomState(0)
    for name, buffer in model.named_buffers():
        if "noise" in name:
            buffer.set_value(random.standard_normal(buffer.shape).astype("float32"))
    return model


# Translation


def resnet_9blocks():
    from ppgan.models.generators.resnet import ResnetGenerator

    return ResnetGenerator(3, 3, 32, n_blocks=9), IMAGE


def unet_256():
    from ppgan.models.generators.unet import UnetGenerator

    return UnetGenerator(3, 3, 6, 32), IMAGE


def animegan():
    from ppgan.models.generators.generater_animegan import AnimeGenerator

    return AnimeGenerator(), IMAGE


def animegan_lite():
    from ppgan.models.generators.generater_animegan import AnimeGeneratorLite

    return AnimeGeneratorLite(), IMAGE


def ugatit():
    from ppgan.models.generators.resnet_ugatit import ResnetUGATITGenerator

    return ResnetUGATITGenerator(3, 3, 32, n_blocks=4, img_size=64, light=True), IMAGE


def ugatit_p2c():
    from ppgan.models.generators.resnet_ugatit_p2c import ResnetUGATITP2CGenerator

    return ResnetUGATITP2CGenerator(img_size=64), IMAGE


def starganv2():
    from ppgan.models.generators.generator_starganv2 import StarGANv2Generator

    return Calling(StarGANv2Generator(64, w_hpf=0), lambda model, x: model(x, x[:, 0, 0])), IMAGE


def starganv2_with_masks():
    from ppgan.models.generators.generator_starganv2 import StarGANv2Generator

    def call(model: Any, x: Any) -> Any:
        masks = [nn.functional.interpolate(x[:, :1], size=[n, n]) for n in (16, 32, 64)]
        return model(x, x[:, 0, 0], masks)

    return Calling(StarGANv2Generator(64, w_hpf=1), call), IMAGE


def lapstyle_encoder():
    from ppgan.models.generators.generater_lapstyle import Encoder

    return Encoder(), IMAGE


def lapstyle_revision():
    from ppgan.models.generators.generater_lapstyle import RevisionNet

    return RevisionNet(), [1, 6, 64, 64]


# Super resolution and restoration


def rcan():
    from ppgan.models.generators.rcan import RCAN

    return RCAN(4, 3, 3, 32), IMAGE


def rrdb():
    from ppgan.models.generators.rrdb_net import RRDBNet

    return RRDBNet(3, 3, 32, 4), IMAGE


def lesrcnn():
    from ppgan.models.generators.lesrcnn import LESRCNNGenerator

    return LESRCNNGenerator(), IMAGE


def pan():
    from ppgan.models.generators.pan import PAN

    return PAN(3, 3, 40, 24, 4), IMAGE


def drn():
    from ppgan.models.generators.drn import DRNGenerator

    return DRNGenerator((2, 4), n_blocks=4), IMAGE


def nafnet():
    from ppgan.models.generators.nafnet import NAFNet

    return NAFNet(width=16, enc_blk_nums=[1, 1, 2], dec_blk_nums=[1, 1, 1]), IMAGE


def nafnet_local():
    from ppgan.models.generators.nafnet import NAFNetLocal

    return NAFNetLocal(width=16, enc_blk_nums=[1, 2], dec_blk_nums=[1, 1], train_size=(1, 3, 64, 64)), IMAGE


def swinir():
    from ppgan.models.generators.swinir import SwinIR

    model = SwinIR(img_size=64, embed_dim=60, depths=[2, 2], num_heads=[6, 6], window_size=8, upscale=2, img_range=1.0,
                   upsampler="pixelshuffledirect")  # fmt: skip
    return model, IMAGE


def mprnet():
    from ppgan.models.generators.mpr import MPRNet

    return MPRNet(n_feat=32, scale_unetfeats=16, scale_orsnetfeats=16, num_cab=2), IMAGE


def prenet():
    from ppgan.models.generators.prenet import PReNet

    return PReNet(), IMAGE


def invdn():
    from ppgan.models.generators.invdn import InvDN

    def call(model: Any, x: Any) -> Any:
        return model(x, paddle.concat([nn.functional.interpolate(x, scale_factor=0.25)] * 16, 1)[:, :45])

    return Calling(InvDN(block_num=[2, 2]), call), IMAGE


def aotgan():
    from ppgan.models.generators.generater_aotgan import InpaintGenerator

    return InpaintGenerator([1, 2, 4, 8], 2), [1, 4, 64, 64]


# Videos: [batch, frames, 3, height, width]


def edvr():
    from ppgan.models.generators.edvr import EDVRNet

    return EDVRNet(nf=32, front_RBs=2, back_RBs=2), [1, 5, 3, 32, 32]


def basicvsr():
    from ppgan.models.generators.basicvsr import BasicVSRNet

    return BasicVSRNet(mid_channels=16, num_blocks=2), [1, 3, 3, 64, 64]


def basicvsr_plus_plus():
    from ppgan.models.generators.basicvsr_plus_plus import BasicVSRPlusPlus

    return BasicVSRPlusPlus(mid_channels=16, num_blocks=2), [1, 3, 3, 64, 64]


def msvsr():
    from ppgan.models.generators.msvsr import MSVSR

    return MSVSR(mid_channels=16, num_blocks=1, num_init_blocks=1), [1, 3, 3, 64, 64]


# Faces and noise


def dcgan():
    from ppgan.models.generators.dcgenerator import DCGenerator

    return DCGenerator(100, 3, 3, 16), [1, 100, 1, 1]


def deep_conv():
    from ppgan.models.generators.deep_conv import DeepConvGenerator

    return DeepConvGenerator(64, 3, 32, 16), [1, 64]


def conditional_deep_conv():
    from ppgan.models.generators.deep_conv import ConditionalDeepConvGenerator

    def call(model: Any, x: Any) -> Any:
        return model(x, paddle.cast(paddle.abs(x[:, 0]) * 3, "int64") % 10)

    return Calling(ConditionalDeepConvGenerator(64, 3, 10, size=32, ngf=16), call), [1, 64]


def styleganv2():
    from ppgan.models.generators.generator_styleganv2 import StyleGANv2Generator

    return Calling(
        _with_noise(StyleGANv2Generator(64, 64, 4)), lambda model, x: model([x], randomize_noise=False)[0]
    ), [1, 64]


def styleganv2_truncated():
    from ppgan.models.generators.generator_styleganv2 import StyleGANv2Generator

    def call(model: Any, x: Any) -> Any:
        latent = paddle.zeros([1, 64])
        return model([x[:, 0], x[:, 1]], truncation=0.7, truncation_latent=latent, inject_index=4,
                     randomize_noise=False)[0]  # fmt: skip

    return Calling(_with_noise(StyleGANv2Generator(64, 64, 4)), call), [1, 2, 64]


def gpen():
    from ppgan.models.generators.generator_styleganv2 import StyleGANv2Generator

    sys.modules["ppgan.models.generators"].StyleGANv2Generator = StyleGANv2Generator
    from ppgan.models.generators.gpen import GPEN

    return Calling(_with_noise(GPEN(64, 64, 4)), lambda model, x: model(x)[0]), IMAGE


def gfpgan():
    from ppgan.models.generators.gfpganv1_clean_arch import GFPGANv1Clean

    def call(model: Any, x: Any) -> Any:
        return model(x, return_rgb=False, randomize_noise=False)[0]

    model = GFPGANv1Clean(64, 64, num_mlp=2, narrow=0.25, input_is_latent=True, different_w=True)
    return Calling(_with_noise(model), call), IMAGE


def wav2lip():
    from ppgan.models.generators.wav2lip import Wav2Lip

    def call(model: Any, x: Any) -> Any:
        return model(x[:, :1, :80, :16], x)

    return Calling(Wav2Lip(), call), [1, 6, 96, 96]
