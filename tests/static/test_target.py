"""save_inference_model(target="cpu"): archives whose weights lay themselves out when they are loaded."""

from __future__ import annotations

import json
import os
import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.lowering.archive import LoadedModule, read_manifest
from fxtraced.lowering.script import quiet
from fxtraced.passes import linear, multiply_pointwise
from fxtraced.passes.onednn import is_available
from fxtraced.static.precision import TOLERANCE
from tests.helpers import floats, trace
from tests.passes.test_cpu_passes import chosen, linears_become, statistics

nn = paddle.nn
onednn = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


class Image(nn.Layer):
    """A batch norm, a residual, 1x1 convolutions, a large linear call."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2D(16, 64, 1), nn.BatchNorm2D(64)
        self.large = nn.Conv2D(64, 64, 3, padding=1)
        self.fc = nn.Linear(64, 512)

    def forward(self, x):
        y = F.relu(self.norm(self.first(x)))
        y = F.relu(self.large(y) + y)
        return F.gelu(self.fc(y.mean(axis=[2, 3]))), y


class Text(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(12, 20, num_layers=2, direction="bidirectional")

    def forward(self, x):
        y, (hidden, cell) = self.rnn(x)
        return y, hidden, cell


class Counted(nn.Layer):
    """It writes, so nothing is laid out."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", paddle.zeros([1]))
        self.fc = nn.Linear(12, 3)

    def forward(self, x):
        self.calls.add_(paddle.ones([1]))
        return self.fc(x) + self.calls * 0


# A layer, the sizes of its input, how many weights are laid out.
MODELS = {
    "image": (Image, [(2, 16, 30, 30), (1, 16, 5, 9), (4, 16, 30, 30)], 3),
    "text": (Text, [(3, 7, 12), (1, 2, 12), (5, 11, 12)], 8),
    "small": (lambda: nn.Linear(4, 3), [(2, 4), (7, 4)], 0),
    "writing": (Counted, [(2, 12), (5, 12)], 0),
}


@pytest.fixture(autouse=True, params=["packed", "convolution"])
def packed_everywhere(request, monkeypatch):
    monkeypatch.setattr(linear, "WORTHWHILE", 1 << 10)
    linears_become(monkeypatch, request.param)
    monkeypatch.setattr(multiply_pointwise, "choose", chosen("packed"))


def saved(name, path, **options):
    """A saved model: its layer and its static graph."""
    paddle.seed(0)
    make, sizes, _ = MODELS[name]
    layer = statistics(make())
    layer.eval()
    traced = trace(layer, floats(*sizes[0]))
    traced.save_inference_model(str(path), target="cpu", **options)
    return layer, traced


def plain_load(path, **options):
    with quiet():
        return torch.jit.load(os.path.join(path, "model.pt"), **options)


def results_of(layer, x):
    with paddle.no_grad():
        results = layer(x)
    return [y.numpy() for y in (results if isinstance(results, tuple) else [results])]


def close(got, wanted):
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@onednn
@pytest.mark.parametrize("name", MODELS)
def test_every_reader_gets_what_the_layer_gives(name, tmp_path):
    layer, _ = saved(name, tmp_path)
    _, sizes, packed = MODELS[name]
    module = plain_load(tmp_path)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    predictor = paddle.inference.create_predictor(paddle.inference.Config(str(tmp_path)))
    for seed, size in enumerate(sizes):
        x = floats(*size, seed=seed)
        wanted = results_of(layer, x)
        with torch.no_grad():
            raw = module(torch.tensor(x.numpy()))
        close([y.numpy() for y in (raw if isinstance(raw, tuple) else [raw])], wanted)
        close(paddle.static.Executor().run(program, feed={feeds[0]: x.numpy()}), wanted)
        close([y.numpy() for y in predictor.run([x])], wanted)
    assert sum(x.is_mkldnn for x in module.buffers()) == packed


@onednn
def test_plain_weights_are_let_go(tmp_path):
    saved("image", tmp_path)
    module = plain_load(tmp_path)
    assert module.fxtraced_packed.plain == []
    assert {name for name, x in module.named_buffers() if x.is_mkldnn} == {f"fxtraced_packed.w{i}" for i in range(3)}


def test_the_file_holds_each_weight_once(tmp_path):
    _, traced = saved("image", tmp_path / "cpu")
    traced.save_inference_model(str(tmp_path / "portable"))
    cpu, portable = (os.path.getsize(tmp_path / x / "model.pt") for x in ("cpu", "portable"))
    assert cpu < 1.05 * portable


def test_the_manifest_says_the_target(tmp_path):
    _, traced = saved("image", tmp_path / "cpu")
    traced.save_inference_model(str(tmp_path / "portable"))
    manifest = read_manifest(str(tmp_path / "cpu" / "model.pt"))
    assert manifest["target"] == "cpu"
    assert manifest["passes"]["fold_batch_norm"] == (1 if is_available() else 0)
    assert plain_load(tmp_path / "cpu").fxtraced_target == "cpu"
    assert read_manifest(str(tmp_path / "portable" / "model.pt"))["target"] == "portable"
    assert json.dumps(manifest)


@onednn
@pytest.mark.parametrize("name", ["image", "text"])
def test_the_self_test_is_against_the_plain_graph(name, tmp_path):
    saved(name, tmp_path)
    program, *_ = paddle.static.load_inference_model(str(tmp_path))
    assert max(program.self_test()) < 1e-5
    # The sample's results are the plain graph's, bit for bit.
    _, traced = saved(name, tmp_path / "cpu")
    traced.save_inference_model(str(tmp_path / "portable"))
    cpu, portable = (plain_load(tmp_path / x).fxtraced_sample_fetches for x in ("cpu", "portable"))
    assert all(map(torch.equal, cpu, portable))
    predictor = paddle.inference.create_predictor(paddle.inference.Config(str(tmp_path)))
    assert max(predictor.self_test().values()) < 1e-5


@onednn
def test_a_wrong_lowering_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setitem(TOLERANCE, torch.float32, -1.0)
    (tmp_path / "model.pt").write_bytes(b"the old one")
    with pytest.raises(
        paddle.errors.LoweringError, match=r"FXT105 the graph lowered for target 'cpu' differs .*; nothing"
    ):
        saved("image", tmp_path)
    assert (tmp_path / "model.pt").read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["model.pt"]


def test_without_a_sample(tmp_path):
    layer, _ = saved("image", tmp_path, sample=False)
    x = floats(2, 16, 30, 30, seed=4)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    assert program.self_test() is None
    close(paddle.static.Executor().run(program, feed={feeds[0]: x}), results_of(layer, x))


def test_the_archive_is_a_snapshot(tmp_path):
    layer, traced = saved("image", tmp_path)
    x = floats(2, 16, 30, 30)
    before = results_of(layer, x)
    layer.large.weight.set_value(layer.large.weight * 2)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    close(paddle.static.Executor().run(program, feed={feeds[0]: x}), before)
    traced.save_inference_model(str(tmp_path), target="cpu")
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    close(paddle.static.Executor().run(program, feed={feeds[0]: x}), results_of(layer, x))


def test_a_part_of_a_graph(tmp_path):
    layer, traced = saved("image", tmp_path)
    traced.save_inference_model(str(tmp_path), fetch=[1], target="cpu")
    x = floats(2, 16, 30, 30)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    close(paddle.static.Executor().run(program, feed={feeds[0]: x}), results_of(layer, x)[1:])


@onednn
def test_loaded_and_run_from_eight_threads(tmp_path):
    layer, _ = saved("image", tmp_path)
    x = floats(1, 16, 30, 30)
    wanted, found = results_of(layer, x), []

    def work():
        program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
        found.append(paddle.static.Executor().run(program, feed={feeds[0]: x}))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for got in found:
        close(got, wanted)


@onednn
def test_other_devices_are_refused(tmp_path):
    saved("image", tmp_path)
    path = str(tmp_path / "model.pt")
    elsewhere = r"FXT405 .*model.pt was saved for target 'cpu' and is wanted on cuda:0. Use it on a CPU, or save"
    with pytest.raises(paddle.errors.TargetError, match=elsewhere):
        LoadedModule(path, torch.device("cuda:0"), read_manifest(path))
    program, *_ = paddle.static.load_inference_model(str(tmp_path))
    with pytest.raises(paddle.errors.TargetError, match=elsewhere):
        program.move_to(torch.device("cuda:0"))
    # Plain libtorch, which knows no manifest.
    with pytest.raises(
        torch.jit.Error, match="FXT405 the archive was saved for target 'cpu' and is loaded on another device"
    ):
        plain_load(tmp_path, map_location="meta")


@onednn
def test_values_that_are_not_finite(tmp_path):
    """oneDNN's relu makes 0 of not-a-number, so that is refused; infinity and sums that overflow are not."""
    saved("image", tmp_path)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    x = floats(1, 16, 5, 9).numpy()
    refused = "FXT301 feed 'x' holds not-a-number, which oneDNN's relu in an archive for target 'cpu' would make 0"
    for values, fine in (([np.nan], False), ([np.inf, np.nan], False), ([3e38, 3e38], True)):
        given = x.copy()
        given.flat[: len(values)] = values
        if fine:
            for got in paddle.static.Executor().run(program, feed={feeds[0]: given}):
                assert got.shape[0] == 1
        else:
            with pytest.raises(paddle.errors.FeedError, match=refused):
                paddle.static.Executor().run(program, feed={feeds[0]: given})


@onednn
def test_it_cannot_be_saved_again(tmp_path):
    saved("image", tmp_path)
    module = plain_load(tmp_path)
    with pytest.raises(torch.jit.Error, match="FXT405 .* its weights were laid out when it was loaded"), quiet():
        torch.jit.save(module, str(tmp_path / "again.pt"))


bfloat16 = pytest.mark.skipif(
    not is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU has no bfloat16"
)


@bfloat16
@pytest.mark.parametrize("name", ["image", "small"])
def test_bfloat16(name, tmp_path):
    layer, traced = saved(name, tmp_path / "half", dtype="bfloat16")
    traced.save_inference_model(str(tmp_path / "whole"), target="cpu")
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path / "half"))
    for seed, size in enumerate(MODELS[name][1]):
        x = floats(*size, seed=seed)
        for got, wanted in zip(paddle.static.Executor().run(program, {feeds[0]: x}), results_of(layer, x), strict=True):
            assert got.dtype == np.float32
            difference = np.abs(got - wanted).max() / np.abs(wanted).max()
            assert 1e-5 < difference < 2e-2
    assert max(program.self_test()) < 2e-2
    manifest = program.manifest
    assert (manifest["target"], manifest["precision"]) == ("cpu", "bfloat16")
    assert 0 < manifest["precision_difference"]["fetch_0"] < 2e-2
    if name == "image":
        module = plain_load(tmp_path / "half")
        assert {x.dtype for x in module.buffers() if x.is_mkldnn} == {torch.bfloat16}
        half, whole = (os.path.getsize(tmp_path / x / "model.pt") for x in ("half", "whole"))
        assert half < 0.65 * whole


@bfloat16
def test_bfloat16_that_changes_too_much(tmp_path):
    with pytest.raises(paddle.errors.PrecisionError, match="FXT404 the graph in bfloat16 does not give what it gives"):
        saved("image", tmp_path, dtype="bfloat16", tolerance=1e-6)
    assert not os.path.exists(tmp_path / "model.pt")


def test_precisions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="target='cpu' is for float32 and bfloat16, as CPUs calculate in them: give"):
        saved("image", tmp_path, dtype="float16")
    assert not os.path.exists(tmp_path / "model.pt")
    saved("image", tmp_path)
    config = paddle.inference.Config(str(tmp_path))
    config.enable_mkldnn_bfloat16()
    with pytest.raises(paddle.errors.TargetError, match="FXT405 .* whose weights are float32, and the config asks for"):
        paddle.inference.create_predictor(config)


@pytest.mark.parametrize("target", ["gpu", "", None, "CPU"])
def test_unknown_targets(target, tmp_path):
    traced = trace(nn.Linear(4, 3), floats(2, 4))
    with pytest.raises(ValueError, match=r"target must be one of \('portable', 'cpu', 'cuda'\), but received "):
        traced.save_inference_model(str(tmp_path), target=target)
