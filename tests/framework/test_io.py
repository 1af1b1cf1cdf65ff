"""paddle.save and paddle.load: files from Paddle and for Paddle, and files that would run code."""

from __future__ import annotations

import io
import json
import os
import pickle
import pickletools
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.framework import io as weights_io
from tests.framework import weights

RECORDED = Path(__file__).parent / "recorded"
WRITTEN_BY_PADDLE = json.loads((RECORDED / "written_by_paddle.json").read_text(encoding="utf-8"))
READ_BY_PADDLE = json.loads((RECORDED / "read_by_paddle.json").read_text(encoding="utf-8"))


def close(found, expected, where=""):
    """Assert that two descriptions are equal, numbers to float32's precision; numbers in names may differ."""
    if isinstance(expected, dict):
        assert [*map(without_numbers, found)] == [*map(without_numbers, expected)], where
        for ours, (key, value) in zip(found.values(), expected.items(), strict=True):
            close(ours, value, f"{where}/{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for ours, value in zip(found, expected, strict=True):
            close(ours, value, where)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=2e-5, abs=1e-7), where
    elif isinstance(expected, str):
        assert without_numbers(found) == without_numbers(expected), where
    else:
        assert type(found) is type(expected), where
        assert found == expected, where


def without_numbers(name):
    """linear_7.w_0 -> linear.w_0: layers are counted from the start of the process."""
    head, dot, tail = name.partition(".")
    return head.rstrip("0123456789") + dot + tail if dot else name


def read(path, **options):
    return json.loads(json.dumps(weights.described(paddle.load(str(path), **options))))


@pytest.mark.parametrize("as_arrays", [False, True])
@pytest.mark.parametrize("name", [*weights.FILES, "static.pdparams"])
def test_reads_what_paddle_wrote_as_paddle_does(name, as_arrays):
    assert read(RECORDED / name, return_numpy=as_arrays) == WRITTEN_BY_PADDLE[name + " as arrays" * as_arrays]


@pytest.mark.parametrize("as_arrays", [False, True])
@pytest.mark.parametrize("name", weights.FILES)
def test_paddle_reads_what_we_write(name, as_arrays, tmp_path):
    # READ_BY_PADDLE is what Paddle read from files of this save; so the file must still hold the same.
    made, protocol = weights.FILES[name]
    paddle.save(made(paddle), str(tmp_path / name), protocol=protocol)
    close(read(tmp_path / name, return_numpy=as_arrays), READ_BY_PADDLE[name + " as arrays" * as_arrays])


@pytest.mark.parametrize("name", weights.FILES)
def test_our_files_name_nothing_that_paddle_has_not(name, tmp_path):
    made, protocol = weights.FILES[name]
    paddle.save(made(paddle), str(tmp_path / name), protocol=protocol)
    asked, texts = set(), []
    for opcode, value, _ in pickletools.genops((tmp_path / name).read_bytes()):
        if isinstance(value, str) and opcode.name != "GLOBAL":
            texts.append(value)
        if opcode.name == "GLOBAL":
            asked.add(value.replace(" ", "."))
    asked |= {text for text in texts if text.startswith(("numpy", "torch", "fxtraced"))}
    assert asked <= {
        "numpy", "numpy.core.multiarray", "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar",
        "numpy.ndarray", "numpy.dtype", "_codecs.encode", "__builtin__.tuple", "__builtin__.bytes",
    }  # fmt: skip


def test_a_state_dict_comes_back(tmp_path):
    net, other = weights.network(paddle), paddle.nn.Sequential(paddle.nn.Linear(3, 2), paddle.nn.BatchNorm1D(2))
    path = str(tmp_path / "new" / "deep" / "model.pdparams")
    paddle.save(net.state_dict(), path)
    loaded = paddle.load(path)
    assert type(loaded["0.weight"]) is paddle.Tensor
    assert loaded["0.weight"].name == net[0].weight.name
    assert loaded["0.weight"].stop_gradient
    assert other.set_state_dict(loaded) == ([], [])
    x = paddle.rand([4, 3])
    assert paddle.equal_all(net.eval()(x), other.eval()(x)).item()
    assert os.listdir(tmp_path / "new" / "deep") == ["model.pdparams"]


def test_paddles_optimizer_state_fits():
    net = weights.network(paddle)
    adam = paddle.optimizer.Adam(paddle.optimizer.lr.StepDecay(0.5, 1), parameters=net.parameters())
    state = paddle.load(str(RECORDED / "adam.pdopt"))
    names = dict(zip(("linear", "batch_norm1d"), ("linear", "batch_norm1d"), strict=True))
    renamed = {}
    for key, value in state.items():
        for name in names:
            if key.startswith(name):
                own = {"linear": net[0], "batch_norm1d": net[1]}[name].full_name()
                key = own + key[key.index(".") :]
        renamed[key] = value
    adam.set_state_dict(renamed)
    assert adam.get_lr() == 0.1
    paddle.sum(net(paddle.ones([4, 3]))).backward()
    adam.step()
    found = adam.state_dict()[f"{net[0].full_name()}.w_0_beta1_pow_acc_0"]
    assert found.item() == pytest.approx(state["linear_2.w_0_beta1_pow_acc_0"].item() * 0.9)


def test_plain_torch_tensors_and_parameters_are_saved():
    file = io.BytesIO()
    paddle.save({"n": 1, "a": torch.nn.Parameter(torch.ones(2)), "b": torch.zeros(1)}, file)
    file.seek(0)
    loaded = paddle.load(file)
    assert loaded["a"].tolist() == [1.0, 1.0]
    assert loaded["b"].tolist() == [0.0]


def test_the_name_table_is_kept_when_asked_for():
    net = paddle.nn.Linear(2, 2)
    file = io.BytesIO()
    paddle.save(net.state_dict(), file)
    file.seek(0)
    loaded = paddle.load(file, keep_name_table=True)
    assert loaded["StructuredToParameterName@@"] == {"weight": net.weight.name, "bias": net.bias.name}


@pytest.mark.parametrize("protocol", [2, 3])
def test_arrays_too_large_for_a_protocol_go_in_parts(protocol, monkeypatch):
    monkeypatch.setattr(weights_io, "_LARGEST_PART", 100)
    file = io.BytesIO()
    state = {"small": paddle.ones([2]), "large": paddle.arange(60, dtype="float32").reshape([6, 10])}
    paddle.save(state, file, protocol=protocol)
    file.seek(0)
    assert pickle.load(file)["UnpackBigParamInfor@@"] == {
        "large": {"OriginShape": (6, 10), "slices": ["large@@.0", "large@@.1", "large@@.2"]}
    }
    file.seek(0)
    loaded = paddle.load(file)
    assert set(loaded) == {"small", "large"}
    assert loaded["large"].shape == [6, 10]
    assert loaded["large"].numpy().ravel().tolist() == [*range(60)]


def test_an_empty_dict_is_not_written(tmp_path):
    with pytest.warns(UserWarning, match="The input state dict is empty"):
        paddle.save({}, str(tmp_path / "x.pdparams"))
    assert not os.listdir(tmp_path)


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = str(tmp_path / "x.pdparams")
    paddle.save({"a": 1}, path)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        paddle.save({"a": lambda: 1}, path)
    assert paddle.load(path) == {"a": 1}
    assert os.listdir(tmp_path) == ["x.pdparams"]


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (({"a": 1}, ""), {}, "The input path MUST be format of dirname/filename"),
        (({"a": 1}, "dir/"), {}, "The input path MUST be format of dirname/filename"),
        (({"a": 1}, 3), {}, "only supports saving objects to file and `BytesIO`, but got <class 'int'>"),
        (({"a": 1}, "x", 5), {}, "Expected 1<'protocol'<5, but received protocol=5"),
        (({"a": 1}, "x", "4"), {}, "The 'protocol' MUST be `int`, but received <class 'str'>"),
        (({"a": 1}, "x"), {"foo": 1}, "The additional config (foo) of `paddle.save` is not supported."),
        (({"a": 1}, "x"), {"use_binary_format": True}, "save: use_binary_format=True is not supported"),
        ((paddle.nn.ReLU(), "x"), {}, "paddle do not support saving `paddle.nn.Layer` object."),
        (({"a": paddle.nn.ReLU()}, "x"), {}, "paddle do not support saving `paddle.nn.Layer` object."),
    ],
)
def test_wrong_arguments_of_save(arguments, options, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as caught:
        paddle.save(*arguments, **options)
    assert text in str(caught.value)
    assert not os.listdir(tmp_path)


def test_wrong_arguments_of_load(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"\x08\x00no pickle")
    cases = [
        (str(tmp_path / "no"), {}, "to load model not exists"),
        (str(tmp_path), {}, "is a directory"),
        (str(other), {}, f"load: {other} is not a file of paddle.save, or it is damaged"),
        (str(other), {"foo": 1}, "The additional config (foo) of `paddle.load` is not supported."),
        (str(other), {"params_filename": "p"}, "load: params_filename is not supported"),
    ]
    for path, options, text in cases:
        with pytest.raises(ValueError) as caught:
            paddle.load(path, **options)
        assert text in str(caught.value)


def test_every_truncated_file_is_a_clear_error():
    whole = (RECORDED / "network.pdparams").read_bytes()
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match="is not a file of paddle.save, or it is damaged"):
            paddle.load(io.BytesIO(whole[:length]))


# --- files that would run code ----------------------------------------------------------------------------------------


class Calls:
    """Unpickled by calling function(*arguments)."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


HARMFUL = {
    "os.system": Calls(os.system, "echo harm > harm"),
    "exec": Calls(exec, "open('harm', 'w')"),
    "eval": Calls(eval, "open('harm', 'w')"),
    "eval with names": Calls(eval, "open('harm', 'w')", {"data": np.ones(1)}),
    "eval of a name": Calls(eval, "data", {"data": 1}),
    "getattr": Calls(getattr, [], "append"),
    "open": Calls(open, "harm", "w"),
    "subprocess": Calls(subprocess.Popen, ["touch", "harm"]),
    "import": Calls(__import__, "antigravity"),
    "torch": torch.ones(1),
    "a class": paddle.nn.Linear,
    "np.load": Calls(np.load, "x"),
    "a dotted name": Calls(np.ndarray.tofile, np.ones(1), "harm"),
    "a codec": Calls(__import__("_codecs").encode, "abc", "rot13"),
    "a state": Path("x"),
    "in an array": np.array([Calls(os.system, "echo harm > harm")], dtype=object),
    "in a dict": OrderedDict(a=[(Calls(os.system, "echo harm > harm"),)]),
}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("case", HARMFUL)
def test_loading_runs_nothing(case, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.pdparams"
    path.write_bytes(pickle.dumps({"w": HARMFUL[case]}, protocol))
    modules = set(sys.modules)
    with pytest.raises(paddle.errors.UnsafeFileError, match=r"^FXT402 ") as caught:
        paddle.load(str(path))
    assert "docs/errors.md#fxt402" in str(caught.value)
    assert os.listdir(tmp_path) == ["x.pdparams"]
    assert set(sys.modules) == modules


def test_modules_are_not_even_imported():
    with pytest.raises(paddle.errors.UnsafeFileError, match=r"asks for this\.s"):
        paddle.load(io.BytesIO(b"cthis\ns\n."))
    assert "this" not in sys.modules


def test_an_object_outside_of_the_file_is_refused():
    with pytest.raises(paddle.errors.UnsafeFileError, match="refers to an object outside"):
        paddle.load(io.BytesIO(b"Pabc\n."))


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_numpy_pickles_is_read(protocol):
    value = {
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strings": np.array(["a", "bc"]),
        "number": np.float64(1.5),
        "set": {1, 2},
        "ordered": OrderedDict(a=1 + 2j, b=b"bytes", c=bytearray(b"x")),
        "big": 2**80,
    }
    loaded = paddle.load(io.BytesIO(pickle.dumps(value, protocol)), return_numpy=True)
    assert loaded["f"].tolist() == value["f"].tolist()
    assert loaded["strings"].tolist() == ["a", "bc"]
    assert {key: loaded[key] for key in ("number", "set", "ordered", "big")} == {
        key: value[key] for key in ("number", "set", "ordered", "big")
    }
