"""MobileNetV2 (paddle.vision.models.mobilenetv2), with Paddle's state-dict keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fxtraced import nn
from fxtraced.tensor.manipulation import flatten
from fxtraced.vision._conv_norm import ConvNormActivation
from fxtraced.vision.models._utils import _make_divisible, no_pretrained

# Expansion, output channels, blocks and first stride of each stage.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(nn.Layer):
    """Widen, convolve each channel, narrow: x [N, inp, H, W] -> [N, oup, H / stride, W / stride].

    x is added where the result has its shape.
    """

    def __init__(
        self, inp: int, oup: int, stride: int, expand_ratio: float, norm_layer: Callable[..., Any] = nn.BatchNorm2D
    ):
        super().__init__()
        if stride not in (1, 2):
            raise AssertionError(f"InvertedResidual: stride must be 1 or 2, but received {stride}")
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        width = round(inp * expand_ratio)
        block = partial(ConvNormActivation, norm_layer=norm_layer, activation_layer=nn.ReLU6)
        widen = [] if expand_ratio == 1 else [block(inp, width, 1)]
        self.conv = nn.Sequential(
            *widen,
            block(width, width, stride=stride, groups=width),
            nn.Conv2D(width, oup, 1, bias_attr=False),
            norm_layer(oup),
        )

    def forward(self, x: Any) -> Any:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Layer):
    """x [N, 3, H, W] -> [N, num_classes]; scale multiplies the numbers of channels, in multiples of eight.

    With num_classes <= 0 there is no `classifier` and the result is [N, 1280 or more, 1, 1]; with with_pool=False
    there is no average pooling before it.
    """

    def __init__(self, scale: float = 1.0, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        self.num_classes = num_classes
        self.with_pool = with_pool
        self.last_channel = _make_divisible(1280 * max(1.0, scale))
        channels = _make_divisible(32 * scale)
        features: list[Any] = [ConvNormActivation(3, channels, stride=2, activation_layer=nn.ReLU6)]
        for expansion, width, blocks, first_stride in _STAGES:
            width = _make_divisible(width * scale)
            for stride in (first_stride, *[1] * (blocks - 1)):
                features.append(InvertedResidual(channels, width, stride, expansion))
                channels = width
        features.append(ConvNormActivation(channels, self.last_channel, 1, activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*features)
        if with_pool:
            self.pool2d_avg = nn.AdaptiveAvgPool2D(1)
        if num_classes > 0:
            self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(self.last_channel, num_classes))

    def forward(self, x: Any) -> Any:
        x = self.features(x)
        if self.with_pool:
            x = self.pool2d_avg(x)
        if self.num_classes > 0:
            x = self.classifier(flatten(x, 1))
        return x


def mobilenet_v2(pretrained: bool = False, scale: float = 1.0, **kwargs: Any) -> MobileNetV2:
    """MobileNetV2; further arguments are MobileNetV2's. Raises ValueError when pretrained is True."""
    no_pretrained("mobilenet_v2", pretrained)
    return MobileNetV2(scale=scale, **kwargs)
