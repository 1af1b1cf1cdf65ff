"""paddle.static.nn.cond, case, switch_case and while_loop in a trace: real branches and loops, checked both ways."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.errors import ControlFlowError
from fxtraced.lowering.script import quiet
from fxtraced.static.nn import case, cond, switch_case, while_loop
from tests.helpers import floats, layer_of, linear, same_as_layer, trace


def setup(self):
    linear(self)
    self.register_buffer("scale", paddle.full([4], 2.0))
    self.table = paddle.to_tensor([1.0, 2.0, 3.0, 4.0])


def two_in_one(self, x):
    def shared():
        return self.fc(x)

    return cond(x.sum() > 0, lambda: shared() * 2, lambda: shared() - 1)


def nested_loop(self, x):
    def body(i, y):
        return i + 1, cond(y.sum() > 3, lambda: y / 4, lambda: y * 3 + self.scale)

    return while_loop(lambda i, y: (i < 7).logical_and(y.abs().max() < 50), body, [paddle.to_tensor(0), x])


def loop_in_branch(self, x):
    def doubled():
        return while_loop(lambda y: y.abs().sum() < 20, lambda y: y * 2, [x])[0]

    return cond(x.sum() > 0, doubled, lambda: x)


def loop_in_loop(self, x):
    def inner(j, y):
        return j + 1, y + self.table * j.astype("float32")

    def outer(i, y):
        return i + 1, while_loop(lambda j, z: j < i, inner, [paddle.zeros([], "int64"), y])[1]

    return while_loop(lambda i, y: (y.sum() < 40).logical_and(i < 5), outer, [paddle.ones([], "int64"), x])[1]


def by_count(self, x):
    count = (x.sum().abs() * 3).astype("int64")
    return while_loop(lambda n, y: n > 0, lambda n, y: [n - 1, y + x.shape[0]], [count, x])


def growing(self, x):
    return while_loop(lambda y: y.sum() < 5, lambda y: paddle.concat([y, y[:1].abs() + 1]), [x])[0].sum(0)


def filled_in_place(self, x):
    out = paddle.zeros([x.shape[0], 4])

    def body(i, out):
        out[i] = x[i] * 2
        return i + 1, out

    going = paddle.shape(x)[0]
    i, result = while_loop(lambda i, _: (i < going).logical_and(x.sum() > 0), body, [paddle.zeros([], "int64"), out])
    return result + out, i


def written_buffer(self, x):
    def write():
        paddle.assign(x.mean(0), self.scale)
        return self.scale + 1

    return cond(x.sum() > 0, write, lambda: self.scale * 1.0) + self.scale


def written_outer(self, x):
    y = x * 2

    def write():
        y[0] = 0.0
        return y.sum()

    return cond(x.sum() > 0, write, lambda: y.mean()) + y


def many_results(self, x):
    a = cond(
        x.sum() > 0, lambda: {"a": x, "b": [x.sum(), (x * 2, None)]}, lambda: {"a": x * 3, "b": [x.max(), (x, None)]}
    )
    return a["a"], a["b"][0], a["b"][1][0]


def only_effect(self, x):
    def count():
        self.scale.add_(paddle.ones([4]))

    cond(x.sum() > 0, count)
    return x + self.scale


def by_case(self, x):
    s = x.sum()
    return case([(s > 1, lambda: x * 2), (s > 0, lambda: x * 3), (s > -1, lambda: x * 4)], default=lambda: x * 5)


def by_case_without_default(self, x):
    return case([(x.sum() > 1, lambda: x * 2), (x.sum() > 0, lambda: x * 3)])


def by_switch(self, x):
    index = paddle.floor(x.sum()).astype("int64")
    return switch_case(index, {0: lambda: x * 2, -1: lambda: x + self.table, 2: lambda: self.fc(x)})


def by_switch_with_default(self, x):
    index = paddle.floor(x.sum()).astype("int32").reshape([1])
    return switch_case(index, [lambda: x * 2, lambda: x * 3], default=lambda: x * self.scale)


WORKS = {
    "the same sublayer in both": two_in_one,
    "parameters, buffers, constants and sizes": lambda self, x: cond(
        (x @ self.fc.weight).sum() > 0, lambda: x * self.scale + self.table, lambda: x - x.shape[0] / x.shape[1]
    ),
    "tensors made in a branch": lambda self, x: cond(
        x.sum() > 0, lambda: x + paddle.arange(x.shape[1]), lambda: x + paddle.to_tensor([0.5] * 4)
    ),
    "an int and a float for pred": lambda self, x: cond(
        (x.sum() > 0).astype("int32"), lambda: cond(F.relu(x.sum() - 1), lambda: x * 2, lambda: x * 3), lambda: x
    ),
    "a pred of one element and one dimension": lambda self, x: cond(x.sum().reshape([1]) > 0, lambda: x, lambda: -x),
    "nested results": many_results,
    "no false_fn": only_effect,
    "a cond in a loop": nested_loop,
    "a loop in a branch": loop_in_branch,
    "a loop in a loop": loop_in_loop,
    "a count from data": by_count,
    "a loop that may not run": lambda self, x: while_loop(lambda y: y.sum() > 0, lambda y: y - 1, [x]),
    "a loop variable that grows": growing,
    "writes into a loop variable": filled_in_place,
    "a write into a buffer": written_buffer,
    "a write into an outer tensor": written_outer,
    "case": by_case,
    "case without default": by_case_without_default,
    "switch_case": by_switch,
    "switch_case with default": by_switch_with_default,
    "swapped loop variables": lambda self, x: while_loop(
        lambda a, b: a.sum() < 9, lambda a, b: [b + 2, a + 3], [x, x * 2 + self.table]
    ),
    "nested loop variables": lambda self, x: while_loop(
        lambda s: s["n"].sum() < 9,
        lambda s: {"n": s["n"] + 1, "rest": (s["n"], s["rest"][1])},
        [{"n": x, "rest": (x, 3)}],
    )[0]["rest"][0],
    "a guard inside": lambda self, x: cond(x.sum() > 0, lambda: x * 2 if x.shape[1] == 4 else x, lambda: x),
}


def inputs_for_every_way():
    values = [floats(3, 4, seed=seed) * scale for seed in range(4) for scale in (1, -1, 4, 0.1)]
    return [*values, floats(2, 4), -floats(2, 4).abs(), floats(2, 4).abs()]


@pytest.mark.parametrize("name", WORKS)
def test_both_ways_give_what_the_layer_gives(name):
    layer, twin = layer_of(WORKS[name], setup), layer_of(WORKS[name], setup)
    twin.set_state_dict(layer.state_dict())
    traced = trace(layer, floats(3, 4))
    twin.scale.set_value(layer.scale)
    for x in inputs_for_every_way():
        same_as_layer(traced, twin, x)
        np.testing.assert_array_equal(layer.scale.numpy(), twin.scale.numpy())


@pytest.mark.parametrize("name", [name for name in WORKS if WORKS[name] not in (only_effect, written_buffer)])
def test_the_archive_takes_both_ways(name, tmp_path):
    layer = layer_of(WORKS[name], setup)
    trace(layer, floats(3, 4)).save_inference_model(str(tmp_path))
    with quiet():
        module = torch.jit.load(str(tmp_path / "model.pt"))
    for x in inputs_for_every_way():
        results = module(x.as_subclass(torch.Tensor).clone())
        results = results if isinstance(results, tuple) else (results,)
        for result, tensor in zip(results, tree_leaves(layer(x)), strict=True):
            np.testing.assert_array_equal(result.numpy(), tensor.numpy())


STRATEGIES = ["enable_inplace", "memory_optimize", "fuse_elewise_add_act_ops", "fuse_gemm_epilogue", "build_cinn_pass"]


def fusable(self, x):
    y = self.fc(x)

    def fused():
        return F.relu(F.relu(y + 1) @ self.fc.weight + self.fc.bias) + y

    z = cond(x.sum() > 0, fused, lambda: F.relu(y))
    _, z = while_loop(
        lambda i, _: i < 3, lambda i, z: [i + 1, F.relu(z + y) + F.relu(self.fc(z))], [paddle.to_tensor(0), z]
    )
    return F.relu(z) + F.relu(y), y


@pytest.mark.parametrize("switch", STRATEGIES)
def test_every_strategy_leaves_outer_tensors_alone(switch):
    layer = layer_of(fusable, setup)
    traced = trace(layer, floats(3, 4))
    strategy = paddle.static.BuildStrategy()
    for name in STRATEGIES:
        setattr(strategy, name, name == switch)
    traced.set_strategy(build_strategy=strategy)
    for x in (floats(3, 4), -floats(3, 4).abs(), floats(3, 4).abs()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.compile warns of torch's own deprecations
            results = traced([x])
        for result, tensor in zip(results, layer(x), strict=True):
            np.testing.assert_allclose(result, tensor.numpy(), rtol=2e-5, atol=1e-5)


def test_passes_act_inside_of_branches():
    traced = trace(layer_of(fusable, setup), floats(3, 4))
    traced([floats(3, 4)])
    assert traced.program.pass_report["enable_inplace"] >= 4


def test_live_parameters_reach_inside():
    layer = layer_of(two_in_one, setup)
    traced = trace(layer, floats(3, 4))
    layer.fc.weight = paddle.create_parameter([4, 4], "float32")
    layer.fc.bias.set_value(paddle.ones([4]))
    for x in (floats(3, 4).abs(), -floats(3, 4).abs()):
        same_as_layer(traced, layer, x)


def test_what_a_branch_uses_is_saved_and_nothing_else(tmp_path):
    def forward(self, x):
        return cond(x.sum() > 0, lambda: self.fc(x), lambda: x), x + self.scale

    traced = trace(layer_of(forward, setup), floats(3, 4))
    for fetch, names in ((0, {"fc.weight", "fc.bias"}), (1, {"scale"})):
        traced.save_inference_model(str(tmp_path), fetch=[fetch])
        with quiet():
            module = torch.jit.load(str(tmp_path / "model.pt"))
        assert {name for name, _ in module.named_parameters()} | {name for name, _ in module.named_buffers()} == names


def test_a_pred_that_is_fixed_is_looked_at_and_guarded():
    def forward(self, x):
        return cond(self.scale.sum() > 0, lambda: x * 2, lambda: x * 3) + cond(
            paddle.shape(x)[0] > 2, lambda: x * 5, lambda: x * 7
        )

    layer = layer_of(forward, setup)
    traced = trace(layer, floats(3, 4))
    assert len(traced.guards) == 2
    assert not any(guard.inside for guard in traced.guards)
    same_as_layer(traced, layer, floats(5, 4))
    with pytest.raises(paddle.errors.GuardError):
        traced([floats(2, 4)])


def test_a_pred_that_is_no_tensor_or_has_several_elements():
    for pred in (lambda x: True, lambda x: x > 0, lambda x: x.shape[0] > 2):
        with pytest.raises(AssertionError, match="cond: the condition must"):
            trace(layer_of(lambda self, x, pred=pred: cond(pred(x), lambda: x, lambda: x)), floats(3, 4))


def test_guards_hold_inside_only():
    def forward(self, x):
        return cond(x.sum() > 0, lambda: x * 2 if x.shape[0] == 3 else x * 3, lambda: x)

    layer = layer_of(forward)
    traced = trace(layer, floats(3, 4))
    (guard,) = traced.guards
    assert str(guard).startswith("in true_fn of cond: x.shape[0] == 3  (")
    same_as_layer(traced, layer, -floats(5, 4).abs())
    with pytest.raises(paddle.errors.GuardError, match=r"x.shape\[0\] == 3"):
        traced([floats(5, 4).abs()])


def test_a_guard_in_a_loop_is_asked_for_in_each_round():
    def forward(self, x):
        def body(y):
            return [paddle.concat([y, y.abs()]) if y.shape[0] < 9 else y + 1]

        return while_loop(lambda y: y.sum() < 5, body, [x])[0]

    layer = layer_of(forward)
    traced = trace(layer, floats(3, 4).abs() * 0.7)
    (guard,) = traced.guards
    assert guard.inside == "body of while_loop"
    same_as_layer(traced, layer, floats(3, 4).abs() * 0.5)
    with pytest.raises(paddle.errors.GuardError, match=r"shape\[0\] < 9"):
        traced([floats(3, 4).abs() * 0.1])
    with pytest.raises(ControlFlowError, match="FXT108 a size that a branch or loop at .* is another one in a later"):
        trace(layer, floats(3, 4).abs() * 0.1)


def returning(true_fn, false_fn):
    return lambda self, x: [cond(x.sum() > 0, lambda: true_fn(x), lambda: false_fn(x)), x][1]


def body_giving(body):
    return lambda self, x: while_loop(lambda y: y.sum() < 3, lambda y: body(y), [x])[0]


def leaking(self, x):
    kept = []
    cond(x.sum() > 0, lambda: kept.append(x * 2))
    return kept[0]


def leaking_size(self, x):
    kept = []
    cond(x.sum() > 0, lambda: kept.append((x[x > 0]).shape[0]))
    return x * kept[0]


def assigning(self, x):
    def assign():
        self.scale = self.scale + 1

    cond(x.sum() > 0, assign)
    return x * self.scale


def writing_to_result(self, x):
    y = cond(x.sum() > 0, lambda: x, lambda: x * 2)
    y[0] = 0.0
    return y


def writing_after_first_round(self, x):
    def body(i, y):
        y.add_(paddle.ones([4]))
        return [i + 1, self.table]

    return while_loop(lambda i, y: (i < 1).logical_and(x.sum() < 99), body, [paddle.to_tensor(0), x[0] * 1])[1]


def failing(self, x):
    return cond(x.sum() > 1e9, lambda: x[x > 1e9].max(), lambda: x.sum())


REFUSED = {
    "None and a tensor": (returning(lambda x: x, lambda x: None), "a tensor and None"),
    "a tensor and a list": (
        returning(lambda x: x, lambda x: [x, x]),
        r"true_fn of cond and false_fn of cond .*: a tensor and \['a tensor', 'a tensor'\]",
    ),
    "other dtypes": (returning(lambda x: x, lambda x: x.astype("int64")), r"float32\[3, 4\] and int64\[3, 4\]"),
    "other ranks": (returning(lambda x: x, lambda x: x.sum()), r"float32\[3, 4\] and float32\[\]"),
    "numbers": (returning(lambda x: 1, lambda x: 2), "1 and 2. A graph chooses between tensors"),
    "a body that changes the dtype": (
        body_giving(lambda y: y.astype("float64") + 5),
        "what body of while_loop returns",
    ),
    "a body that changes the rank": (
        body_giving(lambda y: y.unsqueeze(0) + 5),
        r"float32\[3, 4\] and float32\[1, 3, 4\]",
    ),
    "a value that leaves its branch": (leaking, "is used outside of it"),
    "a size that leaves its branch": (leaking_size, "is used outside of it"),
    "an assigned buffer": (assigning, "true_fn of cond at .* assigns the buffer 'scale'"),
    "a write into a result": (writing_to_result, "clone\\(\\) it first"),
    "a write into what a body returned": (writing_after_first_round, "From the second round on"),
    "a branch that fails": (failing, "true_fn of cond at .* fails while it is recorded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_graph_cannot_hold_is_refused(name):
    forward, text = REFUSED[name]
    with pytest.raises(ControlFlowError, match=text) as error:
        trace(layer_of(forward, setup), floats(3, 4))
    assert str(error.value).startswith("FXT108")
    assert str(error.value).endswith("See docs/errors.md#fxt108")


def test_another_number_of_loop_variables():
    with pytest.raises(ValueError, match="as many values as loop_vars holds"):
        trace(layer_of(lambda self, x: while_loop(lambda y: y.sum() < 1, lambda y: [y, y], [x])[0]), floats(3, 4))


@pytest.mark.parametrize("scale", [1, -1])
def test_writes_into_parameters_and_constants_are_refused_in_both_ways(scale):
    constant = paddle.ones([4])
    for write, error in (
        (lambda self: self.fc.bias.add_(constant), paddle.errors.ParameterWriteError),
        (lambda self: constant.add_(self.fc.bias.detach()), paddle.errors.StateWriteError),
    ):

        def forward(self, x, write=write):
            with paddle.no_grad():
                cond(x.sum() > 0, lambda: write(self) * 1.0, lambda: x.sum(0) * 2)
            return x

        with pytest.raises(error, match="forward writes (into|through)"):
            trace(layer_of(forward, setup), floats(3, 4).abs() * scale)


@pytest.mark.parametrize("scale", [1, -1])
def test_looks_at_data_in_either_way_are_refused(scale):
    def forward(self, x):
        return cond(x.sum() > 0, lambda: x * float(x.max()), lambda: x * 2)

    with pytest.raises(paddle.errors.DataDependenceError, match=r"through float\(\)"):
        trace(layer_of(forward), floats(3, 4).abs() * scale)


@pytest.mark.parametrize("training", [True, False])
def test_random_draws_and_statistics(training):
    def forward(self, x):
        return cond(x.sum() > 0, lambda: F.dropout(self.norm(x), 0.5, training=self.training), lambda: x) + paddle.rand(
            [4]
        )

    def with_norm(self):
        self.norm = paddle.nn.BatchNorm1D(4)

    layer, twin = layer_of(forward, with_norm), layer_of(forward, with_norm)
    layer.train() if training else layer.eval()
    twin.train() if training else twin.eval()
    traced = trace(layer, floats(3, 4))
    twin.set_state_dict(layer.state_dict())
    for x in (floats(3, 4).abs(), -floats(3, 4).abs(), floats(3, 4).abs() * 2):
        paddle.seed(3)
        (result,) = traced([x])
        paddle.seed(3)
        np.testing.assert_allclose(result, twin(x).numpy(), rtol=1e-6)
        np.testing.assert_allclose(layer.norm._mean.numpy(), twin.norm._mean.numpy(), rtol=1e-6)


def test_the_report_tells_what_no_probe_reached():
    def forward(self, x):
        y = cond(x.sum() > 0, lambda: x * 2, lambda: x * 3)
        return cond((x * x).sum() < 0, lambda: y * 2, lambda: y)

    report = trace(layer_of(forward), floats(3, 4).abs()).report
    assert [probe.name for probe in report.probes if "values for" in probe.name] == ["values for false_fn of cond"]
    (unreached,) = report.unreached
    assert unreached.startswith(f"true_fn of cond at {__file__}:")
    assert "not checked, as no probe took it: true_fn of cond" in str(report)


def test_a_difference_in_a_branch_that_the_inputs_do_not_take_is_found():
    class Sly(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return cond(x.sum() > 0, lambda: x * 2, lambda: x * self.calls)

    with pytest.raises(paddle.errors.VerificationError):
        trace(Sly(), floats(3, 4).abs())


def test_a_loop_that_never_ends_on_other_values_ends_the_probe_only():
    def forward(self, x):
        return while_loop(lambda y: y.sum() < 50, lambda y: y * 2, [x])[0]

    layer = layer_of(forward)
    traced = trace(layer, floats(3, 4) + paddle.to_tensor([[9.0], [-4.0], [-4.5]]))
    same_as_layer(traced, layer, floats(3, 4).abs())


def test_the_program_shows_branches_and_loops(tmp_path):
    def forward(self, x):
        y = cond(x.sum() > 0, lambda: x * 2, lambda: self.fc(x))
        return while_loop(lambda y: y.sum() < 3, lambda y: y + 1, [y])[0]

    traced = trace(layer_of(forward, linear), floats(3, 4))
    lines = [line.partition("  #")[0] for line in str(traced.program).splitlines()]
    at = lines.index("  cond")
    assert lines[at + 1 : at + 3] == ["    if gt:", "      mul: float32[3, 4] = mul(x, 2)"]
    assert "      gives [linear]" in lines
    assert "    while, with [y] first [getitem]:" in lines
    assert "    do, with [y_1]:" in lines
    strategy = paddle.static.BuildStrategy()
    strategy.debug_graphviz_path = str(tmp_path / "graph.dot")
    traced.set_strategy(build_strategy=strategy)
    traced([floats(3, 4)])
    text = (tmp_path / "graph.dot").read_text()
    for label in ("true_fn of cond", "false_fn of cond", "a condition", "body of while_loop"):
        assert f'label="{label}";' in text


def test_what_a_branch_computes_cannot_be_fetched():
    traced = trace(layer_of(lambda self, x: cond(x.sum() > 0, lambda: x * 2, lambda: x)), floats(3, 4))
    with pytest.raises(paddle.errors.FetchError, match="FXT303 'mul' is computed inside of a branch or loop"):
        traced.program.node("mul")
