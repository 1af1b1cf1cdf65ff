"""BuildStrategy and ExecutionStrategy: Paddle's attributes, and what those with a meaning do."""

from __future__ import annotations

import enum
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.static import strategy as strategies
from tests.helpers import floats, layer_of, linear, trace

RECORDED = json.loads((Path(__file__).parent / "recorded" / "strategies.json").read_text())
KINDS = {"BuildStrategy": paddle.static.BuildStrategy, "ExecutionStrategy": paddle.static.ExecutionStrategy}


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_and_defaults_are_paddles(kind):
    ours = {
        name: setting.default.name if isinstance(setting.default, enum.Enum) else repr(setting.default)
        for name, setting in KINDS[kind].SETTINGS.items()
    }
    assert ours == RECORDED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_attribute_can_be_set_and_read(kind):
    made = KINDS[kind]()
    others = {bool: [True, False], int: [7], str: ["x"], list: [["a"]], set: [{"conv2d"}], type(None): [None]}
    for name, setting in made.SETTINGS.items():
        assert getattr(made, name) == setting.default
        for value in others.get(setting.kinds[0]) or list(setting.kinds[0]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                setattr(made, name, value)
            assert getattr(made, name) == value
    assert getattr(KINDS[kind](), "trainers_endpoints", []) == []


def test_unknown_attributes_and_wrong_types():
    build = paddle.static.BuildStrategy()
    with pytest.raises(AttributeError, match="'BuildStrategy' object has no attribute 'fuse_all'; it has allow_cuda"):
        build.fuse_all = True
    with pytest.raises(AttributeError):
        print(build.fuse_all)
    with pytest.raises(TypeError, match="BuildStrategy.enable_inplace must be bool, but received <class 'str'>: 'x'"):
        build.enable_inplace = "x"
    run = paddle.static.ExecutionStrategy()
    with pytest.raises(TypeError, match="ExecutionStrategy.num_threads must be int, but received <class 'float'>"):
        run.num_threads = 2.5
    with pytest.raises(TypeError, match="must be int, but received <class 'bool'>"):
        run.num_threads = True


def test_settings_without_a_meaning_warn_once(monkeypatch):
    monkeypatch.setattr(strategies, "_WARNED", set())
    build = paddle.static.BuildStrategy()
    build.nccl_comm_num = 1
    with pytest.warns(UserWarning, match="BuildStrategy.nccl_comm_num has no meaning on PyTorch and is ignored"):
        build.nccl_comm_num = 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build.nccl_comm_num = 3
        build.enable_inplace = False


def run_with(layer, x, build=None, execution=None):
    traced = trace(layer, x)
    build_strategy, exec_strategy = paddle.static.BuildStrategy(), paddle.static.ExecutionStrategy()
    for name, value in (build or {}).items():
        setattr(build_strategy, name, value)
    for name, value in (execution or {}).items():
        setattr(exec_strategy, name, value)
    traced.set_strategy(build_strategy, exec_strategy)
    return traced([x])[0], traced


def attention(self, x):
    q, k, v = (x.reshape([0, 0, 2, 8]).transpose([0, 2, 1, 3]) * f for f in (1.0, 0.5, 2.0))
    weights = paddle.nn.functional.softmax(paddle.matmul(q, k, transpose_y=True) * (8**-0.5), axis=-1)
    return paddle.matmul(weights, v)


def blocks(self):
    self.conv = paddle.nn.Conv2D(3, 3, 3, padding=1)
    self.norm = paddle.nn.BatchNorm2D(3)
    self.other = paddle.nn.Conv2D(3, 3, 1)


def residual(self, x):
    x = paddle.nn.functional.relu(self.conv(x))
    return paddle.nn.functional.relu(self.norm(self.conv(x)) + x)


def act_after_norm(self, x):
    return paddle.nn.functional.relu(self.norm(self.conv(x)))


def matmul_and_bias(self, x):
    return paddle.matmul(x, self.fc.weight) + self.fc.bias


SWITCHES = [
    ("enable_inplace", True, residual, blocks, (2, 3, 8, 8), 2),
    ("fuse_bn_act_ops", True, act_after_norm, blocks, (2, 3, 8, 8), 1),
    ("fuse_relu_depthwise_conv", True, residual, blocks, (2, 3, 8, 8), 1),
    ("fuse_bn_add_act_ops", True, residual, blocks, (2, 3, 8, 8), 1),
    ("fuse_elewise_add_act_ops", True, residual, blocks, (2, 3, 8, 8), 1),
    ("memory_optimize", True, residual, blocks, (2, 3, 8, 8), 1),
    ("fuse_gemm_epilogue", True, matmul_and_bias, linear, (3, 4), 1),
    ("fused_feedforward", True, matmul_and_bias, linear, (3, 4), 1),
    ("fused_attention", True, attention, None, (2, 5, 16), 1),
]
ALL_OFF = {"enable_inplace": False, "fuse_bn_add_act_ops": False}


@pytest.mark.parametrize(("name", "value", "forward", "setup", "shape", "places"), SWITCHES)
def test_a_switch_changes_the_graph_and_not_the_values(name, value, forward, setup, shape, places):
    layer, x = layer_of(forward, setup), floats(*shape)
    layer.eval()
    off, traced_off = run_with(layer, x, ALL_OFF)
    assert name not in traced_off.program.pass_report
    on, traced_on = run_with(layer, x, {**ALL_OFF, name: value})
    assert traced_on.program.pass_report[name] == places
    np.testing.assert_allclose(on, off, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(on, layer(x).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [row[0] for row in SWITCHES])
def test_a_switch_leaves_a_graph_without_its_pattern(name):
    layer, x = layer_of(lambda self, x: x * 2 + x.sum(), None), floats(2, 3)
    result, traced = run_with(layer, x, {**ALL_OFF, name: True})
    assert traced.program.pass_report[name] == 0
    np.testing.assert_array_equal(result, layer(x).numpy())


def test_what_others_read_is_not_overwritten():
    def forward(self, x):
        y = self.conv(x)
        return paddle.nn.functional.relu(y), y, paddle.nn.functional.relu(x)

    layer, x = layer_of(forward, blocks), floats(2, 3, 8, 8)
    layer.eval()
    before = x.numpy()
    traced = trace(layer, x)
    for result, expected in zip(traced([x]), layer(x), strict=True):
        np.testing.assert_array_equal(result, expected.numpy())
    np.testing.assert_array_equal(x.numpy(), before)
    assert traced.program.pass_report["enable_inplace"] == 0


def test_build_cinn_pass_compiles_with_torch():
    def forward(self, x):
        if x.shape[0] % 2 == 1:
            x = x + 1
        return paddle.nn.functional.relu(self.fc(x)) * 2

    layer, x = layer_of(forward, linear), floats(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own
        result, traced = run_with(layer, x, {"build_cinn_pass": True})
        np.testing.assert_allclose(result, layer(x).numpy(), rtol=1e-5, atol=1e-6)
        layer.fc.weight.set_value(np.ones((4, 4), "float32"))
        np.testing.assert_allclose(traced([x])[0], layer(x).numpy(), rtol=1e-5, atol=1e-6)
        layer.fc.weight.data = torch.full((4, 4), 0.25)
        np.testing.assert_allclose(traced([x])[0], layer(x).numpy(), rtol=1e-5, atol=1e-6)
        layer.fc.weight = torch.nn.Parameter(torch.full((4, 4), 0.5))
        np.testing.assert_allclose(traced([x])[0], layer(x).numpy(), rtol=1e-5, atol=1e-6)
        with pytest.raises(paddle.errors.GuardError, match=r"x\.shape\[0\] % 2 == 1"):
            traced([floats(4, 4)])


def test_debug_graphviz_path(tmp_path):
    path = tmp_path / "graph.dot"
    run_with(layer_of(lambda self, x: self.fc(x), linear), floats(3, 4), {"debug_graphviz_path": str(path)})
    text = path.read_text()
    assert text.startswith("digraph program {")
    assert '"x" -> "linear";' in text


def test_num_threads_is_set_for_the_call_only(monkeypatch):
    seen = []
    before = torch.get_num_threads()
    layer, x = layer_of(lambda self, x: self.fc(x), linear), floats(3, 4)
    _, traced = run_with(layer, x, execution={"num_threads": 2})
    run = traced._session._run
    monkeypatch.setattr(traced._session, "_run", lambda *feeds: (seen.append(torch.get_num_threads()), run(*feeds))[1])
    traced([x])
    assert seen == [2]
    assert torch.get_num_threads() == before


def test_num_iteration_per_run_runs_that_often():
    def setup(self):
        self.register_buffer("steps", paddle.zeros([1]))

    def forward(self, x):
        self.steps = self.steps + 1
        return x + self.steps

    layer, x = layer_of(forward, setup), floats(2)
    result, _ = run_with(layer, x, execution={"num_iteration_per_run": 3})
    assert layer.steps.item() == 4
    np.testing.assert_array_equal(result, (x + 4).numpy())


def test_fused_attention_refuses_keys_and_values_of_different_lengths():
    """The one call reads past the end of what is shorter."""

    def forward(self, q, k, v):
        weights = paddle.nn.functional.softmax(paddle.matmul(q, k, transpose_y=True), axis=-1)
        return paddle.matmul(weights, v)

    given = [floats(1, 2, n, 8, seed=n) for n in (4, 6, 6)]
    traced = trace(layer_of(forward), *given)
    strategy = paddle.static.BuildStrategy()
    strategy.fused_attention = True
    traced.set_strategy(build_strategy=strategy)
    np.testing.assert_allclose(traced(given)[0], forward(None, *given).numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(paddle.errors.ExecutionError, match="keys and values differ in length"):
        traced([given[0], given[1], floats(1, 2, 5, 8)])
