"""A short, derandomised run of the fuzzer; scripts/fuzz runs it for as long as one likes."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.judge import judge
from tests.fuzz.programs import Input, Program, programs

_SETTINGS = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@_SETTINGS
@given(programs())
@pytest.mark.filterwarnings("ignore")
def test_random_programs(program):
    verdict = judge(program)
    assert verdict is None or not verdict.is_finding, f"{verdict.label}: {verdict.why}\n\n{program.runnable}"


@settings(_SETTINGS, max_examples=15)
@given(programs(stateful=True))
@pytest.mark.filterwarnings("ignore")
def test_python_state_never_goes_unnoticed(program):
    verdict = judge(program, archive=False)
    assert verdict is None or not verdict.is_finding, f"{verdict.label}: {verdict.why}\n\n{program.runnable}"


def _program(*body: str, attributes: tuple[str, ...] = ()) -> Program:
    sizes = ({"N": 3}, {"N": 3}, {"N": 5})
    return Program("paddle", attributes, (Input("x", "f", ("N", 4)),), body, sizes, training=False)


@pytest.mark.parametrize(
    ("body", "attributes", "label"),
    [
        (["return self.fc(x) * x.shape[0]"], ("fc",), "right"),
        (["if x.shape[0] == 3:", "    x = x * 2", "return x"], (), "guarded"),
        (["return x * float(x.sum())"], (), "refused"),
        (["self.calls += 1", "return x * self.calls"], ("calls",), "caught by verification"),
    ],
)
def test_the_judge_knows(body, attributes, label):
    assert judge(_program(*body, attributes=attributes)).label == label


def test_a_failing_program_is_printed_as_a_file_that_runs():
    text = _program("return self.fc(x)", attributes=("fc",)).runnable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "<printed>", "exec"), {"__name__": "printed"})
