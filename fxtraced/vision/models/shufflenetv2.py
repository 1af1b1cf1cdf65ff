"""ShuffleNetV2 (paddle.vision.models.shufflenetv2), with Paddle's state-dict keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fxtraced import nn
from fxtraced.nn.functional import channel_shuffle
from fxtraced.tensor.manipulation import concat, flatten
from fxtraced.vision._conv_norm import ConvNormActivation
from fxtraced.vision.models._utils import no_pretrained

# Output channels of the first convolution, the three stages and the last convolution, by scale.
_CHANNELS = {
    0.25: (24, 24, 48, 96, 512),
    0.33: (24, 32, 64, 128, 512),
    0.5: (24, 48, 96, 192, 1024),
    1.0: (24, 116, 232, 464, 1024),
    1.5: (24, 176, 352, 704, 1024),
    2.0: (24, 224, 488, 976, 2048),
}
_BLOCKS = (4, 8, 4)


def create_activation_layer(act: str | None) -> Callable[..., Any] | None:
    """The class of an activation. Raises RuntimeError unless act is "relu", "swish" or None."""
    layers: dict[str | None, Any] = {"relu": nn.ReLU, "swish": nn.Swish, None: None}
    if act not in layers:
        raise RuntimeError(f"The activation function is not supported: {act}")
    return layers[act]


class InvertedResidual(nn.Layer):
    """The second half of the channels goes through three convolutions; then the halves are shuffled."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, activation_layer: Callable[..., Any] | None = nn.ReLU
    ):
        super().__init__()
        act, half = activation_layer, out_channels // 2
        self._kept = in_channels // 2
        self._conv_pw = ConvNormActivation(in_channels // 2, half, 1, activation_layer=act)
        self._conv_dw = ConvNormActivation(half, half, 3, stride, groups=half, activation_layer=None)
        self._conv_linear = ConvNormActivation(half, half, 1, activation_layer=act)

    def forward(self, inputs: Any) -> Any:
        kept, changed = inputs[:, : self._kept], inputs[:, self._kept :]
        changed = self._conv_linear(self._conv_dw(self._conv_pw(changed)))
        return channel_shuffle(concat([kept, changed], 1), 2)


class InvertedResidualDS(nn.Layer):
    """Two branches that make the image smaller, each with half of the output channels, shuffled."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, activation_layer: Callable[..., Any] | None = nn.ReLU
    ):
        super().__init__()
        act, half = activation_layer, out_channels // 2
        self._conv_dw_1 = ConvNormActivation(
            in_channels, in_channels, 3, stride, groups=in_channels, activation_layer=None
        )
        self._conv_linear_1 = ConvNormActivation(in_channels, half, 1, activation_layer=act)
        self._conv_pw_2 = ConvNormActivation(in_channels, half, 1, activation_layer=act)
        self._conv_dw_2 = ConvNormActivation(half, half, 3, stride, groups=half, activation_layer=None)
        self._conv_linear_2 = ConvNormActivation(half, half, 1, activation_layer=act)

    def forward(self, inputs: Any) -> Any:
        first = self._conv_linear_1(self._conv_dw_1(inputs))
        second = self._conv_linear_2(self._conv_dw_2(self._conv_pw_2(inputs)))
        return channel_shuffle(concat([first, second], 1), 2)


class ShuffleNetV2(nn.Layer):
    """x [N, 3, H, W] -> [N, num_classes]; scale is 0.25, 0.33, 0.5, 1, 1.5 or 2, act "relu" or "swish".

    With num_classes <= 0 there is no `_fc` and the result is [N, C, 1, 1]; with with_pool=False there is no average
    pooling before it. Raises NotImplementedError for another scale and RuntimeError for another activation.
    """

    def __init__(self, scale: float = 1.0, act: str | None = "relu", num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        if scale not in _CHANNELS:
            raise NotImplementedError(f"This scale size:[{scale}] is not implemented!")
        self.scale = scale
        self.num_classes = num_classes
        self.with_pool = with_pool
        channels, *stages, last = _CHANNELS[scale]
        activation = create_activation_layer(act)
        self._conv1 = ConvNormActivation(3, channels, 3, 2, activation_layer=activation)
        self._max_pool = nn.MaxPool2D(3, 2, 1)
        self._block_list = []
        for stage, (width, count) in enumerate(zip(stages, _BLOCKS, strict=True), 2):
            smaller = InvertedResidualDS(channels, width, 2, activation)
            blocks = [smaller, *[InvertedResidual(width, width, 1, activation) for _ in range(1, count)]]
            for i, block in enumerate(blocks, 1):
                self._block_list.append(self.add_sublayer(f"{stage}_{i}", block))
            channels = width
        self._last_conv = ConvNormActivation(channels, last, 1, activation_layer=activation)
        if with_pool:
            self._pool2d_avg = nn.AdaptiveAvgPool2D(1)
        if num_classes > 0:
            self._fc = nn.Linear(last, num_classes)

    def forward(self, inputs: Any) -> Any:
        x = self._max_pool(self._conv1(inputs))
        for block in self._block_list:
            x = block(x)
        x = self._last_conv(x)
        if self.with_pool:
            x = self._pool2d_avg(x)
        if self.num_classes > 0:
            x = self._fc(flatten(x, 1))
        return x


def _shufflenet_v2(name: str, pretrained: bool, kwargs: dict[str, Any], **fixed: Any) -> ShuffleNetV2:
    no_pretrained(name, pretrained)
    return ShuffleNetV2(**fixed, **kwargs)


def shufflenet_v2_x0_25(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 0.25; further arguments are ShuffleNetV2's. Raises ValueError when pretrained is True."""
    return _shufflenet_v2("shufflenet_v2_x0_25", pretrained, kwargs, scale=0.25)


def shufflenet_v2_x0_33(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 0.33; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_x0_33", pretrained, kwargs, scale=0.33)


def shufflenet_v2_x0_5(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 0.5; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_x0_5", pretrained, kwargs, scale=0.5)


def shufflenet_v2_x1_0(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 1; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_x1_0", pretrained, kwargs, scale=1.0)


def shufflenet_v2_x1_5(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 1.5; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_x1_5", pretrained, kwargs, scale=1.5)


def shufflenet_v2_x2_0(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 2; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_x2_0", pretrained, kwargs, scale=2.0)


def shufflenet_v2_swish(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNetV2 at scale 1 with swish; arguments as shufflenet_v2_x0_25."""
    return _shufflenet_v2("shufflenet_v2_swish", pretrained, kwargs, scale=1.0, act="swish")
