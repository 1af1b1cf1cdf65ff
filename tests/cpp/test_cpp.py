"""The C++ side: plain libtorch and fxtraced::Predictor give what Python gives."""

import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import sysconfig
from tests import models
from tests.cpp.hand_made import Constant
from tests.cpp.running import run_program


def run_plain(programs, model, feeds, directory, *options):
    """The results of predict, a list of tensors."""
    torch.save(feeds, directory / "feeds.pt")
    done = run_program(programs["predict"], model, directory / "feeds.pt", directory / "results.pt", *options)
    assert done.returncode == 0, done.stderr
    return list(torch.load(directory / "results.pt")), done


def run_named(programs, model, feeds, directory, *options):
    """The results of predict_named, a dict of tensors."""
    torch.save(feeds, directory / "feeds.pt")
    done = run_program(programs["predict_named"], model, directory / "feeds.pt", directory / "results.pt", *options)
    assert done.returncode == 0, done.stderr
    return dict(torch.load(directory / "results.pt")), done


class Deciding(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(4, 4)

    def forward(self, x):
        y = paddle.static.nn.cond(x.sum() > 0, lambda: self.fc(x), lambda: x * x.shape[0])
        rounds = paddle.zeros([], "int64")
        return paddle.static.nn.while_loop(lambda n, y: y.abs().max() > 0.1, lambda n, y: [n + 1, y / 2], [rounds, y])


def test_branches_and_loops(programs, tmp_path):
    layer = Deciding()
    layer.eval()
    _, static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([2, 4])])
    static.save_inference_model(str(tmp_path))
    for x in (torch.rand(3, 4), -torch.rand(3, 4), torch.zeros(2, 4)):
        (rounds, y), _ = run_plain(programs, tmp_path / "model.pt", [x], tmp_path)
        expected = layer(paddle.to_tensor(x.numpy()))
        assert int(rounds) == int(expected[0])
        np.testing.assert_allclose(y.numpy(), expected[1].numpy(), rtol=1e-6)


def test_hand_made_archive(programs, hand_made, tmp_path):
    directory, module = hand_made
    x, mask = torch.randn(4, 8), torch.arange(4)
    logits, sums = module(x, mask)
    results, done = run_plain(programs, directory / "model.pt", [x, mask], tmp_path, "--repeat", "5")
    assert torch.equal(results[0], logits)
    assert torch.equal(results[1], sums)
    assert re.fullmatch(r"median \d+\.\d{3} ms of 5 calls\n", done.stdout)
    named, done = run_named(programs, directory, {"feed_1": mask, "x": x}, tmp_path, "--repeat", "5")
    assert list(named) == ["logits", "sums"]
    assert torch.equal(named["logits"], logits)
    assert torch.equal(named["sums"], sums)
    assert "of 5 calls" in done.stdout


@pytest.mark.parametrize("program", ["predict", "predict_named"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model"], "expected 3 arguments, received 1"),
        (["m", "f", "r", "--repeat"], "--repeat needs a value"),
        (["m", "f", "r", "--repeat", "many"], "--repeat does not take 'many'"),
        (["m", "f", "r", "--fast"], "unknown option --fast"),
    ],
)
def test_usage(programs, program, arguments, message):
    done = run_program(programs[program], *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{message}\nusage: {program} MODEL FEEDS RESULTS")


def test_errors_of_the_programs(programs, hand_made, tmp_path):
    directory, _ = hand_made
    torch.save({"y": torch.zeros(2)}, tmp_path / "bad.pt")
    torch.save([torch.zeros(13, 8), torch.zeros(13, dtype=torch.int64)], tmp_path / "guarded.pt")
    results = tmp_path / "results.pt"
    cases = [
        ("predict_named", directory, tmp_path / "bad.pt", "unknown feed 'y'"),
        ("predict_named", tmp_path, tmp_path / "bad.pt", "FXT401"),
        ("predict_named", directory, tmp_path / "none.pt", "cannot read"),
        ("predict_named", directory, tmp_path / "guarded.pt", "holds no dict of tensors"),
        ("predict", directory / "model.pt", tmp_path / "bad.pt", "holds no list of tensors"),
        ("predict", directory / "model.pt", tmp_path / "guarded.pt", "FXT201 model.py:3"),
    ]
    for program, model, feeds, message in cases:
        done = run_program(programs[program], model, feeds, results)
        assert done.returncode == 1, message
        assert message in done.stderr
        assert done.stdout == ""
    assert not results.exists()


def test_serving_while_the_model_is_replaced(programs, tmp_path):
    torch.save([torch.rand(2, 3)], tmp_path / "feeds.pt")
    statics = [paddle.jit.TracedLayer.trace(Constant(value), [paddle.rand([4, 3])])[1] for value in (1.0, 2.0)]
    statics[0].save_inference_model(str(tmp_path))
    command = [str(programs["serve"]), str(tmp_path), str(tmp_path / "feeds.pt"), "--threads", "4", "--seconds", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        for static in statics:
            static.save_inference_model(str(tmp_path))
        time.sleep(0.05)
    printed, complaints = process.communicate()
    assert complaints == ""
    served, failed, reloads = map(int, re.fullmatch(r"served (\d+) failed (\d+) reloads (\d+)\n", printed).groups())
    assert served > 0
    assert failed == 0
    assert reloads > 0


def test_usage_of_serve(programs, tmp_path):
    done = run_program(programs["serve"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: serve MODEL FEEDS --threads N --seconds S")
    done = run_program(programs["serve"], tmp_path, tmp_path / "x", "--threads", "1", "--seconds", "1")
    assert done.returncode == 1
    assert "FXT401" in done.stderr


@pytest.mark.parametrize("name", models.NAMES)
def test_models(programs, name, tmp_path):
    """Every sample model, from the trace to plain libtorch, gives the bits that Python gives from the archive, and what
    the static graph and a predictor give within rounding; at the traced batch size and at another."""
    module = models.load(name)
    paddle.seed(1)
    model = module.make(paddle)
    model.eval()
    _, static = paddle.jit.TracedLayer.trace(model, [paddle.to_tensor(x) for x in module.inputs(np)])
    static.save_inference_model(str(tmp_path / "saved"))
    archive = tmp_path / "saved" / "model.pt"
    executor = paddle.static.Executor()
    program, names, _ = paddle.static.load_inference_model(str(tmp_path / "saved"), executor)
    for batch in (2, 5):
        arrays = module.inputs(np, batch=batch)
        expected = executor.run(program, dict(zip(names, arrays, strict=True)))
        for graphs, archives in zip(static([paddle.to_tensor(x) for x in arrays]), expected, strict=True):
            np.testing.assert_allclose(graphs, archives, rtol=0, atol=1e-5 * max(1.0, abs(archives).max()))
        feeds = [torch.from_numpy(x) for x in arrays]
        results, _ = run_plain(programs, archive, feeds, tmp_path)
        named, _ = run_named(programs, tmp_path / "saved", {f"feed_{i}": x for i, x in enumerate(feeds)}, tmp_path)
        assert len(results) == len(named) == len(expected)
        for got, want in zip(results, expected, strict=True):
            assert got.numpy().dtype == want.dtype
            np.testing.assert_array_equal(got.numpy(), want)
        # What a predictor compiles for the sizes of the trace rounds otherwise.
        assert all(any(is_near(got, other) for other in results) for got in named.values())


class Reading(paddle.nn.Layer):
    """A network over sequences of one length, and one over several, whose states are fetched."""

    def __init__(self, kind):
        super().__init__()
        network = getattr(paddle.nn, kind)
        self.first = network(24, 100, num_layers=2, direction="bidirectional")
        self.second = network(200, 30, time_major=True)

    def forward(self, x, lengths):
        y, states = self.first(x, sequence_length=lengths)
        again, _ = self.second(y.transpose([1, 0, 2]))
        return again, states


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_recurrent_networks(programs, kind, tmp_path):
    """A predictor calculates them by kernels, for the sizes of the trace and others, whatever the lengths."""
    paddle.seed(2)
    layer = Reading(kind)
    layer.eval()
    lengths = torch.tensor([4, 20, 1])
    _, static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([3, 20, 24]), paddle.to_tensor(lengths.numpy())])
    static.save_inference_model(str(tmp_path))
    for size, given in (((3, 20, 24), lengths), ((3, 20, 24), [20, 7, 12]), ((2, 6, 24), [6, 2])):
        feeds = {"feed_0": torch.randn(size), "feed_1": torch.as_tensor(given)}
        named, _ = run_named(programs, tmp_path, feeds, tmp_path)
        expected = static([paddle.to_tensor(x.numpy()) for x in feeds.values()])
        assert len(named) == len(expected) == (3 if kind == "LSTM" else 2)
        for got, want in zip((named[f"fetch_{i}"] for i in range(len(expected))), expected, strict=True):
            assert is_near(got, torch.from_numpy(want))


def is_near(tensor, other, near=1e-5):
    scale = other.abs().max().clamp(min=1)
    return tensor.shape == other.shape and torch.allclose(tensor / scale, other / scale, rtol=0, atol=near)


@pytest.mark.parametrize("name", ["crnn", "vit", "resnet18_maps"])
def test_archives_for_cpus(programs, name, tmp_path):
    """Weights lay themselves out under plain libtorch; on another device the archive says what it is for."""
    module = models.load(name)
    paddle.seed(1)
    model = module.make(paddle)
    model.eval()
    _, static = paddle.jit.TracedLayer.trace(model, [paddle.to_tensor(x) for x in module.inputs(np)])
    static.save_inference_model(str(tmp_path / "saved"), target="cpu")
    program, names, _ = paddle.static.load_inference_model(str(tmp_path / "saved"))
    for batch in (2, 5):
        arrays = module.inputs(np, batch=batch)
        expected = paddle.static.Executor().run(program, dict(zip(names, arrays, strict=True)))
        for own, archived in zip(static([paddle.to_tensor(x) for x in arrays]), expected, strict=True):
            np.testing.assert_allclose(own, archived, rtol=0, atol=1e-5 * max(1.0, abs(archived).max()))
        feeds = [torch.from_numpy(x) for x in arrays]
        results, _ = run_plain(programs, tmp_path / "saved" / "model.pt", feeds, tmp_path)
        for got, want in zip(results, expected, strict=True):
            np.testing.assert_array_equal(got.numpy(), want)
        named, _ = run_named(programs, tmp_path / "saved", {f"feed_{i}": x for i, x in enumerate(feeds)}, tmp_path)
        assert all(any(torch.equal(got, other) for other in results) for got in named.values())
    files = tmp_path / "saved", tmp_path / "feeds.pt", tmp_path / "results.pt"
    done = run_program(programs["predict_named"], *files, "--device", "meta")
    assert done.returncode == 1
    assert re.search(r"FXT405 .* was saved for target 'cpu' and is loaded on another device", done.stderr)


@pytest.mark.parametrize("dtype", [None, "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["crnn", "vit", "resnet18_maps"])
def test_archives_for_gpus(programs, name, dtype, tmp_path):
    """They give under plain libtorch on a CPU what Python gives there, bit for bit, and nearly what the graph gives."""
    module = models.load(name)
    paddle.seed(1)
    model = module.make(paddle)
    model.eval()
    _, static = paddle.jit.TracedLayer.trace(model, [paddle.to_tensor(x) for x in module.inputs(np)])
    static.save_inference_model(str(tmp_path / "saved"), target="cuda", dtype=dtype)
    program, names, _ = paddle.static.load_inference_model(str(tmp_path / "saved"))
    allowed = {None: 1e-5, "float16": 5e-3, "bfloat16": 3e-2}[dtype]
    for batch in (2, 5):
        arrays = module.inputs(np, batch=batch)
        expected = paddle.static.Executor().run(program, dict(zip(names, arrays, strict=True)))
        for own, archived in zip(static([paddle.to_tensor(x) for x in arrays]), expected, strict=True):
            np.testing.assert_allclose(own, archived, rtol=0, atol=allowed * max(1.0, abs(archived).max()))
        feeds = [torch.from_numpy(x) for x in arrays]
        results, _ = run_plain(programs, tmp_path / "saved" / "model.pt", feeds, tmp_path)
        for got, want in zip(results, expected, strict=True):
            np.testing.assert_array_equal(got.numpy(), want)
        named, _ = run_named(programs, tmp_path / "saved", {f"feed_{i}": x for i, x in enumerate(feeds)}, tmp_path)
        # A predictor calculates in bfloat16 what lies between products, too.
        near = 2e-2 if dtype == "bfloat16" else 1e-5
        assert all(any(is_near(got, other, near) for other in results) for got in named.values())


def test_names_of_a_traced_model(programs, tmp_path):
    """Feeds are called as forward's parameters, fetches as the keys of its dict."""
    module = models.load("multi")
    model = module.make(paddle)
    model.eval()
    image, text = (paddle.to_tensor(x) for x in module.inputs(np))
    outputs, static = paddle.jit.TracedLayer.trace(model, [image, text])
    static.save_inference_model(str(tmp_path / "saved"))
    feeds = {"image": torch.from_numpy(image.numpy()), "text": torch.from_numpy(text.numpy())}
    named, _ = run_named(programs, tmp_path / "saved", feeds, tmp_path)
    assert set(named) == {"logits", "embedding", "attention"}
    for name, tensor in named.items():
        np.testing.assert_allclose(tensor.numpy(), outputs[name].numpy(), rtol=0, atol=1e-6)


class LooksAtItsLength(paddle.nn.Layer):
    def forward(self, x):
        length = paddle.concat([x, x]).shape[1]
        if length > 4 and length < 9:
            x = x[:, :4]
        return x * 2


@pytest.mark.parametrize("program", ["predict", "predict_named"])
def test_guard_of_a_traced_model(programs, program, tmp_path):
    """At another length the model stops and names the line of forward that looked at it."""
    _, static = paddle.jit.TracedLayer.trace(LooksAtItsLength(), [paddle.ones([2, 6])])
    static.save_inference_model(str(tmp_path / "saved"))
    x = torch.ones(2, 3)
    torch.save([x] if program == "predict" else {"x": x}, tmp_path / "feeds.pt")
    archive = tmp_path / "saved" / "model.pt"
    done = run_program(programs[program], archive, tmp_path / "feeds.pt", tmp_path / "results.pt")
    assert done.returncode == 1
    assert "FXT201" in done.stderr
    assert "if length > 4 and length < 9:" in done.stderr
    if program == "predict_named":
        assert done.stderr.startswith("FXT201 the static graph holds only where `cat(x).shape[1] > 4`: ")
        assert "cat(x).shape[1] < 9" not in done.stderr


def test_paths():
    assert (Path(sysconfig.get_include()) / "fxtraced" / "predictor.h").is_file()
    assert (Path(sysconfig.get_cmake_dir()) / "fxtracedConfig.cmake").is_file()
    assert (Path(sysconfig.get_cpp_dir()) / "CMakeLists.txt").is_file()
    assert Path(sysconfig.get_lib()).is_dir()


def test_paths_on_the_command_line():
    def printed(*options):
        done = run_program(sys.executable, "-m", "fxtraced.sysconfig", *options)
        assert done.returncode == 0
        assert done.stderr == ""
        return done.stdout

    assert printed("--cmake-dir").strip() == sysconfig.get_cmake_dir()
    assert f"include: {sysconfig.get_include()}" in printed()


def test_version_is_the_packages():
    text = (Path(sysconfig.get_cmake_dir()) / "fxtracedConfigVersion.cmake").read_text()
    assert re.search(r'PACKAGE_VERSION "(.+)"', text)[1] == metadata.version("fxtraced")


def test_missing_cmake_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="cmake was not found on PATH"):
        sysconfig.build_examples(tmp_path)


def test_failing_build_shows_the_output(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tmp_path / "no-compiler"))
    with pytest.raises(RuntimeError, match=r"(?s)failed with exit code 1; its output:.*no-compiler"):
        sysconfig.build_examples(tmp_path / "build", verbose=False)
