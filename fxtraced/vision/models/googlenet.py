"""GoogLeNet (paddle.vision.models.googlenet), with Paddle's state-dict keys."""

from __future__ import annotations

import math
from typing import Any

from fxtraced import nn
from fxtraced.nn import functional as F
from fxtraced.tensor.manipulation import concat, flatten
from fxtraced.vision.models._utils import no_pretrained, uniform

# Of each block: input channels, then the filters of its convolutions 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5 and pooled.
_BLOCKS = {
    "_ince3a": (192, 64, 96, 128, 16, 32, 32),
    "_ince3b": (256, 128, 128, 192, 32, 96, 64),
    "_ince4a": (480, 192, 96, 208, 16, 48, 64),
    "_ince4b": (512, 160, 112, 224, 24, 64, 64),
    "_ince4c": (512, 128, 128, 256, 24, 64, 64),
    "_ince4d": (512, 112, 144, 288, 32, 64, 64),
    "_ince4e": (528, 256, 160, 320, 32, 128, 128),
    "_ince5a": (832, 256, 160, 320, 32, 128, 128),
    "_ince5b": (832, 384, 192, 384, 48, 128, 128),
}


class ConvLayer(nn.Layer):
    """A convolution without bias that keeps the size at stride 1."""

    def __init__(self, num_channels: int, num_filters: int, filter_size: int, stride: int = 1):
        super().__init__()
        padding = (filter_size - 1) // 2
        self._conv = nn.Conv2D(num_channels, num_filters, filter_size, stride, padding, bias_attr=False)

    def forward(self, inputs: Any) -> Any:
        return self._conv(inputs)


class Inception(nn.Layer):
    """Convolutions 1x1, 3x3, 5x5 and a pooling side by side: x [N, C, H, W] -> [N, filters of all four, H, W].

    The only ReLU is the one over all of them.
    """

    def __init__(
        self,
        input_channels: int,
        filter1: int,
        filter3R: int,
        filter3: int,
        filter5R: int,
        filter5: int,
        proj: int,
    ):
        super().__init__()
        self._conv1 = ConvLayer(input_channels, filter1, 1)
        self._conv3r = ConvLayer(input_channels, filter3R, 1)
        self._conv3 = ConvLayer(filter3R, filter3, 3)
        self._conv5r = ConvLayer(input_channels, filter5R, 1)
        self._conv5 = ConvLayer(filter5R, filter5, 5)
        self._pool = nn.MaxPool2D(3, 1, 1)
        self._convprj = ConvLayer(input_channels, proj, 1)

    def forward(self, inputs: Any) -> Any:
        wide = self._conv3(self._conv3r(inputs))
        wider = self._conv5(self._conv5r(inputs))
        pooled = self._convprj(self._pool(inputs))
        return F.relu(concat([self._conv1(inputs), wide, wider, pooled], 1))


class GoogLeNet(nn.Layer):
    """x [N, 3, 224, 224] -> three tensors [N, num_classes]: the result and those of the two auxiliary classifiers.

    With num_classes <= 0 there are no classifiers and the results are [N, 1024, 1, 1], [N, 512, 3, 3] and
    [N, 528, 3, 3]; with with_pool=False there is no average pooling before them. Dropout scales in inference.
    """

    def __init__(self, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        self.num_classes = num_classes
        self.with_pool = with_pool
        self._conv = ConvLayer(3, 64, 7, 2)
        self._pool = nn.MaxPool2D(3, 2)
        self._conv_1 = ConvLayer(64, 64, 1)
        self._conv_2 = ConvLayer(64, 192, 3)
        for name, numbers in _BLOCKS.items():
            self.add_sublayer(name, Inception(*numbers))
        if with_pool:
            self._pool_5 = nn.AdaptiveAvgPool2D(1)
            self._pool_o1 = nn.AvgPool2D(5, 3)
            self._pool_o2 = nn.AvgPool2D(5, 3)
        if num_classes > 0:
            final = {"weight_attr": uniform(math.sqrt(3 / 1024))}
            hidden = {"weight_attr": uniform(math.sqrt(3 / 2048))}
            self._drop = nn.Dropout(0.4, mode="downscale_in_infer")
            self._fc_out = nn.Linear(1024, num_classes, **final)
            self._conv_o1 = ConvLayer(512, 128, 1)
            self._fc_o1 = nn.Linear(1152, 1024, **hidden)
            self._drop_o1 = nn.Dropout(0.7, mode="downscale_in_infer")
            self._out1 = nn.Linear(1024, num_classes, **final)
            self._conv_o2 = ConvLayer(528, 128, 1)
            self._fc_o2 = nn.Linear(1152, 1024, **hidden)
            self._drop_o2 = nn.Dropout(0.7, mode="downscale_in_infer")
            self._out2 = nn.Linear(1024, num_classes, **final)

    def forward(self, inputs: Any) -> Any:
        x = self._pool(self._conv(inputs))
        x = self._pool(self._conv_2(self._conv_1(x)))
        x = self._pool(self._ince3b(self._ince3a(x)))
        first = self._ince4a(x)
        second = self._ince4d(self._ince4c(self._ince4b(first)))
        x = self._pool(self._ince4e(second))
        x = self._ince5b(self._ince5a(x))
        if self.with_pool:
            x, first, second = self._pool_5(x), self._pool_o1(first), self._pool_o2(second)
        if self.num_classes > 0:
            x = self._fc_out(flatten(self._drop(x), 1))
            # As in Paddle, only the first auxiliary classifier has a ReLU.
            first = F.relu(self._fc_o1(flatten(self._conv_o1(first), 1)))
            first = self._out1(self._drop_o1(first))
            second = self._fc_o2(flatten(self._conv_o2(second), 1))
            second = self._out2(self._drop_o2(second))
        return [x, first, second]


def googlenet(pretrained: bool = False, **kwargs: Any) -> GoogLeNet:
    """GoogLeNet; further arguments are GoogLeNet's. Raises ValueError when pretrained is True."""
    no_pretrained("googlenet", pretrained)
    return GoogLeNet(**kwargs)
