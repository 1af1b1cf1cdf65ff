"""Every row of the API table, eagerly, against what real Paddle gave (scripts/record_paddle.py)."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rows import Row, evaluate

import fxtraced

HERE = Path(__file__).resolve().parent
TOPICS = sorted(path.stem.removeprefix("rows_") for path in HERE.glob("rows_*.py"))


@cache
def recorded(topic: str) -> dict[int, dict[str, np.ndarray]]:
    """What Paddle gave, by the row's index and then by output ("0", "1", ... or "error"), with the call checked."""
    found: dict[int, dict[str, np.ndarray]] = {}
    with np.load(HERE / "recorded" / f"{topic}.npz") as file:
        for key in file.files:
            index, rest = key.split(":", 1)
            call, output = rest.rsplit(":", 1)
            outputs = found.setdefault(int(index), {"call": np.asarray(call)})
            outputs[output] = file[key]
    return found


def cases() -> list[object]:
    found: list[object] = []
    for topic in TOPICS:
        for index, row in enumerate(importlib.import_module(f"rows_{topic}").ROWS):
            marks = [pytest.mark.xfail(reason=row.xfail, strict=True)] if row.xfail else []
            found.append(pytest.param(topic, index, row, id=f"{topic}-{index}-{row.call}", marks=marks))
    return found


def compare(row: Row, got: list[np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Raise AssertionError unless values, dtypes and shapes of all outputs agree."""
    wanted = [expected[str(number)] for number in range(len(expected) - 1)]
    assert len(got) == len(wanted), f"{row.call}: {len(got)} outputs, Paddle gives {len(wanted)}"
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        where = f"{row.call}: output {number}"
        assert ours.shape == theirs.shape, f"{where}: shape {ours.shape}, Paddle gives {theirs.shape}"
        if theirs.dtype.kind == "U":
            assert str(ours) == str(theirs), where
            continue
        assert ours.dtype == theirs.dtype, f"{where}: dtype {ours.dtype}, Paddle gives {theirs.dtype}"
        if theirs.dtype.kind in "fc":
            np.testing.assert_allclose(ours, theirs, rtol=row.rtol, atol=row.atol, equal_nan=True, err_msg=where)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=where)


@pytest.mark.parametrize(("topic", "index", "row"), cases())
def test_row_gives_what_paddle_gives(topic: str, index: int, row: Row) -> None:
    expected = recorded(topic).get(index, {})
    assert expected and str(expected["call"]) == row.call, "run scripts/record_paddle.py: the table changed"
    if "error" in expected:
        kind = str(expected["error"]).split(":", 1)[0]
        with pytest.raises(Exception) as caught:
            evaluate(row, fxtraced)
        assert not isinstance(caught.value, AttributeError | NameError), f"Paddle raises {kind}, got {caught.value!r}"
        return
    compare(row, evaluate(row, fxtraced), expected)
