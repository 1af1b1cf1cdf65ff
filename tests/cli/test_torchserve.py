"""`fxtraced torchserve`: what is in a .mar file, and its handler with a stand-in for TorchServe."""

import importlib
import json
import os
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

import fxtraced as paddle
from fxtraced.cli.main import main
from tests.helpers import floats, ints, layer_of, linear, trace

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")


def two_outputs(self, x, ids):
    if x.shape[1] % 2 == 0:
        return {"sums": self.fc(x), "ids": ids * 2}
    return {"sums": x, "ids": ids}


@pytest.fixture
def saved(tmp_path):
    """A layer and the directory of its archive."""
    layer = layer_of(two_outputs, linear)
    layer.eval()
    trace(layer, floats(2, 4), ints(2)).save_inference_model(str(tmp_path / "saved"))
    return layer, tmp_path / "saved"


@pytest.fixture
def unpacked(saved, tmp_path):
    """What TorchServe makes of the .mar file: a directory, and the manifest."""
    assert main(["torchserve", str(saved[1]), "-o", str(tmp_path / "store"), "--name", "net"]) == 0
    with zipfile.ZipFile(tmp_path / "store" / "net.mar") as mar:
        mar.extractall(tmp_path / "unpacked")
    directory = tmp_path / "unpacked"
    return directory, json.loads((directory / "MAR-INF" / "MANIFEST.json").read_text())


class Context:
    """The part of TorchServe's context that handlers use."""

    def __init__(self, directory, manifest):
        self.system_properties = {"model_dir": str(directory)}
        self.manifest = manifest
        self.statuses = {}

    def set_response_status(self, code=200, phrase="", idx=0):
        self.statuses[idx] = code


class BaseHandler:
    """What TorchServe's base handler does with a model.pt on a CPU."""

    def initialize(self, context):
        self.device = torch.device("cpu")
        name = context.manifest["model"]["serializedFile"]
        self.model_pt_path = os.path.join(context.system_properties["model_dir"], name)
        self.model = torch.jit.load(self.model_pt_path, map_location=self.device).eval()


@pytest.fixture
def handler_class(unpacked, monkeypatch):
    """The one class of the packed handler file, imported as TorchServe does."""
    for name in ("ts", "ts.torch_handler"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "ts.torch_handler.base_handler", SimpleNamespace(BaseHandler=BaseHandler))
    monkeypatch.syspath_prepend(str(unpacked[0]))
    monkeypatch.delitem(sys.modules, "serve_handler", raising=False)
    module = importlib.import_module("serve_handler")
    (found,) = [x for x in vars(module).values() if isinstance(x, type) and x.__module__ == "serve_handler"]
    return found


@pytest.fixture
def ask(handler_class, unpacked):
    """Requests run together: their answers, and the statuses that are not 200."""
    context = Context(*unpacked)
    handler = handler_class()
    handler.initialize(context)

    def call(*bodies):
        context.statuses.clear()
        return handler.handle([{"body": body} for body in bodies], context), dict(context.statuses)

    call.handler = handler
    return call


def test_contents(saved, unpacked):
    directory, manifest = unpacked
    created = manifest.pop("createdOn")
    assert len(created) == len("31/12/2026 23:59:59")
    assert manifest == {
        "runtime": "python",
        "model": {
            "modelName": "net",
            "serializedFile": "model.pt",
            "handler": "serve_handler.py",
            "modelVersion": "1.0",
        },
        "archiverVersion": "0.12.0",
    }
    assert (directory / "model.pt").read_bytes() == (saved[1] / "model.pt").read_bytes()
    handler = (directory / "serve_handler.py").read_text()
    assert "import fxtraced" not in handler
    assert "from fxtraced" not in handler


def test_equal_archives_give_equal_files(saved, tmp_path):
    for store in ("a", "b"):
        assert main(["torchserve", str(saved[1]), "-o", str(tmp_path / store), "--version", "2.0"]) == 0
    assert (tmp_path / "a" / "model.mar").read_bytes() == (tmp_path / "b" / "model.mar").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["nowhere"], 1, "fxtraced torchserve: FXT401 there is no model at nowhere"),
        (["{saved}", "--name", "../x"], 2, "a letter or digit first, but '../x' was given"),
        (["{complex}"], 2, "no complex numbers for ['x', 'fetch_0']"),
    ],
)
def test_wrong_use(saved, arguments, code, complaint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    double = trace(layer_of(lambda self, x: x * 2), paddle.to_tensor([1 + 2j]).astype("complex64"))
    double.save_inference_model("complex")
    given = [x.format(saved=saved[1], complex="complex") for x in arguments]
    assert main(["torchserve", *given, "-o", "store"]) == code
    assert complaint in capsys.readouterr().err
    assert not Path("store").exists()


def expected(layer, x, ids):
    outputs = layer(paddle.to_tensor(x, dtype="float32"), paddle.to_tensor(ids, dtype="int64"))
    return {name: value.numpy().tolist() for name, value in outputs.items()}


@pytest.mark.parametrize("encode", [lambda body: body, json.dumps, lambda body: json.dumps(body).encode()])
def test_a_request(saved, ask, encode):
    """Decoded by TorchServe, or as text or bytes."""
    (answer,), statuses = ask(encode({"ids": [3], "x": [[1, 2, 3, 4]]}))
    assert answer == expected(saved[0], [[1, 2, 3, 4]], [3])
    assert statuses == {}


def test_requests_run_together(saved, ask, monkeypatch):
    calls = []
    model = ask.handler.model
    monkeypatch.setattr(ask.handler, "_outputs", lambda tensors: calls.append(tensors) or list(model(*tensors)))
    bodies = [{"x": [[i, 0, 0, 1]] * rows, "ids": [i] * rows} for i, rows in ((1, 1), (2, 3), (3, 2))]
    answers, statuses = ask(*bodies)
    assert [len(x) for x in calls[0]] == [6, 6]
    assert len(calls) == 1
    assert statuses == {}
    for body, answer in zip(bodies, answers, strict=True):
        want = expected(saved[0], body["x"], body["ids"])
        assert answer["ids"] == want["ids"]
        torch.testing.assert_close(torch.tensor(answer["sums"]), torch.tensor(want["sums"]))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("nonsense", "Expecting value: line 1 column 1 (char 0)"),
        ([1], "a request is a JSON object of the inputs ['x', 'ids']"),
        (None, "a request is a JSON object of the inputs ['x', 'ids']"),
        ({"x": [[1, 2, 3, 4]]}, "a request is a JSON object of the inputs ['x', 'ids']"),
        ({"x": [[1, 2], [1]], "ids": [1]}, "expected sequence of length 2 at dim 1 (got 1)"),
        ({"x": [["a"]], "ids": [1]}, "too many dimensions 'str'"),
        ({"x": [[1, 2, 3, 4]], "ids": [1.5]}, "input 'ids' must be int64, and these numbers are not"),
        ({"x": [1, 2], "ids": [1]}, "FXT301 feed 'x' must be float32 of 2 dimensions. See docs/errors.md#fxt301"),
        ({"x": [[1, 2, 3]], "ids": [1]}, "FXT201 the static graph holds only where `x.shape[1] % 2 == 0`"),
    ],
)
def test_a_wrong_request_does_not_spoil_the_others(saved, ask, body, error):
    good = {"x": [[1, 2, 3, 4]], "ids": [3]}
    answers, statuses = ask(good, body, good)
    assert answers[1]["error"].startswith(error)
    assert statuses == {1: 400}
    assert answers[0] == answers[2] == expected(saved[0], good["x"], good["ids"])


def test_a_model_that_differs_here_is_not_served(handler_class, unpacked, monkeypatch):
    load = torch.jit.load

    def spoilt(*args, **kwargs):
        model = load(*args, **kwargs)
        with torch.no_grad():
            dict(model.named_parameters())["fc.weight"].mul_(2)
        return model

    monkeypatch.setattr(torch.jit, "load", spoilt)
    with pytest.raises(RuntimeError, match="FXT403 .*model.pt does not give on cpu what it gave when it was saved"):
        handler_class().initialize(Context(*unpacked))
