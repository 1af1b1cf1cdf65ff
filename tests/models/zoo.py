"""The constructors of paddle.vision.models as sample models; a row has the parts of a module of tests.models.

FULL has every constructor at the size it is meant for. VARIANTS have other arguments, at sizes that are quick.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One call of a constructor, and the images [batch, *shape] it takes."""

    NAME: str
    constructor: str
    arguments: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, int, int] = (3, 224, 224)
    batch: int = 1

    def make(self, paddle: Any) -> Any:
        return getattr(paddle.vision.models, self.constructor)(**self.arguments)

    def inputs(self, np: Any, batch: int | None = None) -> list[Any]:
        state = np.random.RandomState(zlib.crc32(self.NAME.encode()))
        return [state.standard_normal((batch or self.batch, *self.shape)).astype("float32")]


def full(name: str) -> Row:
    if name == "LeNet":
        return Row(name, name, shape=(1, 28, 28))
    return Row(name, name, shape=(3, 299, 299) if name == "inception_v3" else (3, 224, 224))


def variant(name: str, constructor: str, size: int = 64, channels: int = 3, **arguments: Any) -> Row:
    return Row(name, constructor, arguments, (channels, size, size), 2)


FULL = [
    full(name)
    for name in (
        "LeNet", "alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "resnet34", "resnet50", "resnet101",
        "resnet152", "resnext50_32x4d", "resnext50_64x4d", "resnext101_32x4d", "resnext101_64x4d", "resnext152_32x4d",
        "resnext152_64x4d", "wide_resnet50_2", "wide_resnet101_2", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small",
        "mobilenet_v3_large", "densenet121", "densenet161", "densenet169", "densenet201", "densenet264", "googlenet",
        "inception_v3", "shufflenet_v2_x0_25", "shufflenet_v2_x0_33", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0",
        "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", "shufflenet_v2_swish", "squeezenet1_0", "squeezenet1_1",
    )
]  # fmt: skip
# The least of each family whose weights are quick to make: VGG's linear layers are not.
SMALLEST = (
    "LeNet", "resnet18", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "googlenet",
    "inception_v3", "shufflenet_v2_x0_25", "squeezenet1_1",
)  # fmt: skip
VARIANTS = [
    variant("lenet_features", "LeNet", 28, 1, num_classes=0),
    variant("alexnet_features", "alexnet", 96, num_classes=0),
    variant("vgg11_bn_features", "vgg11", batch_norm=True, num_classes=0),
    variant("vgg13_maps", "vgg13", 32, num_classes=-1, with_pool=False),
    variant("resnext50_10", "resnext50_32x4d", num_classes=10),
    variant("resnet18_maps", "resnet18", num_classes=0, with_pool=False),
    variant("mobilenet_v1_third", "mobilenet_v1", scale=0.33, num_classes=10),
    variant("mobilenet_v2_third", "mobilenet_v2", scale=0.35, num_classes=0),
    variant("mobilenet_v2_wide", "mobilenet_v2", 32, scale=1.4, num_classes=5),
    variant("mobilenet_v3_small_half", "mobilenet_v3_small", scale=0.5, num_classes=10),
    variant("mobilenet_v3_large_maps", "mobilenet_v3_large", scale=0.35, num_classes=0, with_pool=False),
    variant("densenet121_dropout", "densenet121", 32, bn_size=2, dropout=0.3, num_classes=10),
    variant("googlenet_maps", "googlenet", num_classes=0, with_pool=False),
    variant("inception_v3_maps", "inception_v3", 75, num_classes=0, with_pool=False),
    variant("shufflenet_v2_swish_10", "ShuffleNetV2", scale=0.25, act="swish", num_classes=10),
    variant("squeezenet1_0_10", "squeezenet1_0", num_classes=10),
    variant("squeezenet1_1_maps", "squeezenet1_1", num_classes=10, with_pool=False),
]

ROWS = {row.NAME: row for row in [*FULL, *VARIANTS]}
