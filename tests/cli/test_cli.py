"""The command line: what it prints, writes and returns."""

import hashlib
import importlib.machinery
import json
import subprocess
import sys
import types
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.cli.main import main
from fxtraced.framework.version import VERSION
from tests.helpers import floats, ints, layer_of, linear, trace

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")


def two_outputs(self, x, ids):
    if x.shape[1] % 2 == 0:
        return {"sums": self.fc(x), "ids": ids * 2}
    return {"sums": x, "ids": ids}


@pytest.fixture
def archive(tmp_path):
    """The directory of a saved model of two inputs and two outputs."""
    paddle.seed(0)
    layer = layer_of(two_outputs, linear)
    layer.eval()
    trace(layer, floats(2, 4), ints(2)).save_inference_model(str(tmp_path / "saved"))
    return str(tmp_path / "saved")


@pytest.fixture
def run(capsys):
    """Run a command line: its code, what it printed, and its complaints."""

    def call(*arguments):
        try:
            code = main([str(x) for x in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_info(run, archive):
    code, printed, _ = run("info", archive)
    assert code == 0
    lines = printed.splitlines()
    assert lines[0].startswith(f"{archive}/model.pt: ")
    sealed = (Path(archive) / "model.pt").read_bytes()[:-80]
    assert lines[1] == f"content hash: sha256 {hashlib.sha256(sealed).hexdigest()}"
    assert lines[2] == "parameters: 20"
    assert "  x: float32[-1, 4]" in lines
    assert "  ids: int64[-1]" in lines
    assert "guards: 1" in lines
    guard = next(line for line in lines if "x.shape[1] % 2 == 0" in line)
    assert "test_cli.py:" in guard
    assert "`if x.shape[1] % 2 == 0:`" in guard
    assert "operations: t 1, linear 1, mul 1" in lines
    assert "sample: the inputs of the trace" in lines


def test_info_as_json(run, archive):
    code, printed, _ = run("info", archive, "--json")
    found = json.loads(printed)
    assert code == 0
    assert found["operations"] == {"t": 1, "linear": 1, "mul": 1}
    assert found["bytes"] > 1000


def test_run(run, archive, tmp_path):
    x, ids = np.ones((3, 4), "float32"), np.arange(3)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "ids.npy", ids)
    feeds = ["--feed", f"x={tmp_path / 'x.npy'}", "--feed", f"ids={tmp_path / 'ids.npy'}"]
    code, printed, _ = run("run", archive, *feeds, "-o", tmp_path / "out")
    assert code == 0
    assert [line.split("  ")[1] for line in printed.splitlines()] == ["float32[3, 4]", "int64[3]"]
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "ids.npy"), ids * 2)


def test_run_on_the_sample(run, archive, tmp_path):
    assert run("run", archive, "-o", tmp_path / "out")[0] == 0
    assert np.load(tmp_path / "out" / "sums.npy").shape == (2, 4)


def test_verify(run, archive):
    code, printed, _ = run("verify", archive)
    assert code == 0
    assert printed.splitlines() == [f"{name}: largest difference 0 of its scale" for name in ("sums", "ids")]
    code, _, complaint = run("verify", archive, "--tolerance", "-1")
    assert code == 1
    assert complaint.startswith("fxtraced verify: FXT403 ")


def test_verify_without_a_sample(run, tmp_path):
    trace(layer_of(lambda self, x: x + 1), floats(2)).save_inference_model(str(tmp_path), sample=False)
    code, _, complaint = run("verify", tmp_path)
    assert code == 2
    assert "has no sample: none was wanted" in complaint


def test_bench(run, archive):
    code, printed, progress = run("bench", archive, "--batch", "1,4", "--threads", "1,2", "--seconds", "0.05")
    assert code == 0
    lines = printed.splitlines()
    assert lines[0].startswith("load ")
    assert lines[1].split() == ["batch", "threads", "p50", "ms", "p90", "ms", "p99", "ms", "calls/s", "rows/s"]
    assert [line.split()[:2] for line in lines[2:]] == [["1", "1"], ["1", "2"], ["4", "1"], ["4", "2"]]
    assert progress.count("at once") == 4
    code, printed, _ = run("bench", archive, "--seconds", "0.05", "--json")
    assert json.loads(printed)["rows"][0]["calls_per_second"] > 0


def test_compare(run, tmp_path):
    for name, factor in (("a", 2.0), ("b", 2.0), ("c", 2.1)):
        traced = trace(layer_of(lambda self, x, factor=factor: x * factor), floats(2, 3))
        traced.save_inference_model(str(tmp_path / name))
    assert run("compare", tmp_path / "a", tmp_path / "b")[0] == 0
    code, printed, _ = run("compare", tmp_path / "a", tmp_path / "c")
    assert code == 1
    assert printed.startswith("fetch_0: largest absolute difference 0.0")
    assert run("compare", tmp_path / "a", tmp_path / "c", "--tolerance", "0.1")[0] == 0


def test_triton(run, archive, tmp_path):
    code, _, _ = run("triton", archive, "-o", tmp_path / "repo", "--name", "net", "--max-batch", "8")
    assert code == 0
    saved = (Path(archive) / "model.pt").read_bytes()
    assert (tmp_path / "repo" / "net" / "1" / "model.pt").read_bytes() == saved
    assert (tmp_path / "repo" / "net" / "config.pbtxt").read_text() == (
        'name: "net"\nplatform: "pytorch_libtorch"\nmax_batch_size: 8\n'
        'input {\n  name: "x__0"\n  data_type: TYPE_FP32\n  dims: [ 4 ]\n}\n'
        'input {\n  name: "ids__1"\n  data_type: TYPE_INT64\n  dims: [ 1 ]\n  reshape: { shape: [ ] }\n}\n'
        'output {\n  name: "sums__0"\n  data_type: TYPE_FP32\n  dims: [ 4 ]\n}\n'
        'output {\n  name: "ids__1"\n  data_type: TYPE_INT64\n  dims: [ 1 ]\n  reshape: { shape: [ ] }\n}\n'
    )
    assert run("triton", archive, "-o", tmp_path / "repo")[0] == 0
    assert "dims: [ -1, 4 ]" in (tmp_path / "repo" / "model" / "config.pbtxt").read_text()


def test_view(run, archive, tmp_path):
    written = tmp_path / "new" / "graph.svg"
    code, printed, _ = run("view", archive, "-o", written)
    assert (code, printed) == (0, f"{written}\n")
    drawing = ElementTree.parse(written).getroot()
    texts = [element.text for element in drawing.iter() if element.tag.endswith("text")]
    assert {"feed", "linear", "mul", "state", "fetch"} <= set(texts)


def test_version(run):
    code, printed, _ = run("--version")
    assert (code, printed) == (0, f"fxtraced: {VERSION}, torch: {torch.__version__}\n")


def test_view_serves_netron_until_it_is_stopped(run, archive, monkeypatch):
    """Netron's server is a thread of ours: a command that ends takes it along."""
    netron = types.ModuleType("netron")
    netron.__spec__ = importlib.machinery.ModuleSpec("netron", None)
    netron.start = lambda path: print("start", path)
    netron.wait = lambda: print("wait")
    monkeypatch.setitem(sys.modules, "netron", netron)
    code, printed, _ = run("view", archive)
    assert (code, printed.splitlines()) == (0, [f"start {archive}/model.pt", "Ctrl-C ends it", "wait"])


MODULE = """
import paddle

def build(width=4):
    return paddle.nn.Sequential(paddle.nn.Embedding(10, width), paddle.nn.Linear(width, 2))

class Branch(paddle.nn.Layer):
    def forward(self, x):
        return x if x.sum() > 0 else -x
"""


def fxtraced(*arguments, cwd):
    command = [sys.executable, "-m", "fxtraced", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_trace(tmp_path):
    """From Paddle code and weights to an archive."""
    (tmp_path / "mine.py").write_text(MODULE)
    net = paddle.nn.Sequential(paddle.nn.Embedding(10, 4), paddle.nn.Linear(4, 2))
    paddle.save(net.state_dict(), str(tmp_path / "w.pdparams"))
    given = ["trace", "mine:build", "--as-paddle", "--input", "2x5:int64:0..9", "--weights", "w.pdparams", "-o", "out"]
    code, printed, complaint = fxtraced(*given, cwd=tmp_path)
    assert (code, complaint) == (0, "")
    assert printed.endswith("saved out/model.pt\n")
    predictor = paddle.inference.create_predictor(paddle.inference.Config(str(tmp_path / "out")))
    ids = ints(3, 5)
    np.testing.assert_allclose(predictor.run([ids])[0].numpy(), net(ids).numpy(), rtol=1e-5, atol=1e-6)
    code, _, complaint = fxtraced(*given, "--target", "cuda", "--dtype", "float16", cwd=tmp_path)
    assert (code, complaint) == (0, "")
    manifest = paddle.static.load_inference_model(str(tmp_path / "out"))[0].manifest
    assert (manifest["target"], manifest["precision"]) == ("cuda", "float16")


def test_errors_are_one_message(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    given = ["trace", "mine:Branch", "--as-paddle", "--input", "x=2x5", "-o", "out"]
    code, printed, complaint = fxtraced(*given, cwd=tmp_path)
    assert (code, printed) == (1, "")
    assert complaint.startswith("fxtraced trace: FXT101 ")
    assert "Traceback" not in complaint
    assert "Traceback" in fxtraced("--debug", *given, cwd=tmp_path)[2]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["info", "nowhere"], 1, "fxtraced info: FXT401 there is no model at nowhere"),
        (["run", "{saved}", "--feed", "y=1.npy", "-o", "o"], 2, "NAME of ['x', 'ids'], but 'y=1.npy' was given"),
        (["run", "{saved}", "--feed", "x=none.npy", "-o", "o"], 1, "FXT301 none.npy cannot be read: No such file"),
        (
            ["run", "{saved}", "--feed", "x=text.npy", "-o", "o"],
            1,
            "FXT301 text.npy cannot be read: it is no .npy file",
        ),
        (["run", "{saved}", "--feed", "x=two.npz", "-o", "o"], 1, "FXT301 two.npz holds several arrays"),
        (["run", "{saved}"], 2, "required: -o"),
        (["verify", "{saved}", "--device", "tpu"], 2, "--device is cpu, gpu or gpu:N, but 'tpu' was given"),
        (["bench", "{saved}", "--batch", "0"], 2, "numbers of at least 1 are wanted, like 1,8, but '0' was given"),
        (["bench", "{saved}", "--threads", "2,x"], 2, "like 1,8, but '2,x' was given"),
        (["triton", "{scalar}", "-o", "o", "--max-batch", "2"], 2, "that of ['fetch_0'] is not"),
        (["compare", "{saved}", "{scalar}"], 2, "has the inputs ['x', 'ids']"),
        (["trace", "json", "--input", "2", "-o", "o"], 2, "MODULE:FACTORY is wanted, but 'json' was given"),
        (["trace", "json:loads", "--input", "2y", "-o", "o"], 2, "but '2y' was given"),
        (["trace", "json:nope", "--input", "2", "-o", "o"], 2, "json:nope: json has no 'nope'"),
        (["trace", "nomodule:f", "--input", "2", "-o", "o"], 2, "there is no module 'nomodule' here or on PYTHONPATH"),
        (["trace", "imports_more:f", "--input", "2", "-o", "o"], 1, "ModuleNotFoundError: No module named 'not_there'"),
        (["trace", "builtins:dict", "--input", "2", "-o", "o"], 2, "and a layer is wanted"),
        (["nonsense"], 2, "invalid choice"),
    ],
)
def test_wrong_use(run, archive, tmp_path, arguments, code, complaint, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "{scalar}" in arguments:
        trace(layer_of(lambda self, x: x.sum()), floats(2, 3)).save_inference_model("scalar")
    Path("text.npy").write_text("no array")
    Path("imports_more.py").write_text("import not_there")
    np.savez("two.npz", a=1, b=2)
    given = [x.format(saved=archive, scalar="scalar") for x in arguments]
    got, _, complaints = run(*given)
    assert (got, complaint in complaints) == (code, True), complaints


@pytest.mark.parametrize(
    "command", ["trace", "info", "run", "verify", "bench", "compare", "triton", "torchserve", "view"]
)
def test_every_command_has_help_with_an_example(run, command):
    code, printed, _ = run(command, "--help")
    assert code == 0
    assert "example" in printed
