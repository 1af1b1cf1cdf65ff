"""Where the tracebacks of refusals end."""

from __future__ import annotations

import contextlib
import traceback

import pytest

import fxtraced as paddle
from fxtraced.framework.errors import FullTraceback
from tests.helpers import floats, layer_of, linear, trace


def writes_a_parameter(self, x):
    with paddle.no_grad():
        self.fc.weight.add_(1)
    return self.fc(x)


def catches(self, x):
    with contextlib.suppress(paddle.errors.TraceError):
        writes_a_parameter(self, x)
    return x


def goes_back(self, x):
    self.fc(x).sum().backward()
    return x


def looks_at_data(self, x):
    return x if x.sum() > 0 else -x


REFUSED = {
    "a write": (writes_a_parameter, "self.fc.weight.add_(1)"),
    "a write that forward catches": (catches, "self.fc.weight.add_(1)"),
    "gradients": (goes_back, "self.fc(x).sum().backward()"),
}


def refusal(forward) -> paddle.errors.TraceError:
    with pytest.raises(paddle.errors.TraceError) as caught:
        trace(layer_of(forward, linear), floats(2, 4))
    return caught.value


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_ends_at_the_users_line(name):
    forward, line = REFUSED[name]
    error = refusal(forward)
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert (last.filename, last.line) == (__file__, line)
    assert type(error.__cause__) is FullTraceback
    assert traceback.extract_tb(error.__cause__.__traceback__)[-1].filename.startswith(paddle.__path__[0])


def test_collected_looks_name_their_lines_in_the_text():
    error = refusal(looks_at_data)
    assert f"at {__file__}:" in str(error)
    assert traceback.extract_tb(error.__traceback__)[-1].name == "trace"


def test_every_frame_on_demand(monkeypatch):
    monkeypatch.setenv("FXTRACED_FULL_TRACEBACK", "1")
    error = refusal(writes_a_parameter)
    assert error.__cause__ is None
    assert traceback.extract_tb(error.__traceback__)[-1].name == "refuse_write"
