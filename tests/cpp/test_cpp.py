"""The C++ side: plain libtorch and fxtraced::Predictor give what Python gives."""

import hashlib
import os
import re
import subprocess
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import sysconfig
from tests import models

HERE = Path(__file__).resolve().parent


class HandMade(torch.nn.Module):
    """What an archive must have, and no more."""

    fxtraced_format: int
    fxtraced_feed_names: list[str]
    fxtraced_feed_dtypes: list[str]
    fxtraced_feed_shapes: list[list[int]]
    fxtraced_fetch_names: list[str]

    def __init__(self, version=1):
        super().__init__()
        self.fc = torch.nn.Linear(8, 3)
        self.fxtraced_format = version
        self.fxtraced_feed_names = ["x", "mask"]
        self.fxtraced_feed_dtypes = ["float32", "int64"]
        self.fxtraced_feed_shapes = [[-1, 8], [-1]]
        self.fxtraced_fetch_names = ["logits", "sums"]

    def forward(self, x: torch.Tensor, mask: torch.Tensor):
        assert x.shape[0] != 13, "FXT201 model.py:3: `if n == 13` was traced with another size"
        y = self.fc(x)
        return y, (y * mask.unsqueeze(-1)).sum(0)


class Long(HandMade):
    """It tests more fetches than it has."""

    @torch.jit.export
    def fxtraced_self_test(self) -> list[float]:
        return [0.0, 0.0, 1.0]

    @torch.jit.export
    def fxtraced_sample(self) -> int:
        return 1


class Silent(torch.nn.Module):
    """Another method in the place of forward."""

    fxtraced_format: int
    fxtraced_feed_names: list[str]

    def __init__(self):
        super().__init__()
        self.fxtraced_format = 1
        self.fxtraced_feed_names = ["x"]
        self.fxtraced_feed_dtypes, self.fxtraced_feed_shapes = ["float32"], [[-1]]
        self.fxtraced_fetch_names = ["y"]

    @torch.jit.export
    def other(self, x: torch.Tensor):
        return x


class Same(HandMade):
    """It gives what it is given."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor):
        return x, mask


class Target(HandMade):
    fxtraced_target: str

    def __init__(self):
        super().__init__()
        self.fxtraced_target = "tpu"


class Format(torch.nn.Module):
    fxtraced_format: str

    def __init__(self):
        super().__init__()
        self.fxtraced_format = "one"

    def forward(self, x: torch.Tensor):
        return x


class Constant(paddle.nn.Layer):
    """One value in the form of its input, of an odd width."""

    def __init__(self, value):
        super().__init__()
        self.register_buffer("value", paddle.to_tensor(value))

    def forward(self, x):
        if x.shape[1] % 2 == 1:
            return x * 0 + self.value
        return x


class Images(paddle.nn.Layer):
    """Compiled partitions pay here, and their relu makes 0 of not-a-number."""

    def __init__(self):
        super().__init__()
        nn = paddle.nn
        self.conv, self.norm, self.fc = nn.Conv2D(3, 32, 3), nn.BatchNorm2D(32), nn.Linear(32, 4)
        self.more = nn.Sequential(
            *(nn.Sequential(nn.Conv2D(32, 32, 3, padding=1), nn.BatchNorm2D(32), nn.ReLU()) for _ in range(5))
        )

    def forward(self, x):
        images = self.more(self.norm(self.conv(x)))
        return images, self.fc(images.mean([2, 3]))


class Meeting(Images):
    """What oneDNN's graph compiler would not end on."""

    def forward(self, x):
        y = self.conv(x)
        return self.norm(y) + y, y.mean([1, 2, 3])


class Branching(Images):
    def forward(self, x):
        y = self.conv(x)
        return paddle.static.nn.cond(y.mean() > 0, lambda: y + 1, lambda: y - 1)


def product():
    layer = paddle.nn.Linear(6, 2)
    layer.eval()
    return layer


def save_script(module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript says that it is deprecated
        torch.jit.save(torch.jit.script(module), str(path))


@pytest.fixture(scope="module")
def hand_made(tmp_path_factory):
    """(directory with archives, the module in it)."""
    directory = tmp_path_factory.mktemp("hand_made")
    module = HandMade().eval()
    save_script(module, directory / "model.pt")
    save_script(HandMade(version=2), directory / "newer.pt")
    save_script(torch.nn.Linear(2, 2), directory / "plain.pt")
    for made in (Long, Silent, Same, Target, Format):
        save_script(made().eval(), directory / f"{made.__name__.lower()}.pt")
    (directory / "empty.pt").touch()
    (directory / "text.pt").write_text("no archive")
    for name, layer, width in (("ones", Constant(1.0), 3), ("twos", Constant(2.0), 3), ("product", product(), 6)):
        static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([4, width])])[1]
        static.save_inference_model(str(directory / name))
    for made in (Images, Meeting, Branching):
        layer = made()
        layer.eval()
        static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([1, 3, 64, 64])])[1]
        static.save_inference_model(str(directory / made.__name__.lower()))
        if made is Images:
            static.save_inference_model(str(directory / "images_in_bfloat16"), dtype="bfloat16")
    sealed = (directory / "product" / "model.pt").read_bytes()
    (directory / "product" / "hash.txt").write_text(hashlib.sha256(sealed[:-80]).hexdigest())
    return directory, module


def run_program(program, *arguments):
    # As many threads as here, so that parallel sums have the same order.
    env = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=env)


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


def configure(build, *options):
    return subprocess.run(
        ["cmake", "-S", str(HERE / "consumer"), "-B", str(build), f"-DPython3_EXECUTABLE={sys.executable}", *options],
        check=False,
        capture_output=True,
        text=True,
    )


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


def test_predictor_header(hand_made, tmp_path):
    """A user's project: C++17, all warnings errors, found through the prefix path, torch through Python."""
    done = configure(tmp_path / "build", f"-DCMAKE_PREFIX_PATH={sysconfig.get_cmake_dir()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    assert f"libtorch in {Path(torch.__file__).resolve().parent}" in done.stdout
    done = subprocess.run(["cmake", "--build", str(tmp_path / "build")], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_program(tmp_path / "build" / "check", hand_made[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_predictor_header_under_a_sanitizer(hand_made, tmp_path, sanitizer, monkeypatch):
    """No invalid access, no leak, no race but libtorch's own."""
    done = configure(tmp_path, f"-DSANITIZE={sanitizer}", f"-DCMAKE_PREFIX_PATH={sysconfig.get_cmake_dir()}")
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["cmake", "--build", str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    huge = "allocator_may_return_null=1"  # as without a sanitizer, an allocation that cannot be is an error of libtorch
    monkeypatch.setenv("TSAN_OPTIONS", f"suppressions={HERE / 'thread_sanitizer.supp'} halt_on_error=1 {huge}")
    monkeypatch.setenv("ASAN_OPTIONS", f"detect_leaks=1 {huge}")
    monkeypatch.setenv("LSAN_OPTIONS", f"suppressions={HERE / 'leak_sanitizer.supp'} print_suppressions=0")
    done = run_program(tmp_path / "check", hand_made[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "ok\n"


@pytest.mark.skipif(torch.version.cuda is not None, reason="find_package(Torch) of a CUDA build needs the CUDA toolkit")
def test_after_find_package_torch(tmp_path):
    done = configure(
        tmp_path,
        "-DWITH_TORCH_PACKAGE=ON",
        f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path};{sysconfig.get_cmake_dir()}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fxtraced: libtorch in" not in done.stdout


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
