"""save_inference_model(target="cuda"): archives lowered for GPUs, which are right on a CPU, too.

What they gain on a GPU is for tests/gpu and scripts/gpu_check.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.lowering.archive import read_manifest
from fxtraced.lowering.host_reads import host_reads
from fxtraced.lowering.script import quiet
from fxtraced.static.precision import TOLERANCE
from fxtraced.tensor.loops import attention_on_device
from tests.helpers import floats, trace
from tests.passes.test_cpu_passes import statistics

nn = paddle.nn


class Image(nn.Layer):
    """Batch norms, a residual, a transposed convolution, a view of what is channels last."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2D(3, 16, 3, padding=1), nn.BatchNorm2D(16)
        self.second = nn.Conv2D(16, 16, 3, padding=1, groups=4)
        self.up = nn.Conv2DTranspose(16, 8, 2, stride=2)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        y = F.relu(self.norm(self.first(x)))
        y = self.up(F.relu(self.second(y) + y))
        return self.fc(y.flatten(2).mean(axis=2)), y


class Encoder(nn.Layer):
    """Attention, GELU and layer norm written out, with and without a mask."""

    def __init__(self, masked):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(16, 16) for _ in range(3))
        self.fc, self.masked = nn.Linear(16, 16), masked
        self.weight, self.bias = self.create_parameter([16]), self.create_parameter([16], is_bias=True)

    def forward(self, x, lengths):
        n = x.shape[1]
        q, k, v = (y.reshape([x.shape[0], n, 2, 8]).transpose([0, 2, 1, 3]) for y in (self.q(x), self.k(x), self.v(x)))
        scores = paddle.matmul(q, k, transpose_y=True) / 8**0.5
        if self.masked:
            hidden = (paddle.arange(n) >= lengths.unsqueeze(1)).astype("float32") * -1e9
            scores = scores + hidden.unsqueeze([1, 2])
        y = paddle.matmul(F.softmax(scores, axis=-1), v).transpose([0, 2, 1, 3]).reshape(x.shape) + x
        y = y - y.mean(-1, keepdim=True)
        y = y / paddle.sqrt((y**2).mean(-1, keepdim=True) + 1e-5)
        y = self.fc(y * self.weight + self.bias)
        return y * 0.5 * (1 + paddle.erf(y * 0.5**0.5))


class Heads(nn.Layer):
    """Attention as one call."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiHeadAttention(16, 2)

    def forward(self, x, lengths):
        return self.attention(x) + lengths.unsqueeze([1, 2]).astype("float32")


class Text(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(12, 20, direction="bidirectional")

    def forward(self, x):
        return self.rnn(x)[0]


class Counted(nn.Layer):
    """It writes, so its weights stay."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", paddle.zeros([1]))
        self.conv = nn.Conv2D(3, 4, 3)

    def forward(self, x):
        self.calls.add_(paddle.ones([1]))
        return self.conv(x) + self.calls * 0


def sentences(n, size, seed=0):
    return floats(n, size, 16, seed=seed), paddle.to_tensor(np.arange(1, n + 1))


# A layer, its inputs for some batches, and what the passes changed.
MODELS = {
    "image": (
        Image,
        [(floats(2, 3, 12, 12),), (floats(5, 3, 8, 20, seed=1),)],
        {"fold_batch_norm": 1, "lay_out_channels_last": 3},
    ),
    "encoder": (
        lambda: Encoder(False),
        [sentences(2, 6), sentences(5, 9, 1)],
        {"fuse_attention": 1, "recognise_layer_norm": 1, "recognise_activations": 1, "merge_projections": 3},
    ),
    "masked encoder": (
        lambda: Encoder(True),
        [sentences(2, 6), sentences(5, 9, 1)],
        {"fuse_attention": 1, "recognise_layer_norm": 1, "recognise_activations": 1, "merge_projections": 3},
    ),
    "heads": (Heads, [sentences(2, 6), sentences(5, 9, 1)], {"merge_projections": 3}),
    "text": (Text, [(floats(3, 7, 12),), (floats(5, 4, 12, seed=1),)], {}),
    "writing": (Counted, [(floats(2, 3, 6, 6),), (floats(5, 3, 7, 7, seed=1),)], {}),
}
DTYPES = [None, "float16", "bfloat16"]


def saved(name, path, **options):
    """A saved model's layer."""
    paddle.seed(0)
    make, inputs, _ = MODELS[name]
    layer = statistics(make())
    layer.eval()
    trace(layer, *inputs[0]).save_inference_model(str(path), target="cuda", **options)
    return layer


def results_of(layer, inputs):
    with paddle.no_grad():
        results = layer(*inputs)
    return [y.numpy() for y in (results if isinstance(results, tuple) else [results])]


def module_of(path):
    with quiet():
        return torch.jit.load(os.path.join(path, "model.pt"))


def largest_difference(got, wanted):
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODELS)
def test_every_reader_on_a_cpu_gets_what_the_layer_gives(name, dtype, tmp_path):
    layer = saved(name, tmp_path, dtype=dtype)
    module = module_of(tmp_path)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    predictor = paddle.inference.create_predictor(paddle.inference.Config(str(tmp_path)))
    allowed = 1e-5 if dtype is None else TOLERANCE[getattr(torch, dtype)]
    for inputs in MODELS[name][1]:
        wanted = results_of(layer, inputs)
        with torch.no_grad():
            raw = module(*(torch.from_numpy(x.numpy()) for x in inputs))
        raw = [y.numpy() for y in (raw if isinstance(raw, tuple) else [raw])]
        by_name = dict(zip(feeds, (x.numpy() for x in inputs), strict=True))
        predicted = [y.numpy() for y in predictor.run(list(inputs))]
        for got in (raw, paddle.static.Executor().run(program, by_name), predicted):
            assert [x.dtype for x in got] == [x.dtype for x in wanted]
            assert largest_difference(got, wanted) < allowed
    if program.self_test() is not None:
        assert max(program.self_test()) < allowed


@pytest.mark.parametrize("name", MODELS)
def test_what_is_in_it(name, tmp_path):
    saved(name, tmp_path)
    manifest = read_manifest(str(tmp_path / "model.pt"))
    _, _, passes = MODELS[name]
    listed = "fold_batch_norm lay_out_channels_last fuse_attention recognise_layer_norm recognise_activations".split()
    assert {x: manifest["passes"][x] for x in (*listed, "merge_projections") if manifest["passes"][x]} == passes
    assert manifest["target"] == module_of(tmp_path).fxtraced_target == "cuda"
    # Nothing is for one kind of device, and nothing waits for one.
    graph = module_of(tmp_path).inlined_graph
    assert "mkldnn" not in str(graph)
    assert "cudnn" not in str(graph)
    assert host_reads(graph) == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_are_channels_last_in_the_file_and_after_it(dtype, tmp_path):
    saved("image", tmp_path, dtype=dtype)
    weights = [x for x in module_of(tmp_path).buffers() if x.ndim == 4]
    assert len(weights) == 3
    assert all(x.is_contiguous(memory_format=torch.channels_last) for x in weights)
    assert {x.dtype for x in weights} == {torch.float32 if dtype is None else getattr(torch, dtype)}


@pytest.mark.parametrize("name", ["encoder", "masked encoder", "heads"])
def test_attention_in_half(name, tmp_path):
    """A mask of -1e9 is -inf in float16: attention with one stays in float32."""
    saved(name, tmp_path, dtype="float16")
    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            if "scaled_dot_product" in str(function):
                seen.append(args[0].dtype)
            return function(*args, **(kwargs or {}))

    module = module_of(tmp_path)
    x, lengths = (torch.from_numpy(x.numpy()) for x in sentences(2, 6))
    with torch.no_grad(), Watch():
        module(x, lengths)
    assert seen == [torch.float32 if name == "masked encoder" else torch.float16]


NOT_FINITE = {
    "a query": lambda q, k, v, mask: q[0, 0, 1].fill_(float("nan")),
    "a key": lambda q, k, v, mask: k[0, 1, 2].fill_(float("inf")),
    "a product": lambda q, k, v, mask: (q[0, 0, 1].fill_(1e25), k[0, 0].fill_(1e25)),
    "a value": lambda q, k, v, mask: v[0, 1, 2].fill_(float("nan")),
    "a row ruled out": lambda q, k, v, mask: mask[0, 0, 2].fill_(float("-inf")),
    "a mask": lambda q, k, v, mask: mask[0, 0, 2, 1].fill_(float("nan")),
    "some keys ruled out": lambda q, k, v, mask: mask[0, 0, 2, :3].fill_(float("-inf")),
}


@pytest.mark.parametrize("case", NOT_FINITE)
def test_attention_that_is_not_finite(case):
    """Where soft-max gives not-a-number, so does the one call, which would give 0 in some cases."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.rand(2, 2, 5, 4, generator=generator) for _ in range(3))
    mask = torch.zeros(2, 1, 5, 5)
    NOT_FINITE[case](q, k, v, mask)
    wanted = torch.softmax(q @ k.transpose(-1, -2) * 0.5 + mask, -1) @ v
    got = attention_on_device(q, k, v, mask, 0.5)
    assert torch.equal(got.isnan(), wanted.isnan())
    torch.testing.assert_close(got, wanted, equal_nan=True)


@pytest.mark.parametrize(
    ("q", "k", "v", "mask"),
    [
        ((2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 3), None),
        ((2, 2, 5, 4), (1, 2, 7, 4), (1, 2, 7, 3), None),
        ((2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 3), (7,)),
        ((2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 3), (2, 1, 1, 7)),
        ((2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 3), (3, 2, 2, 5, 7)),
        ((2, 2, 5, 4), (2, 2, 0, 4), (2, 2, 0, 3), None),
    ],
    ids=str,
)
def test_attention_of_other_sizes(q, k, v, mask):
    q, k, v = (torch.rand(*size) for size in (q, k, v))
    mask = None if mask is None else torch.rand(*mask)
    scores = q @ k.transpose(-1, -2) * 0.5
    wanted = torch.softmax(scores if mask is None else scores + mask, -1) @ v
    torch.testing.assert_close(attention_on_device(q, k, v, mask, 0.5), wanted)


def test_a_wrong_lowering_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setitem(TOLERANCE, torch.float32, -1.0)
    differs = "FXT105 the graph lowered for target 'cuda' differs .*; nothing"
    with pytest.raises(paddle.errors.LoweringError, match=differs):
        saved("image", tmp_path)
    assert not os.listdir(tmp_path)


def test_mixed_precision_is_no_matter(tmp_path):
    layer = saved("image", tmp_path)
    config = paddle.inference.Config(str(tmp_path))
    config.enable_mkldnn_bfloat16()
    predictor = paddle.inference.create_predictor(config)
    (x,) = MODELS["image"][1][1]
    assert largest_difference([y.numpy() for y in predictor.run([x])], results_of(layer, [x])) < 0.1


def test_weights_that_are_used_again_are_held_once(tmp_path):
    class Steps(nn.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(64, 64), nn.Linear(64, 64)

        def forward(self, x):
            for _ in range(4):
                x = F.tanh(self.a(x) * 2 + self.b(x))
            return x

    layer = Steps()
    layer.eval()
    traced = trace(layer, floats(2, 64))
    for target in ("portable", "cuda"):
        traced.save_inference_model(str(tmp_path / target), target=target)
    assert read_manifest(str(tmp_path / "cuda" / "model.pt"))["passes"]["merge_projections"] == 8
    cuda, portable = (os.path.getsize(tmp_path / x / "model.pt") for x in ("cuda", "portable"))
    assert cuda < 1.1 * portable
