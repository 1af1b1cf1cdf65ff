"""save_inference_model: selection, pruning, inference mode, atomic files."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import torch

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, trace

# The tests themselves read archives with torch.jit.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")


def load(path):
    exe = paddle.static.Executor(paddle.CPUPlace())
    program, feeds, fetches = paddle.static.load_inference_model(str(path), exe)
    return exe, program, feeds, fetches


def run(path, *arrays):
    exe, program, feeds, fetches = load(path)
    return exe.run(program, dict(zip(feeds, arrays, strict=True)), fetches)


def two_branches(self, x, y):
    return x + 1, y * 2, x * y


@pytest.mark.parametrize(
    ("feed", "fetch"),
    [(None, None), ([0, 1], [0, 1, 2]), ([1, 0], [2, 0]), ([0], [0]), ([1], [1]), ([0, 1], [1])],
)
def test_indices_select_and_order(feed, fetch, tmp_path):
    inputs = [floats(2, 3), floats(2, 3, seed=1)]
    layer = layer_of(two_branches)
    traced = trace(layer, *inputs)
    traced.save_inference_model(str(tmp_path), feed=feed, fetch=fetch)
    _, program, feeds, fetches = load(tmp_path)
    assert feeds == [["x", "y"][i] for i in (feed or [0, 1])] == program.feed_names
    assert [v.name for v in fetches] == [f"fetch_{i}" for i in (fetch or [0, 1, 2])]
    results = run(tmp_path, *[inputs[i].numpy() for i in (feed or [0, 1])])
    for result, i in zip(results, fetch or [0, 1, 2], strict=True):
        np.testing.assert_array_equal(result, layer(*inputs)[i].numpy())


@pytest.mark.parametrize(("feed", "fetch", "missing"), [([0], [2], ["y"]), ([0], None, ["y"]), ([], [2], ["x", "y"])])
def test_missing_inputs_are_listed(feed, fetch, missing, tmp_path):
    traced = trace(layer_of(two_branches), floats(2, 3), floats(2, 3))
    with pytest.raises(paddle.errors.PruneError) as error:
        traced.save_inference_model(str(tmp_path), feed, fetch)
    assert f"also need the inputs {missing}" in str(error.value)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("feed", "fetch"), [([2], None), ([-1], None), (None, [3]), (None, []), (None, [0, 0]), ([0, 0], None)]
)
def test_indices_out_of_range(feed, fetch, tmp_path):
    traced = trace(layer_of(two_branches), floats(2, 3), floats(2, 3))
    with pytest.raises(paddle.errors.FetchError, match="must be different indices of"):
        traced.save_inference_model(str(tmp_path), feed, fetch)


def test_the_file_holds_only_what_the_fetches_need(tmp_path):
    def setup(self):
        self.big = paddle.nn.Linear(4, 5000)
        self.fc = paddle.nn.Linear(4, 4)

    traced = trace(layer_of(lambda self, x: (self.fc(x), self.big(x)), setup), floats(2, 4))
    traced.save_inference_model(str(tmp_path / "all"))
    traced.save_inference_model(str(tmp_path / "one"), fetch=[0])
    module = torch.jit.load(str(tmp_path / "one" / "model.pt"))
    assert [name for name, _ in module.named_parameters()] == ["fc.weight", "fc.bias"]
    assert os.path.getsize(tmp_path / "one" / "model.pt") < 40_000 < os.path.getsize(tmp_path / "all" / "model.pt")


def test_a_layer_in_training_mode_is_saved_in_inference_mode(tmp_path):
    def setup(self):
        linear(self)
        self.norm = paddle.nn.BatchNorm1D(4)
        self.drop = paddle.nn.Dropout(0.5)

    def forward(self, x):
        x = self.drop(self.norm(self.fc(x)))
        return (x, x * 2) if self.training else x * 3

    layer, x = layer_of(forward, setup), floats(8, 4)
    traced = trace(layer, x)
    assert layer.training
    assert len(traced([x])) == 2
    traced.save_inference_model(str(tmp_path))
    layer.eval()
    np.testing.assert_allclose(run(tmp_path, x.numpy())[0], layer(x).numpy(), rtol=1e-6, atol=1e-6)


def test_an_inference_mode_that_cannot_be_traced_is_an_error_of_saving(tmp_path):
    def forward(self, x):
        if not self.training and x.sum() > 0:
            return x
        return x * 2

    traced = trace(layer_of(forward), floats(2))
    traced([floats(2)])
    with pytest.raises(paddle.errors.FxtracedError, match=r"FXT106 .*inference mode cannot be traced: FXT101"):
        traced.save_inference_model(str(tmp_path))


def test_directories_are_made_and_models_replaced(tmp_path):
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(2, 4)
    traced = trace(layer, x)
    place = tmp_path / "a" / "b"
    traced.save_inference_model(str(place))
    first = run(place, x.numpy())[0]
    layer.fc.weight.set_value(np.zeros((4, 4), "float32"))
    traced.save_inference_model(str(place))
    assert os.listdir(place) == ["model.pt"]
    assert not np.array_equal(run(place, x.numpy())[0], first)
    np.testing.assert_array_equal(run(place, x.numpy())[0], layer(x).numpy())


def test_a_failed_save_keeps_the_old_model(tmp_path, monkeypatch):
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(2, 4)
    traced = trace(layer, x)
    traced.save_inference_model(str(tmp_path))
    before = (tmp_path / "model.pt").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        traced.save_inference_model(str(tmp_path))
    assert os.listdir(tmp_path) == ["model.pt"]
    assert (tmp_path / "model.pt").read_bytes() == before


def test_empty_dirname_and_a_file_in_the_way(tmp_path):
    traced = trace(layer_of(lambda self, x: x + 1), floats(2))
    with pytest.raises(ValueError, match="dirname must not be empty"):
        traced.save_inference_model("")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError):
        traced.save_inference_model(str(tmp_path / "file"))


def test_the_saved_model_is_a_snapshot(tmp_path):
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(2, 4)
    traced = trace(layer, x)
    traced.save_inference_model(str(tmp_path))
    before = layer(x).numpy()
    layer.fc.weight.set_value(np.zeros((4, 4), "float32"))
    np.testing.assert_array_equal(run(tmp_path, x.numpy())[0], before)


def test_plain_torch_reads_names_and_runs(tmp_path):
    trace(layer_of(two_branches), floats(2, 3), floats(2, 3)).save_inference_model(str(tmp_path))
    extra = {"fxtraced_manifest.json": ""}
    module = torch.jit.load(str(tmp_path / "model.pt"), _extra_files=extra)
    assert module.fxtraced_format == 1
    assert module.fxtraced_feed_names == ["x", "y"]
    assert module.fxtraced_feed_dtypes == ["float32", "float32"]
    assert module.fxtraced_feed_shapes == [[-1, -1], [-1, -1]]
    assert module.fxtraced_fetch_names == ["fetch_0", "fetch_1", "fetch_2"]
    assert not module.training
    assert len(module(torch.ones(5, 3), torch.ones(5, 3))) == 3
    manifest = json.loads(extra["fxtraced_manifest.json"])
    assert manifest["format"] == 1
    assert [feed["name"] for feed in manifest["feeds"]] == ["x", "y"]
    assert manifest["verified"][0].startswith("the given inputs on x[2, 3], y[2, 3]: largest difference 0 ")
    assert manifest["sizes"][2] == {
        "feed": "y", "dim": 0, "size": 2, "verdict": "free", "tried": [3], "tied": ["x.shape[0]"], "why": "",
    }  # fmt: skip
    with pytest.raises(torch.jit.Error, match="FXT301 feed 'x' must be float32 of 2 dimensions"):
        module(torch.ones(3), torch.ones(3))


def test_the_manifest_tells_of_the_chosen_feeds_only(tmp_path):
    traced = trace(layer_of(lambda self, x, y: (x + 1, x * y)), floats(2, 3), floats(2, 3))
    traced.save_inference_model(str(tmp_path), feed=[0], fetch=[0])
    sizes = paddle.static.load_inference_model(str(tmp_path))[0].manifest["sizes"]
    assert [(entry["feed"], entry["dim"]) for entry in sizes] == [("x", 0), ("x", 1)]


def test_one_fetch_is_a_tensor_for_plain_torch(tmp_path):
    trace(layer_of(lambda self, x: x + 1), floats(2)).save_inference_model(str(tmp_path))
    assert torch.equal(torch.jit.load(str(tmp_path / "model.pt"))(torch.ones(2)), torch.full((2,), 2.0))


def test_state_dict_keys_are_the_archives_parameters(tmp_path):
    net = paddle.nn.Sequential(paddle.nn.Linear(4, 4), paddle.nn.BatchNorm1D(4), paddle.nn.ReLU())
    net.eval()
    trace(net, floats(2, 4)).save_inference_model(str(tmp_path))
    module = torch.jit.load(str(tmp_path / "model.pt"))
    assert set(module.state_dict()) == set(net.state_dict())


def test_guards_stay_in_the_archive(tmp_path):
    def forward(self, x):
        if x.shape[1] % 2 == 0:
            return x.reshape([0, 2, -1])
        return x

    trace(layer_of(forward), floats(2, 4)).save_inference_model(str(tmp_path))
    assert run(tmp_path, np.ones((3, 6), "float32"))[0].shape == (3, 2, 3)
    with pytest.raises(paddle.errors.GuardError, match=r"x\.shape\[1\] % 2 == 0"):
        run(tmp_path, np.ones((3, 5), "float32"))
