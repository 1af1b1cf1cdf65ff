"""choose: the fastest of several changes of a few nodes."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from torch import fx

from fxtraced.passes import measuring
from fxtraced.passes.state_values import derived_call


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(measuring, "_chosen", {})


def node_of(graph, target, *args, shape=(2, 3), op="call_function"):
    node = graph.create_node(op, target, args)
    node.meta = {"shape": shape, "dtype": torch.float32}
    return node


def slow(x):
    time.sleep(0.002)
    return x


def replaced_by(function):
    def change(graph):
        for node in graph.nodes:
            if node.op == "call_function":
                node.target = function

    return change


CHANGES = {"as it is": lambda graph: None, "slow": replaced_by(slow)}


def site():
    graph = fx.Graph()
    x = node_of(graph, "x", op="placeholder")
    return [node_of(graph, slow, x)]


def test_the_faster_one_is_chosen():
    found = measuring.choose(
        [("a", site()), ("b", site())], set(), {"kept": lambda graph: None, "fast": replaced_by(torch.relu)}
    )
    assert found == ["fast", "fast"]


def test_a_change_that_gains_too_little_is_not_chosen():
    changes = {"kept": lambda graph: None, "fast": replaced_by(torch.relu)}
    assert measuring.choose([("gains", site())], set(), changes, 2.0) == ["fast"]
    assert measuring.choose([("too little", site())], set(), changes, 1e9) == ["kept"]


def test_what_is_clearly_behind_is_called_twice():
    called = []

    def behind(x):
        called.append(x)
        time.sleep(0.01)
        return x

    changes = {"kept": lambda graph: None, "behind": replaced_by(behind), "fast": replaced_by(torch.relu)}
    assert measuring.choose([("a", site())], set(), changes) == ["fast"]
    assert len(called) == 2


def test_a_site_is_measured_once_for_each_number_of_threads():
    changed = []

    def change(graph):
        changed.append(graph)

    for _ in range(2):
        assert measuring.choose([("a", site()), ("a", site())], set(), {"kept": change}) == ["kept", "kept"]
    assert len(changed) == 1
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        measuring.choose([("a", site())], set(), {"kept": change})
    finally:
        torch.set_num_threads(threads)
    assert len(changed) == 2


def test_weights_are_computed_before_the_measurement():
    computed, seen = [], []

    def weight_of(w):
        computed.append(tuple(w.shape))
        return w * 2

    def product(x, w):
        seen.append((tuple(x.shape), w.flatten()[0].item(), x.is_contiguous(memory_format=torch.channels_last)))
        return x

    graph = fx.Graph()
    x, w = node_of(graph, "x", op="placeholder", shape=(2, 3, 4, 5)), node_of(graph, "w", op="get_attr", shape=(7, 3))
    node = node_of(graph, torch.matmul, x, w, shape=(2, 3, 4, 5))

    def change(graph):
        call = next(n for n in graph.nodes if n.op == "call_function")
        with graph.inserting_before(call):
            whole = graph.call_method("contiguous", (call.args[1],))
            own = derived_call(graph, weight_of, (whole,), like=call.args[1])
        call.target, call.args = product, (call.args[0], own)

    assert measuring.choose([("a", [node])], {w}, {"changed": change}) == ["changed"]
    assert computed == [(7, 3)]
    assert set(seen) == {((2, 3, 4, 5), 1.0, True)}
    # The graph itself is as it was.
    assert node.target is torch.matmul


def test_measurements_of_several_threads():
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(measuring.choose([("a", site())], set(), CHANGES)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8


def test_nothing_to_measure():
    assert measuring.choose([], set(), CHANGES) == []
