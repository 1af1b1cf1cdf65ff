"""MobileNetV1 (paddle.vision.models.mobilenetv1), with Paddle's state-dict keys."""

from __future__ import annotations

from typing import Any

from fxtraced import nn
from fxtraced.tensor.manipulation import flatten
from fxtraced.vision._conv_norm import ConvNormActivation
from fxtraced.vision.models._utils import no_pretrained

# Name, output channels and stride of each block; a block's input channels are the outputs of the one before.
_BLOCKS = (
    ("conv2_1", 64, 1),
    ("conv2_2", 128, 2),
    ("conv3_1", 128, 1),
    ("conv3_2", 256, 2),
    ("conv4_1", 256, 1),
    ("conv4_2", 512, 2),
    *((f"conv5_{i}", 512, 1) for i in range(1, 6)),
    ("conv5_6", 1024, 2),
    ("conv6", 1024, 1),
)


class DepthwiseSeparable(nn.Layer):
    """A 3x3 convolution on each channel and a 1x1 convolution across them; the numbers of channels are scaled."""

    def __init__(
        self, in_channels: int, out_channels1: int, out_channels2: int, num_groups: int, stride: int, scale: float
    ):
        super().__init__()
        width = int(out_channels1 * scale)
        groups = int(num_groups * scale)
        self._depthwise_conv = ConvNormActivation(in_channels, width, 3, stride, 1, groups=groups)
        self._pointwise_conv = ConvNormActivation(width, int(out_channels2 * scale), 1, 1, 0)

    def forward(self, x: Any) -> Any:
        return self._pointwise_conv(self._depthwise_conv(x))


class MobileNetV1(nn.Layer):
    """x [N, 3, H, W] -> [N, num_classes]; scale multiplies all numbers of channels.

    With num_classes <= 0 there is no `fc` and the result is [N, 1024 * scale, 1, 1]; with with_pool=False there is no
    average pooling before it.
    """

    def __init__(self, scale: float = 1.0, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        self.scale = scale
        self.num_classes = num_classes
        self.with_pool = with_pool
        self.conv1 = ConvNormActivation(3, int(32 * scale), 3, 2, 1)
        self.dwsl = []
        channels = 32
        for name, width, stride in _BLOCKS:
            block = DepthwiseSeparable(int(channels * scale), channels, width, channels, stride, scale)
            self.dwsl.append(self.add_sublayer(name, block))
            channels = width
        if with_pool:
            self.pool2d_avg = nn.AdaptiveAvgPool2D(1)
        if num_classes > 0:
            self.fc = nn.Linear(int(1024 * scale), num_classes)

    def forward(self, x: Any) -> Any:
        x = self.conv1(x)
        for block in self.dwsl:
            x = block(x)
        if self.with_pool:
            x = self.pool2d_avg(x)
        if self.num_classes > 0:
            x = self.fc(flatten(x, 1))
        return x


def mobilenet_v1(pretrained: bool = False, scale: float = 1.0, **kwargs: Any) -> MobileNetV1:
    """MobileNetV1; further arguments are MobileNetV1's. Raises ValueError when pretrained is True."""
    no_pretrained("mobilenet_v1", pretrained)
    return MobileNetV1(scale=scale, **kwargs)
