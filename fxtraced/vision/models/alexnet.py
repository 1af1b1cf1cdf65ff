"""AlexNet (paddle.vision.models.alexnet), with Paddle's state-dict keys."""

from __future__ import annotations

import math
from typing import Any

from fxtraced import nn
from fxtraced.nn import functional as F
from fxtraced.tensor.manipulation import flatten
from fxtraced.vision.models._utils import no_pretrained, uniform


def _conv(in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int) -> Any:
    bound = 1 / math.sqrt(in_channels * kernel_size * kernel_size)
    return nn.Conv2D(
        in_channels, out_channels, kernel_size, stride, padding, weight_attr=uniform(bound), bias_attr=uniform(bound)
    )


class ConvPoolLayer(nn.Layer):
    """A convolution, ReLU and 3x3 pooling at stride 2."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int):
        super().__init__()
        self.relu = nn.ReLU()
        self._conv = _conv(in_channels, out_channels, kernel_size, stride, padding)
        self._pool = nn.MaxPool2D(3, 2)

    def forward(self, inputs: Any) -> Any:
        return self._pool(self.relu(self._conv(inputs)))


class AlexNet(nn.Layer):
    """x [N, 3, 224, 224] -> [N, num_classes]; with num_classes <= 0 the result is [N, 256, 6, 6].

    Dropout scales in inference, not in training.
    """

    def __init__(self, num_classes: int = 1000):
        super().__init__()
        self.num_classes = num_classes
        self._conv1 = ConvPoolLayer(3, 64, 11, 4, 2)
        self._conv2 = ConvPoolLayer(64, 192, 5, 1, 2)
        self._conv3 = _conv(192, 384, 3, 1, 1)
        self._conv4 = _conv(384, 256, 3, 1, 1)
        self._conv5 = ConvPoolLayer(256, 256, 3, 1, 1)
        if num_classes > 0:
            size = 256 * 6 * 6
            both = {"weight_attr": uniform(1 / math.sqrt(size)), "bias_attr": uniform(1 / math.sqrt(size))}
            self._drop1 = nn.Dropout(0.5, mode="downscale_in_infer")
            self._fc6 = nn.Linear(size, 4096, **both)
            self._drop2 = nn.Dropout(0.5, mode="downscale_in_infer")
            self._fc7 = nn.Linear(4096, 4096, **both)
            self._fc8 = nn.Linear(4096, num_classes, **both)

    def forward(self, inputs: Any) -> Any:
        x = self._conv2(self._conv1(inputs))
        x = self._conv5(F.relu(self._conv4(F.relu(self._conv3(x)))))
        if self.num_classes > 0:
            x = F.relu(self._fc6(self._drop1(flatten(x, 1))))
            x = self._fc8(F.relu(self._fc7(self._drop2(x))))
        return x


def alexnet(pretrained: bool = False, **kwargs: Any) -> AlexNet:
    """AlexNet; further arguments are AlexNet's. Raises ValueError when pretrained is True: load weights yourself."""
    no_pretrained("alexnet", pretrained)
    return AlexNet(**kwargs)
