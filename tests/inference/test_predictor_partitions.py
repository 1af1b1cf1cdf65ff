"""A predictor on a CPU runs calls of the sample's sizes in compiled partitions, and gives what it gave."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from fxtraced.lowering import archive, freezing, partitions, scripted_passes
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.passes.onednn import calculates_bfloat16, is_available
from tests.helpers import floats, layer_of, trace

nn, F = paddle.nn, paddle.nn.functional
pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


@pytest.fixture(autouse=True)
def whether_faster_or_not(monkeypatch):
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), 0.0))
    monkeypatch.setattr(archive, "WORTHWHILE", 0)


def images(self):
    self.a, self.norm, self.b = nn.Conv2D(16, 16, 3, padding=1), nn.BatchNorm2D(16), nn.Conv2D(16, 16, 1)


def rows(self):
    self.a, self.b = nn.Linear(64, 64), nn.Linear(64, 64)


def wide(self):
    self.a, self.b = nn.Linear(1024, 2048), nn.Linear(2048, 1024)


def recurrent(self):
    self.lstm, self.a = nn.LSTM(64, 32, direction="bidirectional"), nn.Linear(64, 16)


LAYERS = {
    "a residual": (lambda self, x: F.relu(self.norm(self.a(x)) + x), images, [floats(2, 16, 12, 12)]),
    "two results": (lambda self, x: (self.b(F.relu(self.a(x))), self.a(x).mean([2, 3])), images,
                    [floats(2, 16, 12, 12)]),
    "rows after rows": (lambda self, x: x + self.b(F.gelu(self.a(x))), rows, [floats(2, 50, 64)]),
    "rows and numbers": (lambda self, x, n: self.b(F.relu(self.a(x))) * n, rows,
                         [floats(8, 64), paddle.to_tensor([3])]),
    "one row": (lambda self, x: self.b(F.relu(self.a(x))) + x, wide, [floats(1, 1024)]),
    "one row by a product and sum": (lambda self, x: paddle.addmm(x, F.relu(self.a(x)), self.b.weight, 0.5, 2.0), wide,
                                     [floats(1, 1024)]),
    "an LSTM": (lambda self, x: self.a(self.lstm(x)[0]), recurrent, [floats(2, 12, 64)]),
    "ways that meet": (lambda self, x: self.norm(y := self.a(x)) + y, images, [floats(2, 16, 12, 12)]),
}  # fmt: skip


def predictor(layer, inputs, directory):
    layer.eval()
    trace(layer, *inputs).save_inference_model(str(directory))
    made = inference.create_predictor(inference.Config(str(directory)))
    return made, made._cell.served.program._module._run


@pytest.mark.parametrize("way", ["product", "convolution", "mkl", "kernel"])
@pytest.mark.parametrize("name", LAYERS)
def test_results_are_the_layers(name, way, tmp_path, monkeypatch, request):
    if way == "kernel":
        request.getfixturevalue("with_native")
    monkeypatch.setattr(scripted_passes, "WORTHWHILE", 1)
    monkeypatch.setattr(scripted_passes, "fastest", lambda cases, kernel: [way for _ in cases])
    forward, setup, inputs = LAYERS[name]
    layer = layer_of(forward, setup)
    made, run = predictor(layer, inputs, tmp_path)
    assert isinstance(run, PartitionedExecutable)
    assert run.count > 0
    assert max(made.self_test().values()) < 1e-5
    others = [[floats(*inputs[0].shape, seed=3), *inputs[1:]], [floats(5, *inputs[0].shape[1:]), *inputs[1:]]]
    for given in (inputs, *others, inputs):
        with paddle.no_grad():
            expected = layer(*given)
        results = made.run(given)
        for result, wanted in zip(results, expected if isinstance(expected, tuple) else [expected], strict=True):
            np.testing.assert_allclose(result.numpy(), wanted.numpy(), atol=1e-5)
            assert result.is_contiguous()


def test_not_a_number_stays_what_it_is(tmp_path):
    layer = layer_of(lambda self, x: F.relu(self.a(x)), images)
    made, run = predictor(layer, [floats(2, 16, 12, 12)], tmp_path)
    assert run.count > 0
    x = floats(2, 16, 12, 12).numpy()
    x[0, 3, 4, 5] = np.nan
    with paddle.no_grad():
        wanted = layer(paddle.to_tensor(x)).numpy()
    for _ in range(2):
        np.testing.assert_array_equal(np.isnan(made.run([paddle.to_tensor(x)])[0].numpy()), np.isnan(wanted))


NO_PARTITIONS = {
    "a branch": (
        lambda self, x: paddle.static.nn.cond(x.sum() > 0, lambda: self.a(x), lambda: self.b(x)),
        rows, floats(8, 64), "gives tensors",
    ),
    "no product": (lambda self, x: paddle.sort(x), rows, floats(8, 64), "takes no part of the graph"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_PARTITIONS)
def test_graphs_that_are_not_for_it(name, tmp_path, monkeypatch):
    forward, setup, x, reason = NO_PARTITIONS[name]
    refused: list[str] = []
    monkeypatch.setattr(freezing.CannotBePartitioned, "__init__", lambda self, reason: refused.append(reason))
    layer = layer_of(forward, setup)
    made, run = predictor(layer, [x], tmp_path)
    assert not isinstance(run, PartitionedExecutable)
    assert any(reason in text for text in refused)
    with paddle.no_grad():
        np.testing.assert_allclose(made.run([x])[0].numpy(), layer(x).numpy(), atol=1e-5)


def test_without_a_sample_or_optimisation_there_are_none(tmp_path):
    layer = layer_of(lambda self, x: self.a(x), rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path), sample=False)
    config = inference.Config(str(tmp_path))
    run = inference.create_predictor(config)._cell.served.program._module._run
    assert not isinstance(run, PartitionedExecutable)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    config.switch_ir_optim(False)
    run = inference.create_predictor(config)._cell.served.program._module._run
    assert not isinstance(run, PartitionedExecutable)


def test_reload_while_many_threads_ask(tmp_path):
    layer = layer_of(lambda self, x: F.relu(self.a(x)), images)
    x = floats(2, 16, 12, 12)
    made, _ = predictor(layer, [x], tmp_path / "a")
    first = made.run([x])[0].numpy()
    with paddle.no_grad():
        layer.a.weight.set_value(layer.a.weight * 2)
        layer.a.bias.set_value(layer.a.bias * 2)
    trace(layer, x).save_inference_model(str(tmp_path / "b"))
    stop, wrong = time.monotonic() + 2, []

    def ask():
        while time.monotonic() < stop:
            result = made.run([x])[0].numpy()
            if not any(np.allclose(result, first * k, atol=1e-5) for k in (1, 2)):
                wrong.append(result)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    while time.monotonic() < stop:
        for name in ("b", "a"):
            made.reload(str(tmp_path / name))
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_small_model_gets_none(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "WORTHWHILE", 8 * 64 * 64 + 1)
    _, run = predictor(layer_of(lambda self, x: self.a(x), rows), [floats(8, 64)], tmp_path)
    assert not isinstance(run, PartitionedExecutable)
    monkeypatch.setattr(archive, "WORTHWHILE", 8 * 64 * 64)
    _, run = predictor(layer_of(lambda self, x: self.a(x), rows), [floats(8, 64)], tmp_path)
    assert isinstance(run, PartitionedExecutable)


def test_warm_up_makes_partitions_for_further_shapes(tmp_path):
    layer = layer_of(lambda self, x, n: self.b(F.relu(self.a(x))) * n, rows)
    n = paddle.to_tensor([3])
    made, run = predictor(layer, [floats(8, 64), n], tmp_path)
    assert run.sizes == [[(8, 64), (1,)]]
    for _ in range(2):
        made.warm_up([[5, 64], [1]])
        made.warm_up()
    assert run.sizes == [[(8, 64), (1,)], [(5, 64), (1,)]]
    made.reload(str(tmp_path))
    made.reload(str(tmp_path))
    again = made._cell.served.program._module._run
    assert again is not run
    assert again.sizes == [[(8, 64), (1,)], [(5, 64), (1,)]]
    for x in (floats(8, 64), floats(5, 64), floats(3, 64)):
        with paddle.no_grad():
            np.testing.assert_allclose(made.run([x, n])[0].numpy(), layer(x, n).numpy(), atol=1e-5)
    repeated = made._cell.served.program.feeds_of([[17, 32], [2]])
    assert torch.equal(repeated[0], torch.cat([floats(8, 64).flatten(), floats(8, 64)[0, :32]]).reshape([17, 32]))
    assert repeated[1].tolist() == [3, 3]
    for rows_ in range(10, 40):
        made.warm_up([[rows_, 64], [1]])
    assert len(again.sizes) == 16


def test_shapes_that_a_guard_refuses_are_compiled_for_nothing(tmp_path):
    def forward(self, x):
        return self.a(x) if x.shape[0] % 2 == 0 else self.b(x)

    made, run = predictor(layer_of(forward, rows), [floats(8, 64)], tmp_path)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        made.warm_up([[7, 64]])
    assert run.sizes == [[(8, 64)]]
    with pytest.raises(ValueError, match="warm_up: 1 shapes are wanted, but received 2"):
        made.warm_up([[8, 64], [1]])


def test_a_caller_with_autocast_gets_partitions_too(tmp_path):
    layer = layer_of(lambda self, x: self.b(F.relu(self.a(x))), rows)
    layer.eval()
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    with torch.autocast("cpu", torch.bfloat16):
        made = inference.create_predictor(inference.Config(str(tmp_path)))
        run = made._cell.served.program._module._run
        made.warm_up([[5, 64]])
        made.reload(str(tmp_path))
        result = made.run([floats(8, 64)])[0]
    assert run.sizes == [[(8, 64)], [(5, 64)]]
    assert made._cell.served.program._module._run.sizes == run.sizes
    with paddle.no_grad():
        np.testing.assert_allclose(result.numpy(), layer(floats(8, 64)).numpy(), atol=1e-5)


bfloat16 = pytest.mark.skipif(not calculates_bfloat16(), reason="this CPU has no bfloat16")


def in_bfloat16(directory):
    """A predictor in bfloat16 of what is saved there, and what runs its calls."""
    config = inference.Config(str(directory))
    config.enable_mkldnn_bfloat16()
    made = inference.create_predictor(config)
    return made, made._cell.served.program._module._run


def apart(results, expected):
    """The largest differences of tensors from a layer's results, relative to their scale."""
    expected = expected if isinstance(expected, tuple) else [expected]
    pairs = [(a.numpy(), b.numpy()) for a, b in zip(results, expected, strict=True)]
    assert all(a.dtype == b.dtype for a, b in pairs)
    return [abs(a - b).max() / abs(b).max() for a, b in pairs]


@bfloat16
@pytest.mark.parametrize("saved_in", [None, "bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_bfloat16(name, saved_in, tmp_path):
    forward, setup, inputs = LAYERS[name]
    layer = layer_of(forward, setup)
    layer.eval()
    trace(layer, *inputs).save_inference_model(str(tmp_path), dtype=saved_in)
    if saved_in:
        made = inference.create_predictor(inference.Config(str(tmp_path)))
        run = made._cell.served.program._module._run
    else:
        made, run = in_bfloat16(tmp_path)
    assert isinstance(run, PartitionedExecutable)
    assert run.count > 0
    # What is saved in bfloat16 has a sample of its own results.
    assert all((saved_in or x > 1e-5) and x < 2e-2 for x in made.self_test().values())
    others = [[floats(*inputs[0].shape, seed=3), *inputs[1:]], [floats(5, *inputs[0].shape[1:]), *inputs[1:]]]
    # The third call of another size makes the graph for every size.
    for given in (inputs, *others, others[1], others[1], others[1], inputs):
        with paddle.no_grad():
            expected = layer(*given)
        assert max(apart(made.run(given), expected)) < 2e-2
    with paddle.no_grad():
        expected = layer(*others[1])
    assert all(x > 1e-5 for x in apart(made.run(others[1]), expected))


@bfloat16
def test_bfloat16_of_what_is_not_a_number(tmp_path):
    layer = layer_of(lambda self, x: F.relu(self.a(x)), rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    made, run = in_bfloat16(tmp_path)
    assert run.count > 0
    x = floats(8, 64).numpy()
    x[3] = np.nan
    for _ in range(4):
        result = made.run([paddle.to_tensor(x)])[0].numpy()
        assert np.isnan(result).all(1).tolist() == [i == 3 for i in range(8)]


def written(self, x):
    y = self.a(x)
    y[0] = 0
    return self.b(y)


# A graph, and whether its sample is kept.
MIXED = {"it writes": (written, True), "no sample": (lambda self, x: self.b(self.a(x)), False),
         "no product": (lambda self, x: paddle.sort(x), True)}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_what_is_left_to_automatic_mixed_precision(name, tmp_path):
    forward, sample = MIXED[name]
    layer = layer_of(forward, rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path), sample=sample)
    made, run = in_bfloat16(tmp_path)
    assert not isinstance(run, PartitionedExecutable)
    x = floats(8, 64, seed=1)
    with paddle.no_grad():
        expected = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = layer(x).float()
    result = made.run([x])[0]
    assert (result.numpy() == mixed.numpy()).all()
    assert max(apart([result], expected)) < 2e-2


def test_a_cpu_without_bfloat16(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "calculates_bfloat16", lambda: False)
    layer = layer_of(lambda self, x: self.b(F.relu(self.a(x))), rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    made, run = in_bfloat16(tmp_path)
    assert not isinstance(run, PartitionedExecutable)
    with paddle.no_grad():
        expected = layer(floats(8, 64))
    (difference,) = apart(made.run([floats(8, 64)]), expected)
    assert 1e-5 < difference < 2e-2
    # It tests what answers.
    assert made.self_test()["fetch_0"] == pytest.approx(difference, rel=1e-3)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path), dtype="bfloat16")
    made = inference.create_predictor(inference.Config(str(tmp_path)))
    assert apart(made.run([floats(8, 64)]), expected)[0] < 2e-2


@bfloat16
def test_bfloat16_that_differs_too_much(tmp_path):
    """What cancels shows the rounding: neither way may be taken for the other, and the self-test says it."""
    layer = layer_of(lambda self, x: (self.a(x) - self.a(x + 1e-3)) * 1e3, rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    made, run = in_bfloat16(tmp_path)
    assert not isinstance(run, PartitionedExecutable)
    with pytest.raises(paddle.errors.SelfTestError, match=r"FXT403 .* and 0.1 is allowed"):
        made.self_test()


@bfloat16
def test_bfloat16_after_warm_up_and_reload(tmp_path):
    layer = layer_of(lambda self, x: self.b(F.relu(self.a(x))), rows)
    trace(layer, floats(8, 64)).save_inference_model(str(tmp_path))
    made, run = in_bfloat16(tmp_path)
    made.warm_up([[5, 64]])
    assert run.sizes == [[(8, 64)], [(5, 64)]]
    made.reload(str(tmp_path))
    again = made._cell.served.program._module._run
    assert again is not run
    assert again.sizes == run.sizes
    with paddle.no_grad():
        assert 1e-5 < apart(made.run([floats(5, 64)]), layer(floats(5, 64)))[0] < 2e-2
