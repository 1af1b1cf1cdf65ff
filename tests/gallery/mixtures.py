"""Layers that contain torch modules and the reverse, Paddle's own layers, both kinds of tensors."""

from __future__ import annotations

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, i64

F = paddle.nn.functional
G = Gallery("mixtures", style="paddle")


class LayerAroundModules(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.norm = paddle.nn.BatchNorm2D(4)
        self.head = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(2))

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.norm(self.conv(x)), 2))


G.right(f32(2, 3, 8, 8), f32(5, 3, 9, 7))(LayerAroundModules)


class LayerAroundRecurrence(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(8, 4, batch_first=True, bidirectional=True)
        self.norm = torch.nn.GroupNorm(2, 8)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        y = self.norm(y.transpose([0, 2, 1]))
        return y, paddle.concat([h, c], axis=-1)


G.right(f32(2, 5, 8), f32(3, 7, 8), f32(1, 1, 8))(LayerAroundRecurrence)


class ModuleAroundLayers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)
        self.norm = paddle.nn.LayerNorm(4)

    def forward(self, x):
        y = self.norm(self.fc(x))
        return torch.cat([y, x], dim=-1).reshape([x.size(0), 2, -1]).sum(1)


G.right(f32(3, 4), f32(5, 4))(ModuleAroundLayers)


class PaddlesTransformer(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.embed = paddle.nn.Embedding(10, 8)
        layer = paddle.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
        self.encoder = paddle.nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        y = self.embed(x)
        mask = (x == 0).astype("float32").unsqueeze([1, 2]) * -1e9
        return self.encoder(y, mask).mean(axis=1)


G.right(i64(2, 5, high=9), i64(3, 7, high=9), i64(1, 1, high=9))(PaddlesTransformer)


class PaddlesRecurrence(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.lstm = paddle.nn.LSTM(4, 5, num_layers=2, direction="bidirect")
        self.gru = paddle.nn.GRU(10, 3)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        z, last = self.gru(y)
        return z, h, c.transpose([1, 0, 2]), last


G.right(f32(2, 3, 4), f32(3, 5, 4), f32(1, 1, 4))(PaddlesRecurrence)


class CellsByHand(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.cell = paddle.nn.GRUCell(4, 4)

    def forward(self, x):
        h = paddle.zeros([x.shape[1], 4])
        for t in range(x.shape[0]):
            out, h = self.cell(x[t], h)
        return out + h


G.guarded(f32(3, 2, 4), f32(3, 5, 4), f32(4, 2, 4))(CellsByHand)


class SqueezeAndExcite(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(4, 4, 3, padding="SAME", data_format="NCHW")
        self.down, self.up = paddle.nn.Conv2D(4, 2, 1), paddle.nn.Conv2D(2, 4, 1)

    def forward(self, x):
        y = self.conv(x)
        scale = F.hardsigmoid(self.up(F.relu(self.down(y.mean(axis=[2, 3], keepdim=True)))))
        return x + y * scale


G.right(f32(2, 4, 6, 6), f32(1, 4, 5, 9), f32(3, 4, 1, 1))(SqueezeAndExcite)


@G.right(f32(3, 4), f32(5, 4))
def paddles_methods(self, x):
    y = x.transpose([1, 0]).reshape([-1, 2]).astype("float64").cast("float32")
    parts = x.split(2, axis=1)
    return y, parts[1].tile([1, 2]), x.max(axis=1), x.argmax(axis=-1), x.sort(axis=0), x.expand([2, -1, -1]), x.t()


@G.right(f32(3, 4), f32(5, 4))
def paddles_indexing(self, x):
    y = paddle.zeros_like(x)
    y[:, 1:3] = x[:, :2]
    y[..., -1] = 2
    return y, x[[0, 2]], x[::-1], x[:, None, 0], paddle.gather(x, paddle.to_tensor([1, 0])), x[x > 0].sum()


@G.right(f32(2, 3, 4), f32(3, 5, 4))
def paddles_functions(self, x):
    y = paddle.concat([x, x * 2], axis=-1)
    a, b = paddle.split(y, [3, -1], axis=2)
    z = paddle.stack([a.sum(), b.mean()])
    return (
        paddle.flatten(y, 1),
        paddle.squeeze(z.unsqueeze(0), 0),
        F.softmax(y, axis=1),
        paddle.clip(x, -0.5, 0.5),
        F.pad(x, [1, 1], data_format="NCL"),
    )


@G.right([f32(3, 4), f32(3, 4)], lambda rng: [f32(5, 4).tensor(rng), f32(5, 4).tensor(rng)])
def torchs_and_paddles_functions(self, x, y):
    return torch.addmm(x, y, torch.eye(4)) + paddle.matmul(x, y, transpose_y=True).sum(), torch.logsumexp(x, -1)


class SharedBetweenBoth(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)
        self.weight = self.fc.weight

    def forward(self, x):
        return paddle.matmul(self.fc(x), self.weight)


G.right(f32(3, 4), f32(5, 4))(SharedBetweenBoth)


class PaddlesWeightNorm(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)
        paddle.nn.utils.weight_norm(self.fc)

    def forward(self, x):
        return self.fc(x)


G.right(f32(3, 4), f32(5, 4))(PaddlesWeightNorm)


class PaddlesSpectralNorm(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)
        paddle.nn.utils.spectral_norm(self.fc)

    def forward(self, x):
        return self.fc(x)


G.right(f32(3, 4), f32(5, 4))(PaddlesSpectralNorm)


class PaddlesContrast(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.temperature = self.create_parameter([1], default_initializer=paddle.nn.initializer.Constant(2.0))
        self.act = paddle.nn.PReLU()

    def forward(self, x, labels):
        x = F.normalize(self.act(x), axis=1)
        logits = paddle.matmul(x, x, transpose_y=True) * self.temperature
        return F.cross_entropy(logits[:, :4], labels), F.label_smooth(F.one_hot(labels, 4)), paddle.mean(logits)


G.right([f32(4, 3), i64(4, high=3)], [f32(7, 3), i64(7, high=3)])(PaddlesContrast)


@G.right(f32(3, 4), f32(5, 4))
def numbers_out_of_paddle_shape(self, x):
    n = int(paddle.shape(x)[0]) if False else paddle.shape(x)[0]
    return paddle.full([n, 2], 3.0), paddle.expand(x[:1], [n, 4]), paddle.arange(n), paddle.ones([x.shape[0], n])


class TorchCode(torch.nn.Module):
    """What these mean in torch is an error, or something else, in Paddle."""

    def forward(self, x, scale=1.0):
        largest, places = x.max(1)
        parts = x.split(2, dim=1)
        turned = x.transpose(0, 1).contiguous().view(x.size(1), -1)
        spread = x.unsqueeze(-1).expand(-1, -1, -1, 2).mean(dim=(1, 3), keepdim=True)
        return {"largest": largest * scale, "places": places, "first": parts[0], "turned": turned, "spread": spread}


class LayerAroundTorchCode(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.code = TorchCode()
        self.several = torch.nn.ModuleList([TorchCode()])

    def forward(self, x):
        found = self.code(x, scale=2.0)
        return found["largest"].max(axis=1), found["turned"].transpose([1, 0]), self.several[0](x)["spread"].squeeze(1)


G.right(f32(2, 4, 3), f32(5, 4, 3))(LayerAroundTorchCode)


class LayerAroundTorchsTransformer(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        block = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(block, 2, enable_nested_tensor=False)

    def forward(self, x, padding):
        y, weights = self.attention(x, x, x, key_padding_mask=padding)
        return self.encoder(y, src_key_padding_mask=padding).transpose([0, 2, 1]), weights.max(axis=-1)


def _padded(n, length):
    return lambda rng: [f32(n, length, 8).tensor(rng), torch.arange(length).expand(n, length) >= length - 1]


G.right(_padded(2, 5), _padded(3, 7))(LayerAroundTorchsTransformer)


class LayersInATorchModuleInALayer(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.block = ModuleAroundLayers()

    def forward(self, x):
        return self.block(x).max(axis=1)


G.right(f32(3, 4), f32(5, 4))(LayersInATorchModuleInALayer)
