"""A classifier in the shape in which repositories of models are written."""

from __future__ import absolute_import, division, print_function

import paddle
import paddle.nn as nn
import paddle.nn.functional as F
from paddle import ParamAttr
from paddle.nn.initializer import KaimingNormal, TruncatedNormal
from paddle.regularizer import L2Decay

from ....utils import logger
from ....utils.save_load import load_dygraph_pretrain
from ..base.registry import ACTIVATIONS, register

MODEL_URLS = {
    "TinyNet_x0_5": "https://example.com/TinyNet_x0_5_pretrained.pdparams",
    "TinyNet_x1_0": "https://example.com/TinyNet_x1_0_pretrained.pdparams",
    "TinyNet_fused": "",
    "TinyNet_sized": "",
    "TinyNet_downloaded": "",
}

__all__ = list(MODEL_URLS.keys())


@register
class Scaled(nn.Layer):
    def __init__(self):
        super().__init__()
        self.scale = self.create_parameter([1], default_initializer=nn.initializer.Constant(1.0))

    def forward(self, x):
        return F.relu(x) * self.scale


class ConvBNLayer(nn.Layer):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, groups=1, act="scaled"):
        super().__init__()
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=(kernel_size - 1) // 2,
            groups=groups,
            weight_attr=ParamAttr(initializer=KaimingNormal()),
            bias_attr=False)
        self.bn = nn.BatchNorm(
            out_channels,
            param_attr=ParamAttr(regularizer=L2Decay(0.0)),
            bias_attr=ParamAttr(regularizer=L2Decay(0.0)))
        self.act = ACTIVATIONS[act]()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class TinyNet(nn.Layer):
    def __init__(self, scale=1.0, class_num=10):
        super().__init__()
        width = int(8 * scale)
        self.blocks = nn.Sequential(
            ConvBNLayer(3, width, 3, stride=4), ConvBNLayer(width, width, 3, groups=width))
        self.avg_pool = nn.AdaptiveAvgPool2D(1)
        self.flatten = nn.Flatten(start_axis=1, stop_axis=-1)
        self.fc = nn.Linear(width, class_num, weight_attr=ParamAttr(initializer=TruncatedNormal(std=0.02)))
        logger.info("built")

    def forward(self, x):
        x = self.avg_pool(self.blocks(x))
        return self.fc(self.flatten(x))


class SizedTinyNet(TinyNet):
    def forward(self, x):
        assert x.shape[-1] == 112, "this one takes 112 pixels"
        return F.softmax(super().forward(x))


def _load_pretrained(pretrained, model, url):
    if pretrained:
        load_dygraph_pretrain(model, url)


def TinyNet_x0_5(pretrained=False, **kwargs):
    model = TinyNet(scale=0.5, **kwargs)
    _load_pretrained(pretrained, model, MODEL_URLS["TinyNet_x0_5"])
    return model


def TinyNet_x1_0(pretrained=True, **kwargs):
    model = TinyNet(scale=1.0, **kwargs)
    _load_pretrained(pretrained, model, MODEL_URLS["TinyNet_x1_0"])
    return model


def TinyNet_fused(class_num):
    return nn.Sequential(TinyNet(class_num=class_num), paddle.incubate.nn.FusedLinear(class_num, 2))


def TinyNet_sized():
    return SizedTinyNet()


def TinyNet_downloaded():
    model = TinyNet()
    load_dygraph_pretrain(model, MODEL_URLS["TinyNet_downloaded"])
    return model
