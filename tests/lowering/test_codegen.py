"""The text that TorchScript gets."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.codegen import forward_source
from tests.helpers import floats, layer_of, same_as_layer, trace


def source_of(forward, *inputs, **options):
    return forward_source(trace(layer_of(forward), *inputs).program.trace.graph, **options)


def test_source_is_readable():
    text = source_of(lambda self, x: paddle.nn.functional.relu(x.reshape([x.shape[0], -1])) * 2, floats(2, 3, 4))
    assert text.splitlines()[0] == "def forward(self, x):"
    assert "    size = x.size(0)" in text
    assert "    reshape = torch.reshape(x, [size, -1])" in text
    assert text.splitlines()[-1].startswith("    return ")


def test_feed_checks():
    text = source_of(lambda self, x: x + 1, floats(2, 3), feed_checks=True)
    assert "assert x.dim() == 2 and x.dtype == torch.float32" in text


VALUES = {
    "infinity": lambda self, x: paddle.where(x > 0, x, paddle.full_like(x, float("-inf"))),
    "not a number": lambda self, x: paddle.full_like(x, float("nan")),
    "a large int": lambda self, x: x.astype("int64") + 2**40,
    "a tiny float": lambda self, x: x + 1e-30,
    "an empty shape": lambda self, x: paddle.zeros([]) + x,
    "ellipsis and None": lambda self, x: x[..., None, 0],
    "a list index": lambda self, x: x[[1, 0]],
    "a mask of booleans": lambda self, x: x[paddle.to_tensor([True, False])],
    "steps": lambda self, x: x[:, ::2],
    "negative power of an int": lambda self, x: x * (x.shape[0] ** 2) * (2 ** x.shape[1]),
    "division of sizes": lambda self, x: x * (x.shape[1] / 2) * (x.shape[1] // 2) * (-x.shape[1] % 4),
    "dtypes": lambda self, x: x.astype("float64").astype("int32").astype("bool"),
    "rounding": lambda self, x: x * math.floor(x.shape[1] / 2) * round(x.shape[1] / 3) * abs(-x.shape[0]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_written_as_torchscript_reads_them(name):
    layer = layer_of(VALUES[name])
    traced = trace(layer, floats(2, 4))
    same_as_layer(traced, layer, floats(2, 4))


@pytest.mark.parametrize("name", ["self_", "torch", "input", "len", "list", "x1"])
def test_names_of_inputs_that_mean_something_to_python(name):
    space = {}
    exec(f"def forward(self, {name}):\n    return {name} * 2", space)
    traced = trace(layer_of(space["forward"]), floats(2))
    assert traced.program.feed_names == [name]
    np.testing.assert_array_equal(traced([floats(2)])[0], (floats(2) * 2).numpy())


def test_layers_with_digits_keywords_and_dots_in_their_names():
    net = paddle.nn.Sequential(*[(name, paddle.nn.Linear(4, 4)) for name in ("0", "class", "block.0.", "")])
    traced = trace(net, floats(2, 4))
    same_as_layer(traced, net, floats(2, 4))


def test_a_graph_that_torchscript_refuses_names_the_reason():
    def forward(self, x):
        return x * (1 + 2j) * complex(float("nan"), 1)

    with pytest.raises(paddle.errors.LoweringError, match="FXT105 the complex constant"):
        trace(layer_of(forward), floats(2))


def test_scripting_does_not_warn():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace(layer_of(lambda self, x: x + 1), floats(2))([floats(2)])


def norms(x):
    return torch.norm(x, dim=1) + torch.norm(x, 2, [1])


@pytest.mark.filterwarnings("ignore:.torch.jit")
@pytest.mark.parametrize("order", ["graph first", "scripted first"])
def test_functions_with_overloads(order, tmp_path):
    """TorchScript forgets overloads when it compiles them: here for a module alone, so that others can again."""
    program = f"""
import warnings, torch
from tests.helpers import floats, layer_of, trace
from tests.lowering.test_codegen import norms
warnings.simplefilter("ignore")
x = floats(3, 4)
if {order == "scripted first"}:
    torch.jit.script(norms)
traced = trace(layer_of(lambda self, x: norms(x)), x)
for _ in range(2):
    traced.save_inference_model({str(tmp_path)!r})
    loaded = torch.jit.load({str(tmp_path / "model.pt")!r})
    assert torch.allclose(loaded(torch.from_numpy(x.numpy())), norms(x))
    assert torch.allclose(torch.jit.script(norms)(torch.from_numpy(x.numpy())), norms(x))
"""
    subprocess.run([sys.executable, "-c", program], check=True)
