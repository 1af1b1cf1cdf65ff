"""The models of scripts/bench.py: random weights by seed, inference mode, each with its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fxtraced as paddle

nn, F = paddle.nn, paddle.nn.functional

Model = tuple[Any, list[Any]]


class Encoder(nn.Layer):
    """Token ids through a Transformer encoder (BERT-base by default)."""

    def __init__(self, vocabulary: int = 30522, width: int = 768, layers: int = 12, heads: int = 12):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(512, width)
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, activation="gelu")
        self.encoder = nn.TransformerEncoder(block, layers)

    def forward(self, ids: Any) -> Any:
        return self.encoder(self.tokens(ids) + self.positions(paddle.arange(ids.shape[1])))


class VisionTransformer(nn.Layer):
    """ViT-B/16."""

    def __init__(self, width: int = 768, layers: int = 12, heads: int = 12):
        super().__init__()
        self.patches = nn.Conv2D(3, width, 16, stride=16)
        self.first = self.create_parameter([1, 1, width])
        self.positions = self.create_parameter([1, 197, width])
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, activation="gelu", normalize_before=True)
        self.encoder = nn.TransformerEncoder(block, layers, nn.LayerNorm(width))
        self.head = nn.Linear(width, 1000)

    def forward(self, x: Any) -> Any:
        x = self.patches(x).flatten(2).transpose([0, 2, 1])
        x = paddle.concat([self.first.expand([x.shape[0], -1, -1]), x], axis=1) + self.positions
        return self.head(self.encoder(x)[:, 0])


def _block(inputs: int, outputs: int, stride: Any = 1) -> Any:
    return nn.Sequential(nn.Conv2D(inputs, outputs, 3, stride, 1, bias_attr=False), nn.BatchNorm2D(outputs), nn.ReLU())


class CRNN(nn.Layer):
    """A line of text, 32 pixels high, through convolutions and a bidirectional LSTM."""

    def __init__(self) -> None:
        super().__init__()
        widths = [3, 32, 64, 128, 256]
        strides = [2, 2, (2, 1), (2, 1)]
        self.backbone = nn.Sequential(*map(_block, widths, widths[1:], strides))
        self.rnn = nn.LSTM(512, 96, num_layers=2, direction="bidirectional")
        self.head = nn.Linear(192, 6625)

    def forward(self, x: Any) -> Any:
        x = self.backbone(x).transpose([0, 3, 1, 2]).flatten(2)
        return F.softmax(self.head(self.rnn(x)[0]), axis=2)


class Tagger(nn.Layer):
    """Token ids through two bidirectional GRUs, with a label for each."""

    def __init__(self, vocabulary: int = 30522, width: int = 128, hidden: int = 256, labels: int = 57):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.rnn = nn.GRU(width, hidden, num_layers=2, direction="bidirectional")
        self.head = nn.Linear(2 * hidden, labels)

    def forward(self, ids: Any) -> Any:
        return self.head(self.rnn(self.tokens(ids))[0])


class UNet(nn.Layer):
    """Four levels of two convolutions, with transposed convolutions on the way up."""

    def __init__(self, width: int = 32, levels: int = 4):
        super().__init__()
        widths = [width << i for i in range(levels)]
        pairs = zip([3, *widths], widths, strict=False)
        self.down = nn.LayerList([nn.Sequential(_block(a, b), _block(b, b)) for a, b in pairs])
        self.up = nn.LayerList([nn.Conv2DTranspose(2 * w, w, 2, stride=2) for w in widths[-2::-1]])
        self.join = nn.LayerList([nn.Sequential(_block(2 * w, w), _block(w, w)) for w in widths[-2::-1]])
        self.head = nn.Conv2D(width, 2, 1)

    def forward(self, x: Any) -> Any:
        kept = []
        for i, level in enumerate(self.down):
            x = level(F.max_pool2d(x, 2) if i else x)
            kept.append(x)
        for up, join, side in zip(self.up, self.join, kept[-2::-1], strict=True):
            x = join(paddle.concat([side, up(x)], axis=1))
        return self.head(x)


def _mlp() -> Any:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


MODELS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "Linear(3, 10)": (lambda: nn.Linear(3, 10), (2, 3)),
    "MLP 784-512-512-10": (_mlp, (8, 784)),
    "ResNet-50, batch 1": (paddle.vision.models.resnet50, (1, 3, 224, 224)),
    "ResNet-50, batch 8": (paddle.vision.models.resnet50, (8, 3, 224, 224)),
    "MobileNetV3-large": (paddle.vision.models.mobilenet_v3_large, (1, 3, 224, 224)),
    "BERT-base, 128 tokens": (Encoder, (1, 128)),
    "ViT-B/16": (VisionTransformer, (1, 3, 224, 224)),
    "CRNN with LSTM": (CRNN, (1, 3, 32, 320)),
    "Tagger with GRU": (Tagger, (1, 64)),
    "U-Net": (UNet, (1, 3, 256, 256)),
}


def make(name: str) -> Model:
    """A model in inference mode, with its inputs; the statistics of its batch norms are not those of a new layer."""
    build, shape = MODELS[name]
    paddle.seed(0)
    random = np.random.RandomState(0)
    layer = build()
    layer.eval()
    for module in layer.sublayers(include_self=True):
        if isinstance(module, nn.BatchNorm2D):
            size = module._mean.shape
            module._mean.set_value(random.uniform(-0.1, 0.1, size).astype("float32"))
            module._variance.set_value(random.uniform(0.8, 1.2, size).astype("float32"))
    is_text = isinstance(layer, Encoder | Tagger)
    values = random.randint(0, 30522, shape) if is_text else random.uniform(-1, 1, shape)
    dtype = "int64" if is_text else "float32"
    return layer, [paddle.to_tensor(values.astype(dtype))]
