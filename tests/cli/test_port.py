"""`fxtraced port`: what code uses of Paddle, found without running it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fxtraced.cli import port
from fxtraced.cli._uses import uses_in
from fxtraced.cli.main import main


def used(source):
    """The uses in a text as "LINE:NAME", without methods of unknown things."""
    names = {"paddle.nn": ["Linear", "ReLU"]}
    found = uses_in(source, lambda module: iter(names.get(module, ())))
    return " ".join(f"{use.line}:{use.name.removeprefix('paddle.')}" for use in found if use.name[0] != ".")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import paddle\npaddle.nn.Linear(1, 2)", "1:paddle 2:nn.Linear"),
        ("import paddle.nn as nn\nnn.Linear", "1:nn 2:nn.Linear"),
        ("import paddle.nn.functional\npaddle.add", "1:nn.functional 2:add"),
        ("import paddle as P\nP.add", "1:paddle 2:add"),
        ("from paddle.nn import functional as F\nF.relu", "1:nn.functional 2:nn.functional.relu"),
        ("from paddle.nn import *\nLinear, Other", "1:nn 2:nn.Linear"),
        ("from paddle import nn\nC = nn.Conv2D\nC(1)", "1:nn 2:nn.Conv2D 3:nn.Conv2D"),
        ("def f():\n from paddle import nn\n nn.A\nnn.B", "2:nn 3:nn.A"),
        ("async def f(x: paddle.A = 1):\n import paddle\n return lambda x: paddle.B", "2:paddle 3:B"),
        ("from paddle import nn\ndef f(nn):\n nn.A", "1:nn"),
        ("from paddle import nn\nnn = 3\nnn.A", "1:nn"),
        ("from paddle import nn\nfor nn, y in x:\n nn.A", "1:nn"),
        ("from paddle import nn\nimport torch.nn as nn\nnn.A", "1:nn"),
        ("from paddle import nn\nclass N(nn.Layer):\n x: nn.A = 1", "1:nn 2:nn.Layer 3:nn.A"),
        ("from paddle import nn\nx = [nn.A for nn in nn.B], {nn.C: 1 for i in x}", "1:nn 2:nn.B 2:nn.C"),
        ("from .paddle import nn\nfrom paddlex import a\nnn.A, a", ""),
        ("import paddle\npaddle.add(paddle.zeros([1]), y=paddle.ones)", "1:paddle 2:add 2:ones 2:zeros"),
    ],
)
def test_names_that_are_paddles(source, expected):
    assert used(source) == expected


def findings(tmp_path, capsys, source):
    """The exit code and (kind, line, api, text) of each finding in a file."""
    path = tmp_path / "model.py"
    path.write_text(source)
    code = main(["port", str(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == 1
    assert {finding["file"] for finding in found["findings"]} <= {str(path)}
    return code, [(f["kind"], f["line"], f["api"], f["text"]) for f in found["findings"]]


@pytest.mark.parametrize(
    ("line", "kind", "api", "text"),
    [
        ("paddle.add_n_more(x)", "missing", "paddle.add_n_more", "which is not in Paddle 2.6's documentation"),
        ("paddle.fluid.layers.fc(x)", "missing", "paddle.fluid.layers.fc", "lacks paddle.fluid, which is not in"),
        ("paddle.nn.functional.never.more", "missing", "paddle.nn.functional.never.more", "functional.never, which"),
        ("paddle.concat([x], dim=1)", "argument", "paddle.concat", "it takes no argument 'dim'"),
        ("paddle.nn.Conv2D(3, 4, 3, bias=False)", "argument", "paddle.nn.Conv2D", "it takes no argument 'bias'"),
    ],
)
def test_what_stops_the_code(tmp_path, capsys, line, kind, api, text):
    code, found = findings(tmp_path, capsys, f"import paddle\n\n{line}\n")
    assert code == 1
    ((found_kind, found_line, found_api, found_text),) = found
    assert (found_kind, found_line, found_api) == (kind, 3, api)
    assert text in found_text


def test_what_paddle_documents_is_said_to_be_lacking(tmp_path, capsys, monkeypatch):
    names = {"paddle": {"gone"}, "paddle.Tensor": {"gone", "shape", "only"}, "paddle.attic": {"chest"}}
    monkeypatch.setattr(port, "paddle_api", lambda: {"names": names, "differs": {"paddle.add": "it takes (a, b)"}})
    source = "import paddle\npaddle.gone.deep(1)\npaddle.attic.chest\npaddle.add\nx.only().shape\n"
    assert findings(tmp_path, capsys, source) == (1, [
        ("missing", 2, "paddle.gone", "fxtraced lacks it"),
        ("missing", 3, "paddle.attic.chest", "fxtraced lacks the module"),
        ("differs", 4, "paddle.add", "it takes (a, b)"),
        ("possible", 5, "paddle.Tensor.only", "Paddle's tensors have this method, fxtraced's lack it"),
    ])  # fmt: skip


def test_nothing_missing(capsys):
    model = Path(__file__).parents[1] / "models" / "vit.py"
    assert main(["port", str(model)]) == 0
    assert capsys.readouterr().out == "1 files use 0 names of Paddle: nothing missing\n"


def test_what_cannot_be_read(tmp_path, capsys):
    assert findings(tmp_path, capsys, "x = 1\nprint 'old'\n")[0] == 1
    assert main(["port", str(tmp_path / "nowhere")]) == 2
    assert "there is no file or directory" in capsys.readouterr().err


def test_the_table_is_for_people(tmp_path, capsys):
    (tmp_path / "a.py").write_text("import paddle as P\nP.cat([x], dim=0)\n")
    assert main(["port", str(tmp_path / "a.py")]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.split() == [f"{tmp_path}/a.py:2", "missing", "paddle.cat"]
    assert second == "    fxtraced lacks paddle.cat, which is not in Paddle 2.6's documentation"
    assert last == "1 files use 2 names of Paddle: 1 missing"


def test_all_that_is_used(tmp_path, capsys):
    (tmp_path / "model.py").write_text("from paddle import nn\nnn.Linear(1, 2)\nnn.Linear(2, 3, bias=False)\nnn.Foo\n")
    (tmp_path / "other.py").write_text("import paddle.nn\npaddle.nn.Linear(1, 2)\n")
    assert main(["port", str(tmp_path), "--used"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["2  paddle.nn", "1  paddle.nn.Foo     missing", "2  paddle.nn.Linear  argument"]
    main(["port", str(tmp_path), "--used", "--json"])
    assert json.loads(capsys.readouterr().out)["used"][2] == {"api": "paddle.nn.Linear", "files": 2, "mark": "argument"}
