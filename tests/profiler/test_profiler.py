"""paddle.profiler: the states by step, what is recorded and written, and its errors."""

from __future__ import annotations

import json

import pytest

import fxtraced as paddle
from fxtraced import profiler
from fxtraced.profiler import ProfilerState, ProfilerTarget, make_scheduler

CPU = [ProfilerTarget.CPU]


@pytest.mark.parametrize(
    ("arguments", "states"),
    # As paddle 2.6.2 gives them: C(losed), r(eady), R(ecord), E(nd of a recording).
    [
        ({"closed": 1, "ready": 1, "record": 2, "repeat": 1, "skip_first": 1}, "CCrRECCCC"),
        ({"closed": 1, "ready": 0, "record": 2}, "CRECRECRE"),
        ({"closed": 0, "ready": 0, "record": 2}, "RERERERE"),
        ({"closed": 0, "ready": 0, "record": 1}, "EEEE"),
    ],
)
def test_states_by_step(arguments, states):
    letters = dict(zip(ProfilerState, "CrRE", strict=True))
    assert "".join(letters[make_scheduler(**arguments)(step)] for step in range(len(states))) == states


def test_a_pair_of_steps_is_recorded():
    seen, states = [], []
    with profiler.Profiler(targets=CPU, scheduler=(2, 4), on_trace_ready=lambda p: seen.append(p.step_num)) as measured:
        for _ in range(6):
            states.append(measured.current_state.name)
            measured.step()
    assert states == ["CLOSED", "READY", "RECORD", "RECORD_AND_RETURN", "CLOSED", "CLOSED"]
    assert seen == [4]


def test_what_was_recorded_is_written_and_summed_up(tmp_path, capsys):
    folder = tmp_path / "log"
    layer = paddle.nn.Linear(3, 4)
    with profiler.Profiler(targets=CPU, on_trace_ready=profiler.export_chrome_tracing(str(folder), "me")) as measured:
        with profiler.RecordEvent("my range"):
            layer(paddle.ones([2, 3]))
        measured.step()
    (file,) = folder.iterdir()
    assert file.name.startswith("me_time_")
    names = {event.get("name") for event in json.loads(file.read_text())["traceEvents"]}
    assert {"my range", "aten::addmm"} <= names or {"my range", "aten::linear"} <= names
    measured.summary(sorted_by=profiler.SortedKeys.CPUTotal)
    assert "my range" in capsys.readouterr().out


def test_steps_are_timed():
    with profiler.Profiler(timer_only=True) as measured:
        for _ in range(3):
            measured.step(num_samples=4)
        assert measured.step_info("images").endswith(" images/s")
        assert "batch_cost: 0.0" in measured.step_info()


def test_a_layer_with_ranges_is_traced():
    class Ranged(paddle.nn.Layer):
        def forward(self, x):
            with profiler.RecordEvent("double"):
                return x * 2

    outs, static = paddle.jit.TracedLayer.trace(Ranged(), [paddle.ones([2, 3])])
    assert static([paddle.ones([4, 3])])[0].tolist() == [[2.0] * 3] * 4
    assert outs.tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: make_scheduler(closed=-1, ready=0, record=1), ValueError, "closed=-1, ready=0"),
        (lambda: make_scheduler(closed=0, ready=0, record=0), ValueError, "record=0 must be 1 or more"),
        (lambda: profiler.Profiler(scheduler=3), TypeError, "a function, a pair (start, end) or None, but is 3"),
        (lambda: profiler.Profiler(scheduler=(4, 4)), ValueError, "scheduler is (4, 4), but 0 <= start < end"),
        (lambda: profiler.Profiler(targets=[ProfilerTarget.XPU]), ValueError, "ProfilerTarget.XPU cannot be measured"),
        (lambda: profiler.Profiler(timer_only=True).export("x.json"), ValueError, "nothing has been recorded"),
        (lambda: profiler.Profiler().export("x", "pb"), ValueError, "format must be 'json'"),
        (lambda: profiler.RecordEvent("a").end(), ValueError, "'a' has not begun"),
    ],
)
def test_errors(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert text in str(raised.value)
