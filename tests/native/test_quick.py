"""A whole call in one step of the native module: when it answers, and that everything else is told as ever."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from fxtraced.framework.native import native
from fxtraced.lowering.cpu import CpuExecutable
from fxtraced.lowering.executable import Executable
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.lowering.watch import Watch
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, layer_of, linear, trace
from tests.passes.test_cpu_passes import linears_become

nn, F = paddle.nn, paddle.nn.functional
pytestmark = [
    pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU"),
    pytest.mark.usefixtures("with_native"),
]


@pytest.fixture(autouse=True)
def one_choice(monkeypatch):
    """Linear calls are packed, and whether partitions are faster does not matter."""
    linears_become(monkeypatch, "packed")


class Image(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2D(16, 32, 3), nn.BatchNorm2D(32)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Rows(nn.Layer):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(64, 1024), nn.Linear(1024, 512)

    def forward(self, x):
        return self.two(F.relu(self.one(x)))


# By what runs them: the layer's own weights, weights laid out, compiled partitions.
LAYERS = {
    "own": (lambda: layer_of(lambda self, x: self.fc(x), linear), (2, 4), Executable),
    "rows": (Rows, (8, 64), CpuExecutable),
    "images": (Image, (2, 16, 24, 24), PartitionedExecutable),
    "packed images": (Image, (2, 16, 24, 24), CpuExecutable),
}


@pytest.fixture
def called(monkeypatch):
    """Gives a layer, a static graph of it that answers in one step, its input, and what runs it."""

    def of(name):
        make, shape, kind = LAYERS[name]
        if kind is not PartitionedExecutable:
            monkeypatch.setattr("fxtraced.passes.pipeline.can_be_partitioned", lambda graph, **options: False)
        layer = make()
        layer.eval()
        x = floats(*shape)
        traced = trace(layer, x)
        for _ in range(3):
            traced([x])
        run = traced.program.runnable(tuple(traced.program.fetch_names))
        assert type(run) is kind
        assert run.quick([x]) is not None
        return layer, traced, x, run

    return of


def agree(traced, layer, x):
    with paddle.no_grad():
        wanted = layer(x).numpy()
    np.testing.assert_allclose(traced([x])[0], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_it_gives_what_the_layer_gives(called, name):
    layer, traced, x, run = called(name)
    for seed in range(3):
        x = floats(*x.shape, seed=seed)
        agree(traced, layer, x)
        assert len(run.quick((x,))) == 1
        assert traced([x], return_numpy=False)[0].shape == layer(x).shape
    assert torch.is_grad_enabled()
    assert torch._C._get_graph_executor_optimize()


# What it does not take, and what the user is told.
REFUSED = {
    "another rank": (lambda x: [x.unsqueeze(0)], paddle.errors.FeedError, "FXT301"),
    "another dtype": (lambda x: [x.astype("float64")], paddle.errors.FeedTypeError, "FXT302"),
    "an array": (lambda x: [x.numpy()], paddle.errors.FeedTypeError, "FXT302"),
    "too many": (lambda x: [x, x], paddle.errors.FeedError, "FXT301"),
    "none": (lambda x: [], paddle.errors.FeedError, "FXT301"),
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("name", LAYERS)
def test_what_does_not_fit_is_told_as_ever(called, name, why):
    _, traced, x, run = called(name)
    make, error, code = REFUSED[why]
    assert run.quick(make(x)) is None
    with pytest.raises(error, match=code):
        traced(make(x))


@pytest.mark.parametrize("name", LAYERS)
def test_an_operation_that_fails_is_told_as_ever(called, name):
    _, traced, x, _ = called(name)
    wrong = floats(*[size + 1 if i == 1 else size for i, size in enumerate(x.shape)])
    with pytest.raises((paddle.errors.ExecutionError, paddle.errors.GuardError), match="FXT(306|201)"):
        traced([wrong])
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("sizes", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_other_sizes(called, name, sizes):
    layer, traced, x, _ = called(name)
    for seed in range(4):
        agree(traced, layer, floats(sizes, *x.shape[1:], seed=seed))


def by_version(weight):
    weight.set_value(weight * 2)


def by_data(weight):
    weight.data = weight.data * 2


def beside_the_count(weight):
    # Half of all elements, those in the middle included.
    torch.Tensor.numpy(weight.detach()).flat[: weight.numel() // 2 + 16] *= 2


@pytest.mark.parametrize("change", [by_version, by_data, beside_the_count])
@pytest.mark.parametrize("name", LAYERS)
def test_a_change_shows_in_the_next_call(called, name, change):
    layer, traced, x, _ = called(name)
    for _ in range(3):
        before = traced([x])[0]
        change(next(iter(layer.parameters())))
        agree(traced, layer, x)
        assert np.abs(traced([x])[0] - before).max() > 1e-4


def test_a_tensor_in_anothers_place(called):
    layer, traced, x, _ = called("own")
    for seed in range(3):
        layer.fc.weight = paddle.create_parameter([4, 4], "float32", default_initializer=nn.initializer.Constant(seed))
        agree(traced, layer, x)
        agree(traced, layer, x)


@pytest.mark.parametrize("name", ["images", "packed images"])
def test_not_a_number(called, name):
    """oneDNN's relu would make 0 of it."""
    layer, traced, x, run = called(name)
    wrong = x.clone()
    wrong.flatten()[3] = float("nan")
    assert run.quick([wrong]) is None
    agree(traced, layer, wrong)
    agree(traced, layer, x)


def test_more_threads(called):
    layer, traced, x, run = called("images")
    torch.set_num_threads(2)
    assert run.quick([x]) is None
    agree(traced, layer, x)


def test_what_writes_is_not_called_twice():
    def forward(self, x):
        self.count.add_(1)
        return self.fc(x) + self.count

    def setup(self):
        linear(self)
        self.register_buffer("count", paddle.zeros([1]))

    layer = layer_of(forward, setup)
    x = floats(2, 4)
    traced = trace(layer, x)
    before = float(layer.count)
    for _ in range(3):
        traced([x])
    assert float(layer.count) == before + 3
    run = traced.program.runnable(tuple(traced.program.fetch_names))
    assert isinstance(run, Executable)
    assert run.quick is None


def test_from_eight_threads(called):
    layer, traced, _, _ = called("rows")
    inputs = [floats(8, 64, seed=seed) for seed in range(8)]
    with paddle.no_grad():
        wanted = [layer(x).numpy() for x in inputs]
    failed = []

    def call(i):
        for _ in range(50):
            if np.abs(traced([inputs[i]])[0] - wanted[i]).max() > 1e-5:
                failed.append(i)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_layer_that_holds_its_own_graph_is_collected():
    """The graph looks at the layer: the collector has to see through the native module."""
    layer = nn.Sequential(Rows())
    layer.eval()
    x = floats(8, 64)
    traced = trace(layer, x)
    for _ in range(3):
        traced([x])
    layer[0].static = traced
    gone = [weakref.ref(layer[0]), weakref.ref(layer[0].one.weight)]
    del layer, traced
    gc.collect()
    assert [x() for x in gone] == [None, None]


def test_a_watch_that_was_cleared_and_wrong_things():
    module = native()
    weight = torch.zeros(3)
    holder = {"weight": weight}
    watch = module.Watch([holder], ["weight"], [weight], 1)
    assert watch.holds()
    weight.add_(1)
    assert not watch.holds()
    with pytest.raises(TypeError):
        module.Watch([holder], ["weight"], [None, 3], "one")
    with pytest.raises(RuntimeError, match="cast"):
        module.Watch([holder], ["weight"], [3], 1)
    assert Watch([(holder, "weight")]).holds()
    holder["weight"] = torch.zeros(3)
    assert not module.Watch([holder], ["weight"], [weight], 1).holds()
    del holder["weight"]
    assert module.Watch([holder], ["weight"], [None], 0).holds()


def a_predictor(place):
    run = inference.create_predictor(inference.Config(place)).run
    return lambda x: run([x])[0].numpy()


def an_executor(place):
    executor = paddle.static.Executor()
    program, names, _ = paddle.static.load_inference_model(place, executor)
    return lambda x: executor.run(program, {names[0]: x})[0]


@pytest.mark.parametrize("loaded", [a_predictor, an_executor])
@pytest.mark.parametrize("name", LAYERS)
def test_archives_give_what_the_layer_gives(called, name, loaded, tmp_path):
    layer, traced, x, _ = called(name)
    traced.save_inference_model(str(tmp_path))
    run = loaded(str(tmp_path))
    for seed in range(3):
        for rows in (x.shape[0], 1):
            x = floats(rows, *x.shape[1:], seed=seed)
            with paddle.no_grad():
                np.testing.assert_allclose(run(x), layer(x).numpy(), rtol=1e-4, atol=1e-5)
    x = floats(*x.shape)
    x.stop_gradient = False
    if loaded is a_predictor:
        # An executor calculates as its caller does.
        with torch.autocast("cpu", torch.bfloat16):
            again = run(x)
        np.testing.assert_allclose(again, run(x), rtol=1e-4, atol=1e-5)
    wrong = floats(*[size + 1 if i == 1 else size for i, size in enumerate(x.shape)])
    with pytest.raises((paddle.errors.ExecutionError, paddle.errors.GuardError), match="FXT(306|201)"):
        run(wrong)
    with pytest.raises(paddle.errors.FeedTypeError, match="FXT302"):
        run(x.astype("float64"))
    if name == "images":
        bad = x.detach().clone()
        bad.flatten()[3] = float("nan")
        with paddle.no_grad():
            np.testing.assert_allclose(run(bad), layer(bad).numpy(), rtol=1e-4, atol=1e-5)


def test_a_result_that_is_a_feed_has_no_gradient(tmp_path):
    layer = layer_of(lambda self, x: (self.fc(x), x), linear)
    x = floats(2, 4)
    trace(layer, x).save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    x.stop_gradient = False
    for _ in range(3):
        results = predictor.run([x])
        assert [result.stop_gradient for result in results] == [True, True]
        np.testing.assert_array_equal(results[1].numpy(), x.detach().numpy())


def test_what_an_operation_warns_of_is_pythons():
    layer = layer_of(lambda self, x: torch.std(self.fc(x), 0), linear)
    x = floats(2, 4)
    traced = trace(layer, x, verify=False)
    for _ in range(3):
        traced([x])
    run = traced.program.runnable(tuple(traced.program.fetch_names))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="degrees of freedom"):
            run.quick([floats(1, 4)])
        assert run.quick([x]) is not None
