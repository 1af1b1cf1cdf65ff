"""convolve_linears, multiply_linears, calculate_linears, partition_linears: where they act, and what comes of it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.framework import native
from fxtraced.lowering.script import quiet
from fxtraced.passes import fastest_linear, measuring, mkl, pipeline
from fxtraced.passes.calculate_linears import calculate_linear
from fxtraced.passes.fastest_linear import Case, fastest
from fxtraced.passes.matching import name_of
from fxtraced.passes.onednn import is_available
from fxtraced.static.strategy import BuildStrategy
from fxtraced.tensor.loops import convolve_and_add, multiply_packed
from tests.helpers import floats, trace
from tests.passes.test_cpu_passes import ACTIVATIONS, ADDED, agrees_at_all_sizes, compare, linears_become

nn = paddle.nn
pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")

WIDTH = 256
# Inputs of two, three and four dimensions; the first size is traced.
SIZES = {
    "rows": [(100, WIDTH), (1, WIDTH), (0, WIDTH), (7, WIDTH)],
    "texts": [(2, 50, WIDTH), (3, 5, WIDTH), (1, 1, WIDTH), (2, 0, WIDTH)],
    "four dimensions": [(2, 5, 10, WIDTH), (1, 2, 3, WIDTH)],
}


# What becomes of a linear call, the pass that makes it, and the name of what it calls then, with an addition after it.
OPERATIONS = {
    "convolution": ("convolve_linears", convolve_and_add.__name__),
    "mkl": ("multiply_linears", multiply_packed.__name__),
    "kernel": ("calculate_linears", "linear.default"),
}


@pytest.fixture(params=OPERATIONS, autouse=True)
def operation(request, monkeypatch):
    if request.param == "mkl" and not mkl.is_available():
        pytest.skip("this torch has no MKL")
    if request.param == "kernel":
        request.getfixturevalue("with_native")
    linears_become(monkeypatch, request.param)
    return request.param


class Block(nn.Layer):
    def __init__(self, activation=F.relu, bias=None):
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH, bias_attr=bias), nn.Linear(2 * WIDTH, WIDTH)
        self.activation = activation

    def forward(self, x):
        return self.down(self.activation(self.up(x)))


@pytest.fixture(params=["packed", "in partitions"])
def way(request, monkeypatch):
    if request.param == "packed":
        monkeypatch.setattr(pipeline, "can_be_partitioned", lambda graph, **options: False)
    return request.param


@pytest.mark.parametrize("sizes", SIZES)
def test_of_any_dimensions(sizes, way, operation):
    compare(Block(), SIZES[sizes], **({OPERATIONS[operation][0]: 2} if way == "packed" else {}))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_with_what_follows(name, way):
    compare(Block(ACTIVATIONS[name]), SIZES["texts"])


def test_without_a_bias(way):
    compare(Block(bias=False), SIZES["texts"])


@pytest.mark.parametrize("name", ADDED)
def test_with_an_addition(name, way, operation):
    layer = ADDED[name]()
    traced = trace(layer, *(floats(4, 25, 512, seed=seed) for seed in (1, 2)))
    if way == "packed":
        made_by, call = OPERATIONS[operation]
        assert call in map(name_of, traced.program.after(made_by).graph.nodes)
    agrees_at_all_sizes(traced, layer)


def test_of_an_input_that_lies_otherwise(way):
    class Turned(Block):
        def forward(self, x):
            return super().forward(x.transpose([0, 2, 1]))

    compare(Turned(), [(2, WIDTH, 50), (3, WIDTH, 5)])


def test_a_weight_that_changes_shows(way):
    layer = Block()
    traced = trace(layer, floats(100, WIDTH))
    for _ in range(2):
        with paddle.no_grad():
            layer.up.weight[0, 0] += 1.0
            wanted = layer(floats(100, WIDTH)).numpy()
        np.testing.assert_allclose(traced([floats(100, WIDTH)])[0], wanted, rtol=1e-4, atol=1e-4)


def test_the_caller_may_write_into_what_he_gets(way):
    layer = nn.Linear(WIDTH, 2 * WIDTH)
    traced = trace(layer, floats(100, WIDTH))
    first = traced([floats(100, WIDTH)], return_numpy=False)[0]
    assert first.is_contiguous()
    kept = first.clone()
    first.zero_()
    assert torch.equal(traced([floats(100, WIDTH)], return_numpy=False)[0], kept)


STAYS = {
    "small": (lambda: nn.Linear(8, 8), (4, 8)),
    "one row without dimensions": (lambda: nn.Linear(2048, 1024), (2048,)),
    "of float64": (lambda: Block().to(dtype="float64"), (100, WIDTH)),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_stays(name):
    make, size = STAYS[name]
    layer = make()
    x = floats(*size).astype("float64" if "float64" in name else "float32")
    traced = trace(layer, x)
    with paddle.no_grad():
        np.testing.assert_allclose(traced([x])[0], layer(x).numpy(), rtol=1e-5, atol=1e-5)
    assert not any(traced.program.pass_report.get(made_by, 0) for made_by, _ in OPERATIONS.values())


def test_what_is_not_faster_stays(monkeypatch):
    linears_become(monkeypatch, "present")
    compare(Block(), SIZES["rows"], convolve_linears=0, multiply_linears=0)


def test_an_input_of_another_width_is_told(way):
    traced = trace(Block(), floats(100, WIDTH))
    for columns in (WIDTH - 1, WIDTH + 1, 2 * WIDTH):
        with pytest.raises(paddle.errors.ExecutionError, match=r"FXT306 .* shapes cannot be multiplied"):
            traced([floats(100, columns)])


def test_it_can_be_left_out(operation, monkeypatch):
    traced = trace(Block(), floats(100, WIDTH))
    linears_become(monkeypatch, "packed")
    build = BuildStrategy()
    build.delete_pass(OPERATIONS[operation][0])
    compiled = paddle.static.CompiledProgram(traced.program, build_strategy=build)
    (result,) = paddle.static.Executor().run(compiled, feed={"feed_0": floats(100, WIDTH)})
    np.testing.assert_allclose(result, traced([floats(100, WIDTH)])[0], rtol=1e-4, atol=1e-5)
    assert OPERATIONS[operation][0] not in compiled.report()


def test_an_archive_for_cpus_has_what_plain_libtorch_has(tmp_path):
    trace(Block(), floats(100, WIDTH)).save_inference_model(str(tmp_path), target="cpu")
    with quiet():
        code = str(torch.jit.load(str(tmp_path / "model.pt")).inlined_graph)
    assert "mkl::" not in code
    assert "fxtraced::" not in code


def test_what_is_measured(monkeypatch):
    asked = []
    monkeypatch.setattr(fastest_linear, "choose", lambda sites, *_, **__: [asked.append(x[0]) for x in sites])
    fastest([Case(64, 512, 1024), Case(64, 60000, 1024, "relu"), Case(4096, 6000, 1024), Case(0, 512, 0)])
    assert [(case[3], case[5]) for case in asked] == [(512, ""), (8192, "relu"), (512, ""), (512, "")]


@pytest.mark.parametrize("after", ["", "add", "gelu", "relu"])
def test_a_measurement(after, monkeypatch, native_folder):
    """Whichever is faster here, all ways of all four sizes can be made and called."""
    monkeypatch.undo()
    monkeypatch.setenv(native.VARIABLE, str(native_folder))
    monkeypatch.setattr(measuring, "_chosen", {})
    cases = [Case(rows, outputs, 512, after) for rows, outputs in [(1, 1000), (64, 768), (100, 700), (7, 64)]]
    assert set(fastest(cases)) <= {"mkl", "product", "convolution"}
    assert len(measuring._chosen) == 4
    kernel = partial(calculate_linear, width=native.native().width())
    assert set(fastest(cases, kernel)) <= {"mkl", "product", "convolution", "kernel"}
    assert len(measuring._chosen) == 8
