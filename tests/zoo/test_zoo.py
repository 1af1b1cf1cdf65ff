"""scripts/zoo on a small tree in the shape of a repository of models; fxtraced stands in for real Paddle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fxtraced as paddle

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from zoo_survey import in_a_child  # noqa: E402

FILES = "tinycls/arch/backbone/*/tiny*.py"
PREPARE = "from tinycls.utils import logger; logger.init_logger()"


def zoo(out, *options):
    command = [sys.executable, ROOT / "scripts" / "zoo.py", "--source", Path(__file__).parent / "source", "--no-cpp"]
    command += ["--files", FILES, "--prepare", PREPARE, "--out", out, "--document", out / "zoo.md", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder of a whole run, and what came of each constructor."""
    out = tmp_path_factory.mktemp("zoo")
    arguments = out / "arguments.json"
    arguments.write_text('{"TinyNet_fused": {"class_num": 4}}')
    zoo(out, "--arguments", arguments, "--paddle", f"{sys.executable} -m fxtraced run", "--commit", "0123456789abcdef")
    return out, rows_of(out)


def rows_of(out):
    rows = map(json.loads, (out / "source" / "results.jsonl").read_text().splitlines())
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("name", ["TinyNet_x0_5", "TinyNet_x1_0", "TinyNet_fused", "TinyNet_sized"])
def test_models_pass_all_levels(results, name):
    row = results[1][name]
    assert (row["level"], row["failure"]) == ("saved and loaded", "")
    assert max(row["differences"].values()) < 1e-5
    assert row["parameters"] > 100


def test_a_model_that_paddle_does_not_build(results):
    row = results[1]["TinyNet_downloaded"]
    assert row["level"] == ""
    assert "the model uses tiny_downloader.progress.Bar, and tiny_downloader is not installed" in row["failure"]


def test_the_document(results):
    text = (results[0] / "zoo.md").read_text()
    assert "scripts/zoo --source source --paddle ~/paddle-env/bin/python \\\n    --prepare 'from tinycls" in text
    assert "| source | `0123456789ab` | 1 | 4 | 4 | 4 | 4 | 4 | 4 | 4 | 4 | 0 |" in text
    assert re.search(r"\n- source: 4 from (`[0-9a-f]{7}`|code without a commit)\n", text)
    assert "| `TinyNet_x0_5` | " in text
    assert "| `tinycls/arch/backbone/model_zoo/tiny_broken.py` | AttributeError: " in text
    assert "| `TinyNet_downloaded` | under Paddle: ImportError: the model uses " in text


MODELS = """
import paddle

def strip():
    from tinyseg import StripNet
    return StripNet(5), [1, 3, 16, 48]

class Several(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 2, 1)

    def forward(self, x):
        return {"b": [self.conv(x)], "a": (x, {"c": x.mean()})}

def several():
    return Several()
"""


def test_models_that_a_file_of_functions_builds(tmp_path):
    models = tmp_path / "tinyseg.py"
    models.write_text(MODELS)
    zoo(tmp_path, "--models", models, "--prepare", "", "--paddle", f"{sys.executable} -m fxtraced run")
    rows = rows_of(tmp_path)
    assert rows["several"]["failure"] == rows["strip"]["failure"] == ""
    reference = (tmp_path / "source" / "reference.jsonl").read_text()
    assert '"image": [1, 3, 16, 48]' in reference
    assert '"shapes": [[1, 2, 224, 224], [1, 3, 224, 224], []]' in reference


def test_the_document_names_what_was_left_out(tmp_path):
    zoo(tmp_path, "--each", "1")
    text = (tmp_path / "zoo.md").read_text()
    assert "## Left out of source\n\n3: `TinyNet_x1_0`, `TinyNet_sized`, `TinyNet_downloaded`" in text


def test_a_second_run_goes_on_from_the_first(results):
    assert zoo(results[0]).splitlines() == [f"wrote {results[0] / 'zoo.md'}"]


def test_without_paddle_and_with_weights_from_a_file(tmp_path):
    state = {"fc.weight": paddle.zeros([2, 2])}
    paddle.save(state, str(tmp_path / "TinyNet_x0_5.pdparams"))
    said = zoo(tmp_path, "--only", "TinyNet_x0_5", "TinyNet_sized", "--weights", tmp_path)
    assert "TinyNet_x0_5: ValueError: " in said
    assert "keys have no weights that fit, the first is " in said
    assert "TinyNet_sized: AssertionError: this one takes 112 pixels" in said


def fails(kind):
    yield {"seen": 1}
    if kind == "raises":
        raise KeyError("why")
    if kind == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "exits":
        os._exit(3)
    time.sleep(60 if kind == "hangs" else 0)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("raises", {"failure": "KeyError: 'why'"}),
        ("dies", {"failure": "the process died of SIGKILL"}),
        ("exits", {"failure": "the process ended with status 3"}),
        ("hangs", {"failure": "not done after 1 s"}),
        ("ends", {}),
    ],
)
def test_what_a_child_may_do(kind, failure, tmp_path):
    row, ended = in_a_child(lambda: fails(kind), 1, tmp_path / "results.jsonl")
    assert {**row, **ended} == {"seen": 1, **failure}
