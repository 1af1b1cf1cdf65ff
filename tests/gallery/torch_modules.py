"""Plain torch modules with torch's own methods."""

from __future__ import annotations

import warnings

import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn import functional as F

from tests.gallery.entries import Gallery, f32, i64, mask

G = Gallery("torch modules", style="torch")


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


G.right(f32(2, 5, 8), f32(3, 7, 8), f32(1, 1, 8))(Attention)


class AttentionWithMasks(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x, padding):
        n = x.size(0)
        causal = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
        return self.attention(x, x, x, key_padding_mask=padding, attn_mask=causal, need_weights=False)[0]


def _padded(n, batch):
    return lambda rng: [f32(n, batch, 8).tensor(rng), torch.arange(n).expand(batch, n) >= n - 1]


G.right(_padded(5, 2), _padded(7, 3), _padded(2, 1))(AttentionWithMasks)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        return self.encoder(x)


G.right(f32(2, 5, 8), f32(3, 7, 8))(Encoder)


class EncoderWithAMask(Encoder):
    def forward(self, x):
        causal = nn.Transformer.generate_square_subsequent_mask(x.size(1))
        return self.encoder(x, mask=causal)


G.right(f32(2, 5, 8), f32(3, 5, 8), f32(3, 7, 8))(EncoderWithAMask)


class EncoderInTraining(Encoder):
    pass


G.right(f32(2, 5, 8), f32(3, 7, 8), training=True)(EncoderInTraining)


class WholeTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)

    def forward(self, source, target):
        return self.transformer(source, target)


G.right([f32(2, 5, 8), f32(2, 3, 8)], [f32(3, 7, 8), f32(3, 1, 8)])(WholeTransformer)


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 5, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return out, h.transpose(0, 1).reshape(x.size(0), -1), c


G.right(f32(2, 3, 4), f32(5, 7, 4), f32(1, 1, 4))(LSTM)


class GRUWithAState(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 5)

    def forward(self, x, h):
        out, h = self.gru(x, h)
        return out.relu() + h


G.right([f32(3, 2, 4), f32(1, 2, 5)], [f32(6, 3, 4), f32(1, 3, 5)])(GRUWithAState)


class CellsInALoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 5)

    def forward(self, x):
        h = c = x.new_zeros(x.size(1), 5)
        outs = []
        for step in x.unbind(0):
            h, c = self.cell(step, (h, c))
            outs.append(h)
        return torch.stack(outs)


G.guarded(f32(3, 2, 4), f32(3, 5, 4), f32(4, 2, 4))(CellsInALoop)


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(4, 4, 3, padding="same", groups=2), nn.Hardswish(inplace=True), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.body(x)).log_softmax(-1)


G.right(f32(2, 3, 8, 8), f32(1, 3, 13, 9), f32(0, 3, 8, 8))(Convolutions)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        y = self.norm(self.a(x))
        y += x
        return F.relu(y, inplace=True) + F.relu(x)


G.right(f32(2, 3, 8, 8), f32(1, 3, 5, 9))(Residual)


class TransposedAndUpsampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1)

    def forward(self, x):
        y = self.up(F.gelu(self.down(x)), output_size=x.shape[-2:])
        return torch.cat([x, y], 1) + F.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False).mean()


G.right(f32(2, 3, 8, 8), f32(1, 3, 8, 8))(TransposedAndUpsampled)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, padding=1)
        self.up = nn.Conv2d(7, 2, 1)

    def forward(self, x):
        small = F.max_pool2d(F.relu(self.down(x)), 2)
        big = F.interpolate(small, size=x.shape[2:], mode="nearest")
        pad = x.size(3) - big.size(3)
        return self.up(torch.cat([F.pad(big, [0, pad]), x], dim=1))


G.right(f32(2, 3, 8, 8), f32(1, 3, 9, 7))(UNet)


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, mode="mean")
        self.table = nn.Embedding(10, 4, padding_idx=0)

    def forward(self, x):
        return self.bag(x) + self.table(x).max(dim=1).values


G.right(i64(3, 5, high=9), i64(2, 7, high=9))(Bag)


class EmbeddingWithALargestNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4, max_norm=0.5)

    def forward(self, x):
        return self.table(x)


G.refused("FXT102", i64(3, 5, high=9))(EmbeddingWithALargestNorm)


class WeightNormed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))

    def forward(self, x):
        return self.fc(x)


G.right(f32(3, 4), f32(5, 4))(WeightNormed)


class SpectralNormed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))

    def forward(self, x):
        return self.fc(x)


G.right(f32(3, 4), f32(5, 4))(SpectralNormed)


class SpectralNormedInTraining(SpectralNormed):
    pass


G.right(f32(3, 4), f32(5, 4), training=True)(SpectralNormedInTraining)


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.bilinear = nn.Bilinear(4, 3, 2)
        self.distance = nn.PairwiseDistance()

    def forward(self, x, y):
        return self.bilinear(x, y), self.distance(x, x.roll(1, 0)), F.cosine_similarity(x, x.flip(0)), torch.cdist(x, x)


G.right([f32(3, 4), f32(3, 3)], [f32(5, 4), f32(5, 3)])(Bilinear)


class Losses(nn.Module):
    def forward(self, x, labels):
        return (
            F.cross_entropy(x, labels, ignore_index=1) + F.nll_loss(x.log_softmax(1), labels, reduction="sum")
            + F.mse_loss(x, x * 2) + F.smooth_l1_loss(x, x * 3) + F.kl_div(x, x.softmax(1), reduction="batchmean")
        )  # fmt: skip


G.right([f32(3, 4), i64(3, high=3)], [f32(7, 4), i64(7, high=3)])(Losses)


@G.right(f32(3, 4), f32(5, 4))
def methods_of_many_kinds(self, x):
    y = x.transpose(0, 1).contiguous().view(-1, x.size(0)).permute(1, 0)
    y = y.unsqueeze(1).expand(-1, 2, -1).flatten(1).clamp(-0.5, 0.5)
    return y.norm(dim=1), y.std(0), y.var(dim=1, unbiased=False), y.chunk(2, dim=1)[1], y.sum(dim=(0, 1), keepdim=True)


@G.right(f32(3, 4), f32(5, 4))
def reductions_with_places(self, x):
    values, places = x.max(dim=1)
    low = x.min(0)
    return values, places, low.values, x.median(1)[0], x.kthvalue(2, 1).indices, x.mode(1).values, x.topk(2)[0]


@G.right(f32(3, 4), f32(5, 4), f32(1, 4))
def indexing_of_many_kinds(self, x):
    rows = torch.arange(x.size(0))
    return (
        x[rows, -1],
        x[:, [0, 2]],
        x[None, ..., 1:3],
        x[rows[:, None], torch.tensor([1, 0])],
        x[x > 0].sum(),
        x[-1, ::2],
    )


@G.right(f32(3, 4), f32(5, 4))
def writing_by_index(self, x):
    y = torch.zeros_like(x)
    y[:, 1] = x[:, 0]
    y[torch.arange(x.size(0)), 2] = 7.0
    y[x > 0.5] = -1.0
    y[0] += x[-1]
    y.index_fill_(1, torch.tensor([3]), 2.0)
    return y.scatter(1, torch.zeros(x.size(0), 1, dtype=torch.long), 9.0), y.gather(1, x.argsort(1))


@G.right(f32(2, 3, 4), f32(3, 5, 4))
def einsum_of_many_kinds(self, x):
    return torch.einsum("bij,bkj->bik", x, x), torch.einsum("...i,...i->...", x, x), torch.einsum("bij->j", [x])


@G.right(f32(4, 4), f32(6, 6))
def linear_algebra(self, x):
    spd = x @ x.T + 3 * torch.eye(x.size(0))
    return (
        torch.linalg.solve(spd, x),
        torch.linalg.cholesky(spd),
        torch.linalg.det(spd).log(),
        torch.linalg.norm(x),
        spd.inverse(),
    )


@G.right(f32(3, 4), f32(5, 4))
def functional_of_functions(self, x):
    return torch.cat(
        [f(x) for f in (F.gelu, F.silu, F.softplus, F.elu, F.leaky_relu, F.hardtanh, F.mish, F.celu, F.glu)], -1
    )


@G.right(f32(3, 4), f32(5, 4))
def meshes_and_products(self, x):
    a, b = torch.meshgrid(torch.arange(x.size(0)), torch.arange(x.size(1)), indexing="ij")
    return (a + b) * x, torch.cartesian_prod(a[:, 0], b[0]), torch.outer(x[:, 0], x[0]), torch.kron(x, x)


@G.guarded(f32(3, 4), f32(5, 4), f32(1, 4))
def sizes_that_torch_tells(self, x):
    shape = torch.broadcast_shapes((x.size(0), 1), (1, x.size(1)))
    return torch.ones(shape) * x * x.nelement() + x.numel() * torch.numel(x)


@G.guarded(f32(3, 4), f32(5, 4), f32(3, 3))
def whether_two_tensors_have_one_size(self, x):
    return x * 2 if x.is_same_size(x.t()) or torch.is_same_size(x[:1], x) else x * x.size(0)


@G.right(f32(3, 4), f32(5, 4))
def flattened_and_unflattened(self, x):
    return x.flatten().unflatten(0, (x.size(0), 2, -1)).movedim(0, 1).swapaxes(0, 2).unfold(1, 1, 1)


@G.right(f32(3, 4), f32(5, 4))
def a_tensor_in_a_tensor(self, x):
    y = torch.tensor([x.size(0), 2], dtype=torch.float32, device=x.device)
    return torch.as_tensor(y) * x.sum() + torch.stack([x.sum(), x.mean()]) + torch.scalar_tensor(3)


@G.refused("FXT100", f32(3, 4))
def functions_of_torch_func(self, x):
    return torch.vmap(lambda row: row * 2 + row.sum())(x)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


@G.right(f32(3, 4), f32(5, 4))
def a_function_of_its_own(self, x):
    return Double.apply(x) + 1


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: setattr(self, "fc", nn.Linear(4, 4)))
def checkpointed(self, x):
    return torch.utils.checkpoint.checkpoint(self.fc, x, use_reentrant=False) + x


@G.right(f32(3, 4), f32(5, 4), setup=lambda self, nn: setattr(self, "fc", nn.Linear(4, 4)))
def functional_call(self, x):
    doubled = {name: parameter * 2 for name, parameter in self.fc.named_parameters()}
    return torch.func.functional_call(self.fc, doubled, (x,))


def scripted(self, nn):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        self.fc = torch.jit.script(nn.Linear(4, 4))


@G.refused("FXT100", f32(3, 4), setup=scripted)
def a_scripted_module_inside(self, x):
    return self.fc(x)


@G.refused("FXT100", f32(3, 4))
def autocast_inside(self, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = x @ x.t()
    return y.float() * 1.0, y


@G.right(f32(3, 4), f32(5, 4))
def inference_mode_inside(self, x):
    with torch.inference_mode():
        y = x * 2
    return y + 1


@G.refused("FXT100", f32(3, 4))
def gradients_inside(self, x):
    with torch.enable_grad():
        y = x.clone().requires_grad_()
        (g,) = torch.autograd.grad((y**2).sum(), y)
    return g


@G.right(f32(3, 4), f32(5, 4))
def data_assigned(self, x):
    y = x * 2
    y.data = x * 3
    return y + 1


@G.right(of_complex := (lambda rng: [torch.complex(*(f32(3, 4).tensor(rng) for _ in range(2)))]), of_complex)
def a_part_of_a_complex_number_assigned(self, x):
    y = x.clone()
    y.real = x.imag
    y.imag[0] = 1.0
    return y * 2


@G.right(mask(3, 4), mask(5, 4))
def logic_of_masks(self, m):
    return torch.logical_and(m, ~m[:1]), m.cumsum(1), m.any(1, keepdim=True), torch.where(m)[0]


class AttentionWeightsUsed(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        y, weights = self.attention(x, x, x)
        return torch.relu(weights * 2) @ y


G.right(f32(2, 5, 8), f32(3, 7, 8), f32(1, 1, 8))(AttentionWeightsUsed)
