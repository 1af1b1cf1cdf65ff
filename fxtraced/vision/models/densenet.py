"""DenseNet (paddle.vision.models.densenet), with Paddle's state-dict keys."""

from __future__ import annotations

import math
from typing import Any

from fxtraced import nn
from fxtraced.nn import functional as F
from fxtraced.tensor.manipulation import concat, flatten
from fxtraced.vision.models._utils import no_pretrained, uniform

# First channels, growth and layers of the four blocks, by the depth of the network.
_SIZES = {
    121: (64, 32, [6, 12, 24, 16]),
    161: (96, 48, [6, 12, 36, 24]),
    169: (64, 32, [6, 12, 32, 32]),
    201: (64, 32, [6, 12, 48, 32]),
    264: (64, 32, [6, 12, 64, 48]),
}


class BNACConvLayer(nn.Layer):
    """Batch norm, ReLU and a convolution without bias."""

    def __init__(self, num_channels: int, num_filters: int, filter_size: int, stride: int = 1, pad: int = 0):
        super().__init__()
        self._batch_norm = nn.BatchNorm2D(num_channels)
        self._conv = nn.Conv2D(num_channels, num_filters, filter_size, stride, pad, bias_attr=False)

    def forward(self, input: Any) -> Any:
        return self._conv(F.relu(self._batch_norm(input)))


class DenseLayer(nn.Layer):
    """x [N, C, H, W] -> [N, C + growth_rate, H, W]: the new channels behind those of x.

    Dropout scales in inference, not in training.
    """

    def __init__(self, num_channels: int, growth_rate: int, bn_size: int, dropout: float):
        super().__init__()
        self.dropout = dropout
        self.bn_ac_func1 = BNACConvLayer(num_channels, bn_size * growth_rate, 1)
        self.bn_ac_func2 = BNACConvLayer(bn_size * growth_rate, growth_rate, 3, pad=1)
        if dropout:
            self.dropout_func = nn.Dropout(dropout, mode="downscale_in_infer")

    def forward(self, input: Any) -> Any:
        new = self.bn_ac_func2(self.bn_ac_func1(input))
        if self.dropout > 0:
            new = self.dropout_func(new)
        return concat([input, new], 1)


class DenseBlock(nn.Layer):
    """num_layers dense layers: x [N, C, H, W] -> [N, C + num_layers * growth_rate, H, W]."""

    def __init__(
        self, num_channels: int, num_layers: int, bn_size: int, growth_rate: int, dropout: float, name: str = "conv"
    ):
        super().__init__()
        self.dropout = dropout
        self.dense_layer_func = [
            self.add_sublayer(
                f"{name}_{i + 1}", DenseLayer(num_channels + i * growth_rate, growth_rate, bn_size, dropout)
            )
            for i in range(num_layers)
        ]

    def forward(self, input: Any) -> Any:
        for layer in self.dense_layer_func:
            input = layer(input)
        return input


class TransitionLayer(nn.Layer):
    """x [N, C, H, W] -> [N, num_output_features, H / 2, W / 2]."""

    def __init__(self, num_channels: int, num_output_features: int):
        super().__init__()
        self.conv_ac_func = BNACConvLayer(num_channels, num_output_features, 1)
        self.pool2d_avg = nn.AvgPool2D(2, 2)

    def forward(self, input: Any) -> Any:
        return self.pool2d_avg(self.conv_ac_func(input))


class ConvBNLayer(nn.Layer):
    """A convolution without bias, batch norm and ReLU."""

    def __init__(self, num_channels: int, num_filters: int, filter_size: int, stride: int = 1, pad: int = 0):
        super().__init__()
        self._conv = nn.Conv2D(num_channels, num_filters, filter_size, stride, pad, bias_attr=False)
        self._batch_norm = nn.BatchNorm2D(num_filters)

    def forward(self, input: Any) -> Any:
        return F.relu(self._batch_norm(self._conv(input)))


class DenseNet(nn.Layer):
    """The network of `layers` layers: x [N, 3, H, W] -> [N, num_classes].

    With num_classes <= 0 there is no `out` and the result is [N, C, 1, 1]; with with_pool=False there is no average
    pooling before it. Raises AssertionError for another number of layers.
    """

    def __init__(
        self,
        layers: int = 121,
        bn_size: int = 4,
        dropout: float = 0.0,
        num_classes: int = 1000,
        with_pool: bool = True,
    ):
        super().__init__()
        if layers not in _SIZES:
            raise AssertionError(f"supported layers are {list(_SIZES)} but input layer is {layers}")
        channels, growth, self.block_config = _SIZES[layers]
        self.num_classes = num_classes
        self.with_pool = with_pool
        self.conv1_func = ConvBNLayer(3, channels, 7, 2, 3)
        self.pool2d_max = nn.MaxPool2D(3, 2, 1)
        self.dense_block_func_list = []
        self.transition_func_list = []
        for stage, count in enumerate(self.block_config, 2):
            block = DenseBlock(channels, count, bn_size, growth, dropout, f"conv{stage}")
            self.dense_block_func_list.append(self.add_sublayer(f"db_conv_{stage}", block))
            channels += count * growth
            if stage < 5:
                narrower = TransitionLayer(channels, channels // 2)
                self.transition_func_list.append(self.add_sublayer(f"tr_conv{stage}_blk", narrower))
                channels //= 2
        self.batch_norm = nn.BatchNorm2D(channels)
        if with_pool:
            self.pool2d_avg = nn.AdaptiveAvgPool2D(1)
        if num_classes > 0:
            self.out = nn.Linear(channels, num_classes, weight_attr=uniform(1 / math.sqrt(channels)))

    def forward(self, input: Any) -> Any:
        x = self.pool2d_max(self.conv1_func(input))
        first, *others = self.dense_block_func_list
        x = first(x)
        for transition, block in zip(self.transition_func_list, others, strict=True):
            x = block(transition(x))
        x = F.relu(self.batch_norm(x))
        if self.with_pool:
            x = self.pool2d_avg(x)
        if self.num_classes > 0:
            x = self.out(flatten(x, 1))
        return x


def _densenet(layers: int, pretrained: bool, kwargs: dict[str, Any]) -> DenseNet:
    no_pretrained(f"densenet{layers}", pretrained)
    return DenseNet(layers=layers, **kwargs)


def densenet121(pretrained: bool = False, **kwargs: Any) -> DenseNet:
    """DenseNet-121; further arguments are DenseNet's. Raises ValueError when pretrained is True."""
    return _densenet(121, pretrained, kwargs)


def densenet161(pretrained: bool = False, **kwargs: Any) -> DenseNet:
    """DenseNet-161; arguments as densenet121."""
    return _densenet(161, pretrained, kwargs)


def densenet169(pretrained: bool = False, **kwargs: Any) -> DenseNet:
    """DenseNet-169; arguments as densenet121."""
    return _densenet(169, pretrained, kwargs)


def densenet201(pretrained: bool = False, **kwargs: Any) -> DenseNet:
    """DenseNet-201; arguments as densenet121."""
    return _densenet(201, pretrained, kwargs)


def densenet264(pretrained: bool = False, **kwargs: Any) -> DenseNet:
    """DenseNet-264; arguments as densenet121."""
    return _densenet(264, pretrained, kwargs)
