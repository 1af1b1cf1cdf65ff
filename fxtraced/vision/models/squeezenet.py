"""SqueezeNet 1.0 and 1.1 (paddle.vision.models.squeezenet), with Paddle's state-dict keys."""

from __future__ import annotations

from typing import Any

from fxtraced import nn
from fxtraced.nn import functional as F
from fxtraced.tensor.manipulation import concat, flatten
from fxtraced.vision.models._utils import no_pretrained

# By version: channels, kernel and padding of the first convolution, and after which fire modules a pooling stands.
_VERSIONS = {"1.0": (96, 7, 0, (3, 7)), "1.1": (64, 3, 1, (2, 4))}
# Squeezed channels of the eight fire modules; each gives eight times as many.
_SQUEEZED = (16, 16, 32, 32, 48, 48, 64, 64)


class MakeFireConv(nn.Layer):
    """A convolution and ReLU."""

    def __init__(self, input_channels: int, output_channels: int, filter_size: int, padding: int = 0):
        super().__init__()
        self._conv = nn.Conv2D(input_channels, output_channels, filter_size, padding=padding)

    def forward(self, x: Any) -> Any:
        return F.relu(self._conv(x))


class MakeFire(nn.Layer):
    """A fire module: squeeze by a 1x1 convolution, expand by 1x1 and 3x3 convolutions side by side."""

    def __init__(self, input_channels: int, squeeze_channels: int, expand1x1_channels: int, expand3x3_channels: int):
        super().__init__()
        self._conv = MakeFireConv(input_channels, squeeze_channels, 1)
        self._conv_path1 = MakeFireConv(squeeze_channels, expand1x1_channels, 1)
        self._conv_path2 = MakeFireConv(squeeze_channels, expand3x3_channels, 3, padding=1)

    def forward(self, inputs: Any) -> Any:
        x = self._conv(inputs)
        return concat([self._conv_path1(x), self._conv_path2(x)], 1)


class SqueezeNet(nn.Layer):
    """The network of a version, "1.0" or "1.1": x [N, 3, H, W] -> [N, num_classes].

    With with_pool=False the result is what the last convolution gives, [N, num_classes, H / 16, W / 16]. Dropout scales
    in inference, not in training.
    Raises AssertionError for another version.
    """

    def __init__(self, version: str, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        if version not in _VERSIONS:
            raise AssertionError(f"supported versions are {list(_VERSIONS)} but input version is {version}")
        self.version = version
        self.num_classes = num_classes
        self.with_pool = with_pool
        channels, kernel, padding, self._pooled = _VERSIONS[version]
        self._conv = nn.Conv2D(3, channels, kernel, 2, padding)
        self._pool = nn.MaxPool2D(3, 2)
        self._fires = []
        for i, squeezed in enumerate(_SQUEEZED, 1):
            fire = MakeFire(channels, squeezed, 4 * squeezed, 4 * squeezed)
            self._fires.append(self.add_sublayer(f"_conv{i}", fire))
            channels = 8 * squeezed
        self._drop = nn.Dropout(0.5, mode="downscale_in_infer")
        self._conv9 = nn.Conv2D(channels, num_classes, 1)
        self._avg_pool = nn.AdaptiveAvgPool2D(1)

    def forward(self, inputs: Any) -> Any:
        x = self._pool(F.relu(self._conv(inputs)))
        for i, fire in enumerate(self._fires, 1):
            x = fire(x)
            if i in self._pooled:
                x = self._pool(x)
        x = self._conv9(self._drop(x))
        return flatten(self._avg_pool(F.relu(x)), 1) if self.with_pool else x


def _squeezenet(name: str, version: str, pretrained: bool, kwargs: dict[str, Any]) -> SqueezeNet:
    no_pretrained(name, pretrained)
    return SqueezeNet(version, **kwargs)


def squeezenet1_0(pretrained: bool = False, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.0; further arguments are SqueezeNet's. Raises ValueError when pretrained is True."""
    return _squeezenet("squeezenet1_0", "1.0", pretrained, kwargs)


def squeezenet1_1(pretrained: bool = False, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1; arguments as squeezenet1_0."""
    return _squeezenet("squeezenet1_1", "1.1", pretrained, kwargs)
