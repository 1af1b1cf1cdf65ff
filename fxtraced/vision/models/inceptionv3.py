"""InceptionV3 (paddle.vision.models.inceptionv3), with Paddle's state-dict keys."""

from __future__ import annotations

import math
from typing import Any

from fxtraced import nn
from fxtraced.tensor.manipulation import concat, reshape
from fxtraced.vision._conv_norm import ConvNormActivation
from fxtraced.vision.models._utils import no_pretrained, uniform


def _across(in_channels: int, out_channels: int, size: int = 7) -> Any:
    """A convolution 1 x size."""
    return ConvNormActivation(in_channels, out_channels, (1, size), padding=(0, size // 2))


def _down(in_channels: int, out_channels: int, size: int = 7) -> Any:
    """A convolution size x 1."""
    return ConvNormActivation(in_channels, out_channels, (size, 1), padding=(size // 2, 0))


def _pool() -> Any:
    return nn.AvgPool2D(3, 1, 1, exclusive=False)


class InceptionStem(nn.Layer):
    """x [N, 3, H, W] -> [N, 192, about H / 8, about W / 8]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_1a_3x3 = ConvNormActivation(3, 32, 3, 2, 0)
        self.conv_2a_3x3 = ConvNormActivation(32, 32, 3, 1, 0)
        self.conv_2b_3x3 = ConvNormActivation(32, 64, 3)
        self.max_pool = nn.MaxPool2D(3, 2)
        self.conv_3b_1x1 = ConvNormActivation(64, 80, 1)
        self.conv_4a_3x3 = ConvNormActivation(80, 192, 3, 1, 0)

    def forward(self, x: Any) -> Any:
        x = self.conv_2b_3x3(self.conv_2a_3x3(self.conv_1a_3x3(x)))
        x = self.conv_4a_3x3(self.conv_3b_1x1(self.max_pool(x)))
        return self.max_pool(x)


class InceptionA(nn.Layer):
    """x [N, C, H, W] -> [N, 224 + pool_features, H, W]."""

    def __init__(self, num_channels: int, pool_features: int):
        super().__init__()
        self.branch1x1 = ConvNormActivation(num_channels, 64, 1)
        self.branch5x5_1 = ConvNormActivation(num_channels, 48, 1)
        self.branch5x5_2 = ConvNormActivation(48, 64, 5)
        self.branch3x3dbl_1 = ConvNormActivation(num_channels, 64, 1)
        self.branch3x3dbl_2 = ConvNormActivation(64, 96, 3)
        self.branch3x3dbl_3 = ConvNormActivation(96, 96, 3)
        self.branch_pool = _pool()
        self.branch_pool_conv = ConvNormActivation(num_channels, pool_features, 1)

    def forward(self, x: Any) -> Any:
        single = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        pooled = self.branch_pool_conv(self.branch_pool(x))
        return concat([self.branch1x1(x), single, double, pooled], 1)


class InceptionB(nn.Layer):
    """x [N, C, H, W] -> [N, C + 480, about H / 2, about W / 2]."""

    def __init__(self, num_channels: int):
        super().__init__()
        self.branch3x3 = ConvNormActivation(num_channels, 384, 3, 2, 0)
        self.branch3x3dbl_1 = ConvNormActivation(num_channels, 64, 1)
        self.branch3x3dbl_2 = ConvNormActivation(64, 96, 3)
        self.branch3x3dbl_3 = ConvNormActivation(96, 96, 3, 2, 0)
        self.branch_pool = nn.MaxPool2D(3, 2)

    def forward(self, x: Any) -> Any:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return concat([self.branch3x3(x), double, self.branch_pool(x)], 1)


class InceptionC(nn.Layer):
    """x [N, C, H, W] -> [N, 768, H, W], with channels_7x7 channels between the convolutions of 7."""

    def __init__(self, num_channels: int, channels_7x7: int):
        super().__init__()
        self.branch1x1 = ConvNormActivation(num_channels, 192, 1)
        self.branch7x7_1 = ConvNormActivation(num_channels, channels_7x7, 1)
        self.branch7x7_2 = _across(channels_7x7, channels_7x7)
        self.branch7x7_3 = _down(channels_7x7, 192)
        self.branch7x7dbl_1 = ConvNormActivation(num_channels, channels_7x7, 1)
        self.branch7x7dbl_2 = _down(channels_7x7, channels_7x7)
        self.branch7x7dbl_3 = _across(channels_7x7, channels_7x7)
        self.branch7x7dbl_4 = _down(channels_7x7, channels_7x7)
        self.branch7x7dbl_5 = _across(channels_7x7, 192)
        self.branch_pool = _pool()
        self.branch_pool_conv = ConvNormActivation(num_channels, 192, 1)

    def forward(self, x: Any) -> Any:
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        pooled = self.branch_pool_conv(self.branch_pool(x))
        return concat([self.branch1x1(x), single, double, pooled], 1)


class InceptionD(nn.Layer):
    """x [N, C, H, W] -> [N, C + 512, about H / 2, about W / 2]."""

    def __init__(self, num_channels: int):
        super().__init__()
        self.branch3x3_1 = ConvNormActivation(num_channels, 192, 1)
        self.branch3x3_2 = ConvNormActivation(192, 320, 3, 2, 0)
        self.branch7x7x3_1 = ConvNormActivation(num_channels, 192, 1)
        self.branch7x7x3_2 = _across(192, 192)
        self.branch7x7x3_3 = _down(192, 192)
        self.branch7x7x3_4 = ConvNormActivation(192, 192, 3, 2, 0)
        self.branch_pool = nn.MaxPool2D(3, 2)

    def forward(self, x: Any) -> Any:
        wide = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return concat([self.branch3x3_2(self.branch3x3_1(x)), self.branch7x7x3_4(wide), self.branch_pool(x)], 1)


class InceptionE(nn.Layer):
    """x [N, C, H, W] -> [N, 2048, H, W]."""

    def __init__(self, num_channels: int):
        super().__init__()
        self.branch1x1 = ConvNormActivation(num_channels, 320, 1)
        self.branch3x3_1 = ConvNormActivation(num_channels, 384, 1)
        self.branch3x3_2a = _across(384, 384, 3)
        self.branch3x3_2b = _down(384, 384, 3)
        self.branch3x3dbl_1 = ConvNormActivation(num_channels, 448, 1)
        self.branch3x3dbl_2 = ConvNormActivation(448, 384, 3)
        self.branch3x3dbl_3a = _across(384, 384, 3)
        self.branch3x3dbl_3b = _down(384, 384, 3)
        self.branch_pool = _pool()
        self.branch_pool_conv = ConvNormActivation(num_channels, 192, 1)

    def forward(self, x: Any) -> Any:
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool_conv(self.branch_pool(x)),
        ]
        return concat(parts, 1)


class InceptionV3(nn.Layer):
    """x [N, 3, 299, 299] (at least 75) -> [N, num_classes].

    With num_classes <= 0 there is no `fc` and the result is [N, 2048, 1, 1]; with with_pool=False there is no average
    pooling before it. Dropout scales in inference, not in training.
    """

    def __init__(self, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        self.num_classes = num_classes
        self.with_pool = with_pool
        self.inception_stem = InceptionStem()
        self.inception_block_list = nn.LayerList(
            [
                InceptionA(192, 32),
                InceptionA(256, 64),
                InceptionA(288, 64),
                InceptionB(288),
                InceptionC(768, 128),
                InceptionC(768, 160),
                InceptionC(768, 160),
                InceptionC(768, 192),
                InceptionD(768),
                InceptionE(1280),
                InceptionE(2048),
            ]
        )
        if with_pool:
            self.avg_pool = nn.AdaptiveAvgPool2D(1)
        if num_classes > 0:
            self.dropout = nn.Dropout(0.2, mode="downscale_in_infer")
            self.fc = nn.Linear(2048, num_classes, weight_attr=uniform(1 / math.sqrt(2048)))

    def forward(self, x: Any) -> Any:
        x = self.inception_stem(x)
        for block in self.inception_block_list:
            x = block(x)
        if self.with_pool:
            x = self.avg_pool(x)
        if self.num_classes > 0:
            x = self.fc(self.dropout(reshape(x, [-1, 2048])))
        return x


def inception_v3(pretrained: bool = False, **kwargs: Any) -> InceptionV3:
    """InceptionV3; further arguments are InceptionV3's. Raises ValueError when pretrained is True."""
    no_pretrained("inception_v3", pretrained)
    return InceptionV3(**kwargs)
