"""How scripted graphs are called: this thread's switches, first calls, and what a trace leaves ready."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.codegen import forward_source
from fxtraced.lowering.derived import DerivedWeights
from fxtraced.lowering.script import call_scripted
from fxtraced.passes import state_values
from tests.helpers import floats, layer_of, linear, trace

nn = paddle.nn
pytestmark = pytest.mark.usefixtures("with_and_without_native")


def switches():
    return torch.is_grad_enabled(), torch._C._get_graph_executor_optimize()


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("optimised", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_a_call_puts_the_threads_switches_back(gradients, optimised, fails):
    seen = []

    def forward(x):
        seen.append(switches())
        if fails:
            raise RuntimeError("no")
        return x

    torch._C._set_graph_executor_optimize(optimised)
    try:
        with torch.set_grad_enabled(gradients):
            if fails:
                with pytest.raises(paddle.errors.ExecutionError, match="failed: no"):
                    call_scripted(forward, (torch.ones(1),), as_it_is=True)
            else:
                call_scripted(forward, (torch.ones(1),), as_it_is=True)
            assert seen == [(False, False)]
            assert switches() == (gradients, optimised)
    finally:
        torch._C._set_graph_executor_optimize(True)


def test_another_threads_switches_stay():
    inside, go_on = threading.Event(), threading.Event()

    def forward(x):
        inside.set()
        go_on.wait(10)
        return x

    caller = threading.Thread(target=lambda: call_scripted(forward, (torch.ones(1),), as_it_is=True))
    caller.start()
    inside.wait(10)
    assert switches() == (True, True)
    go_on.set()
    caller.join()


def test_a_graph_on_the_cpu_is_never_watched_and_compiled(tmp_path):
    """TorchScript keeps what its executor made of a graph: nothing, where it ran as it is."""
    # More operations than Python calls without TorchScript.
    traced = trace(layer_of(lambda self, x: self.fc(self.fc(x) * 2 + x) * 2 + x, linear), floats(2, 4))
    traced.save_inference_model(str(tmp_path))
    loaded = paddle.static.load_inference_model(str(tmp_path))[0]
    for program, run in ((traced.program, traced.program.plain_runnable), (loaded, loaded.runnable)):
        executable = run(tuple(program.fetch_names))
        for _ in range(3):
            executable(floats(2, 4).as_subclass(torch.Tensor))
        kinds = {node.kind() for node in torch.jit.last_executed_optimized_graph().nodes()}
        assert not any("profile" in kind for kind in kinds)


def test_the_first_call_is_made_at_the_trace(without_partitions):
    net = nn.Sequential(nn.Conv2D(8, 16, 3), nn.BatchNorm2D(16), nn.ReLU())
    net.eval()
    x = floats(2, 8, 30, 30)
    paddle.seed(5)
    expected = paddle.rand([3]).numpy()
    paddle.seed(5)
    traced = trace(net, x)
    np.testing.assert_array_equal(paddle.rand([3]).numpy(), expected)
    (built,) = traced.program._built.values()
    assert built.run._agrees is True


def test_without_verification_the_trace_builds_nothing():
    _, traced = paddle.jit.TracedLayer.trace(layer_of(lambda self, x: self.fc(x), linear), [floats(2, 4)], verify=False)
    assert traced.program._built == {}


def test_a_sublayer_is_reached_once():
    net = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
    net.eval()
    source = forward_source(trace(net, floats(2, 4)).program.graph_of(("fetch_0",)))
    reached = [line.strip() for line in source.splitlines() if line.strip().startswith("layer")]
    assert reached[:4] == [
        'layer1 = getattr(self, "0")',
        'layer2 = getattr(self, "1")',
        'layer3 = getattr(layer2, "0")',
        'layer4 = getattr(layer2, "1")',
    ]
    assert source.count("self") == 3


def test_weights_on_the_way_to_packed_ones_are_not_all_held_at_once(monkeypatch, without_partitions):
    net = nn.Sequential(*(x for _ in range(4) for x in (nn.Conv2D(8, 8, 3, padding=1), nn.BatchNorm2D(8))))
    net.eval()
    traced = trace(net, floats(2, 8, 30, 30))
    (built,) = traced.program._built.values()
    derived: DerivedWeights = built.run._derived
    held = []
    right = state_values.compute

    def watched(node, known):
        held.append(len(known))
        return right(node, known)

    monkeypatch.setattr("fxtraced.lowering.derived.compute", watched)
    results = derived._compute()
    assert len(results) == len(derived._results)
    assert max(held) < len(derived._graph.nodes) - len(net) // 2
