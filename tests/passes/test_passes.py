"""prune, remove_dead_code, remove_no_ops on graphs where they must act and where they must not."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.passes.pipeline import copy_graph
from fxtraced.passes.prune import prune
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.remove_no_ops import remove_no_ops
from tests.helpers import floats, layer_of, linear, trace


def names(graph):
    return [node.name for node in graph.nodes if node.op.startswith("call")]


def program_of(forward, *inputs, setup=None):
    return trace(layer_of(forward, setup), *inputs).program


def test_dead_code_goes_and_effects_stay():
    def setup(self):
        self.register_buffer("steps", paddle.zeros([1]))

    def forward(self, x):
        paddle.exp(x)
        self.steps.add_(paddle.ones([1]))
        return x + paddle.rand([3]) * 0

    graph = copy_graph(program_of(forward, floats(3), setup=setup).trace.graph)
    assert remove_dead_code(graph) > 0
    left = names(graph)
    assert "exp" not in left
    assert "copy_" in left
    assert remove_dead_code(graph) == 0


def test_dropout_goes_in_inference_and_stays_in_training():
    layer = layer_of(lambda self, x: paddle.nn.functional.dropout(x, 0.5, training=self.training) + 1)
    for training in (True, False):
        layer.train() if training else layer.eval()
        graph = copy_graph(trace(layer, floats(3)).program.trace.graph)
        remove_no_ops(graph)
        assert any("dropout" in name for name in names(graph)) == training


def test_constants_are_copied_only_where_they_are_written():
    def reads(self, x):
        return x + paddle.to_tensor([1.0, 2.0, 3.0])

    def writes(self, x):
        constant = paddle.to_tensor([1.0, 2.0, 3.0])
        constant[0] = x[0]
        return x + constant

    for forward, copies in ((reads, False), (writes, True)):
        program = program_of(forward, floats(3))
        graph = copy_graph(program.trace.graph)
        remove_no_ops(graph)
        assert ("clone" in names(graph)) == copies
        layer = layer_of(forward)
        for seed in (1, 2):
            x = floats(3, seed=seed)
            run = program.runnable(("fetch_0",))
            np.testing.assert_array_equal(run(x)[0].numpy(), layer(x).numpy())


def test_copies_go_where_nothing_is_written_and_nobody_looks_at_layouts():
    def reads(self, x):
        first, second = paddle.split(x, 2)
        return first.expand([4, 2, 6]).view([8, 6]) + second.astype("float32")

    def writes(self, x):
        first, second = paddle.split(x, 2)
        first.add_(second)
        return first * 1.0 + x[:1]

    def gives(self, x):
        return paddle.split(x, 2)[0].transpose([1, 0])

    def looks(self, x):
        return paddle.as_strided(paddle.split(x, 2)[0], [2, 2], [3, 1]) + 1

    for forward, shape, copies in ((reads, (2, 6), 0), (writes, (2, 6), 2), (gives, (2, 6), 1), (looks, (4, 6), 1)):
        program = program_of(forward, floats(*shape))
        graph = copy_graph(program.trace.graph)
        remove_no_ops(graph)
        remove_dead_code(graph)
        assert sum(name.startswith("clone") for name in names(graph)) == copies, forward
        layer = layer_of(forward)
        x = floats(*shape, seed=3)
        np.testing.assert_array_equal(program.runnable(("fetch_0",))(x)[0].numpy(), layer(x).numpy())


def test_pruning_keeps_writes_into_what_is_fetched():
    def forward(self, x, y):
        a = x * 2
        view = a[0]
        view.add_(paddle.ones([4]))
        b = y * 3
        b[0] = 1.0
        return a, b

    program = program_of(forward, floats(3, 4), floats(3, 4))
    pruned = prune(program.trace.graph, ["x"], {"fetch_0": program.node("fetch_0")})
    assert "copy_" in names(pruned)
    assert "setitem" not in names(pruned)


def test_pruning_keeps_guards_on_feeds_that_no_operation_needs():
    def forward(self, x):
        found = x[x > 0]
        return paddle.ones([2]) if found.shape[0] > 1 else paddle.zeros([2])

    program = program_of(forward, floats(8))
    pruned = prune(program.trace.graph, ["x"], {"fetch_0": program.node("fetch_0")})
    assert [name for name in names(pruned) if name.startswith("check_guard")] == ["check_guard"]


def test_pruning_drops_guards_on_what_goes():
    def forward(self, x, y):
        if x.shape[0] > 1 and y.shape[0] > 1:
            return x + 1, y + 1
        return x, y

    program = program_of(forward, floats(3, 4), floats(3, 4))
    pruned = prune(program.trace.graph, ["x"], {"fetch_0": program.node("fetch_0")})
    assert len([name for name in names(pruned) if name.startswith("check_guard")]) == 1


def test_pruning_lists_what_is_missing():
    program = program_of(lambda self, x, y, z: (x + y, z), floats(3), floats(3), floats(3))
    with pytest.raises(paddle.errors.PruneError) as error:
        prune(program.trace.graph, ["z"], {"fetch_0": program.node("fetch_0")})
    assert "FXT304 the chosen outputs ['fetch_0'] also need the inputs ['x', 'y'], and only ['z'] are fed" in str(
        error.value
    )


def test_fusing_an_addition_needs_equal_shapes():
    def setup(self):
        self.norm = paddle.nn.BatchNorm2D(3)
        linear(self)

    def forward(self, x):
        return self.norm(x) + x.mean(axis=[2, 3], keepdim=True)

    layer = layer_of(forward, setup)
    layer.eval()
    traced = trace(layer, floats(2, 3, 4, 4))
    traced([floats(2, 3, 4, 4)])
    assert traced.program.pass_report["fuse_bn_add_act_ops"] == 0
