"""install_as_paddle and `python -m fxtraced run`: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fxtraced as paddle


def run(*arguments, cwd):
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def program(text, tmp_path):
    """Run a program after install_as_paddle; returns what it printed."""
    code, printed, errors = run("-c", "import fxtraced\nfxtraced.install_as_paddle()\n" + text, cwd=tmp_path)
    assert code == 0, errors
    return printed


def test_modules_are_the_same_objects(tmp_path):
    program(
        """
import sys
import paddle
import paddle.nn as nn
import paddle.nn.functional as F
import paddle.metric
from paddle.nn.layer.norm import LayerNorm
from paddle.tensor.einsum import einsum
from paddle.distributed.fleet.utils import recompute
from paddle import ParamAttr, summary
import paddle.tensor.einsum
assert paddle is paddle.paddle is fxtraced
assert nn is fxtraced.nn
assert F is fxtraced.nn.functional
assert sys.modules["paddle.metric.metrics"] is sys.modules["fxtraced.metric.metrics"]
assert LayerNorm is fxtraced.nn.LayerNorm
import paddle.amp.auto_cast, paddle.autograd.saved_tensors_hooks
assert paddle.amp.auto_cast is fxtraced.amp.auto_cast
assert "Layer" in dir(paddle.nn)
with paddle.amp.auto_cast(False):
    pass
assert fxtraced.tensor.einsum is einsum
for name, module in [*sys.modules.items()]:
    if name.startswith("fxtraced."):
        assert module.__name__ == name, (name, module)
        assert module.__spec__.name == name, (name, module.__spec__)
""",
        tmp_path,
    )


def test_installing_twice_changes_nothing(tmp_path):
    program(
        """
import sys
before = list(sys.meta_path)
fxtraced.install_as_paddle()
assert sys.meta_path == before
""",
        tmp_path,
    )


def test_a_program_in_paddles_words_runs(tmp_path):
    printed = program(
        """
import paddle
from paddle.jit import TracedLayer

class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(3, 2)

    def forward(self, x):
        return paddle.nn.functional.relu(self.fc(x))

net = Net()
outputs, static = TracedLayer.trace(net, [paddle.rand([4, 3])])
static.save_inference_model("saved")
paddle.save(net.state_dict(), "net.pdparams")
print(net.set_state_dict(paddle.load("net.pdparams")))
""",
        tmp_path,
    )
    assert printed == "([], [])\n"
    assert (tmp_path / "saved" / "model.pt").exists()


@pytest.mark.parametrize(
    ("statement", "kind", "name"),
    [
        ("paddle.nn.Foo", "AttributeError", "paddle.nn.Foo"),
        ("paddle.fluid", "AttributeError", "paddle.fluid"),
        ("from paddle.nn import Foo", "ModuleNotFoundError", "paddle.nn.Foo"),
        ("from paddle.tensor.math import foo", "ModuleNotFoundError", "paddle.tensor.math.foo"),
        ("from paddle.framework import foo", "ModuleNotFoundError", "paddle.framework.foo"),
        ("import paddle.fluid", "ModuleNotFoundError", "paddle.fluid"),
        ("import paddle.fluid.layers as L", "ModuleNotFoundError", "paddle.fluid"),
        ("import paddle.nn.layer.foo", "ModuleNotFoundError", "paddle.nn.layer.foo"),
        ("from paddle import fluid", "ModuleNotFoundError", "paddle.fluid"),
    ],
)
def test_what_is_missing_is_named(statement, kind, name, tmp_path):
    printed = program(
        f"""
import paddle
try:
    {statement}
except Exception as error:
    print(type(error).__name__, error)
""",
        tmp_path,
    )
    assert printed == f"{kind} fxtraced does not have {name}. docs/models.md lists what it has of Paddle 2.6.2.\n"


def test_hasattr_still_answers(tmp_path):
    assert (
        program("import paddle\nprint(hasattr(paddle, 'foo'), getattr(paddle.nn, 'Foo', 1))", tmp_path) == "False 1\n"
    )


def test_another_paddle_that_is_imported_is_an_error(tmp_path):
    (tmp_path / "paddle.py").write_text("x = 1\n")
    code, _, errors = run("-c", "import paddle, fxtraced\nfxtraced.install_as_paddle()", cwd=tmp_path)
    assert code == 1
    assert "RuntimeError: install_as_paddle: another paddle is already imported, from " in errors
    assert "paddle.py. Call it before anything imports paddle, or run the script with" in errors


def test_another_paddle_that_is_installed_stays_out(tmp_path):
    (tmp_path / "paddle.py").write_text("raise AssertionError('the other paddle')\n")
    program("import paddle\nassert paddle is fxtraced", tmp_path)


# --- python -m fxtraced -----------------------------------------------------------------------------------------------

SCRIPT = """
import sys
import beside
import paddle
print(__name__, sys.argv[1:], paddle.nn.Linear(2, 3)(paddle.ones([1, 2])).shape, beside.x)
sys.exit(5)
"""


def test_a_script_runs_with_its_arguments(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "s.py").write_text(SCRIPT)
    (tmp_path / "scripts" / "beside.py").write_text("x = 7\n")
    code, printed, errors = run("-m", "fxtraced", "run", "scripts/s.py", "--epochs", "3", "-h", cwd=tmp_path)
    assert (code, errors) == (5, "")
    assert printed == "__main__ ['--epochs', '3', '-h'] [1, 3] 7\n"


def test_a_missing_script_is_one_line(tmp_path):
    code, printed, errors = run("-m", "fxtraced", "run", "nope.py", cwd=tmp_path)
    assert (code, printed) == (2, "")
    assert errors == "fxtraced run: there is no file nope.py\n"


def test_a_command_is_needed(tmp_path):
    code, _, errors = run("-m", "fxtraced", cwd=tmp_path)
    assert code == 2
    assert "usage: fxtraced" in errors


def test_the_scripts_own_error_comes_through(tmp_path):
    (tmp_path / "s.py").write_text("import paddle\npaddle.nn.Foo\n")
    code, _, errors = run("-m", "fxtraced", "run", "s.py", cwd=tmp_path)
    assert code == 1
    assert errors.endswith(
        "AttributeError: fxtraced does not have paddle.nn.Foo. docs/models.md lists what it has of Paddle 2.6.2.\n"
    )


def test_what_is_imported_later_is_there_and_listed():
    for name in paddle._LATER:
        assert hasattr(paddle, name)
        assert name in dir(paddle)
    with pytest.raises(AttributeError, match="foo"):
        _ = paddle.foo
