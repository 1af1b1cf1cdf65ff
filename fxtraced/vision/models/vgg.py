"""VGG (paddle.vision.models.vgg), with Paddle's state-dict keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fxtraced import nn
from fxtraced.tensor.manipulation import flatten
from fxtraced.vision.models._utils import no_pretrained

_WIDTHS = (64, 128, 256, 512, 512)
# Convolutions before each of the five poolings, by the depth of the network.
_STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Layer):
    """features, pooling to 7x7 and three linear layers: x [N, 3, H, W] -> [N, num_classes].

    With num_classes <= 0 there is no `classifier` and the result is [N, 512, 7, 7]; with with_pool=False there is no
    pooling to 7x7 before it.
    """

    def __init__(self, features: Any, num_classes: int = 1000, with_pool: bool = True):
        super().__init__()
        self.features = features
        self.num_classes = num_classes
        self.with_pool = with_pool
        if with_pool:
            self.avgpool = nn.AdaptiveAvgPool2D((7, 7))
        if num_classes > 0:
            self.classifier = nn.Sequential(
                nn.Linear(512 * 7 * 7, 4096),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(4096, num_classes),
            )

    def forward(self, x: Any) -> Any:
        x = self.features(x)
        if self.with_pool:
            x = self.avgpool(x)
        if self.num_classes > 0:
            x = self.classifier(flatten(x, 1))
        return x


def make_layers(cfg: Sequence[Any], batch_norm: bool = False) -> Any:
    """The features for a list of widths of convolutions, where "M" is a pooling."""
    layers: list[Any] = []
    channels = 3
    for step in cfg:
        if step == "M":
            layers.append(nn.MaxPool2D(2, 2))
            continue
        layers.append(nn.Conv2D(channels, step, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2D(step))
        layers.append(nn.ReLU())
        channels = step
    return nn.Sequential(*layers)


def _vgg(depth: int, pretrained: bool, batch_norm: bool, kwargs: dict[str, Any]) -> VGG:
    no_pretrained(f"vgg{depth}", pretrained)
    steps: list[Any] = []
    for width, count in zip(_WIDTHS, _STAGES[depth], strict=True):
        steps += [width] * count + ["M"]
    return VGG(make_layers(steps, batch_norm), **kwargs)


def vgg11(pretrained: bool = False, batch_norm: bool = False, **kwargs: Any) -> VGG:
    """VGG-11, with batch norm after each convolution if batch_norm; further arguments are VGG's.

    Raises ValueError when pretrained is True: load weights yourself.
    """
    return _vgg(11, pretrained, batch_norm, kwargs)


def vgg13(pretrained: bool = False, batch_norm: bool = False, **kwargs: Any) -> VGG:
    """VGG-13; arguments as vgg11."""
    return _vgg(13, pretrained, batch_norm, kwargs)


def vgg16(pretrained: bool = False, batch_norm: bool = False, **kwargs: Any) -> VGG:
    """VGG-16; arguments as vgg11."""
    return _vgg(16, pretrained, batch_norm, kwargs)


def vgg19(pretrained: bool = False, batch_norm: bool = False, **kwargs: Any) -> VGG:
    """VGG-19; arguments as vgg11."""
    return _vgg(19, pretrained, batch_norm, kwargs)
