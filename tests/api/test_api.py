"""Every row of the API table, eagerly, against what real Paddle gave (scripts/record_paddle.py)."""

from __future__ import annotations

import numpy as np
import pytest
from harness import TOPICS, recorded, rows_of
from rows import Row, evaluate

import fxtraced


def cases() -> list[object]:
    found: list[object] = []
    for topic in TOPICS:
        for index, row in enumerate(rows_of(topic)):
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
    assert expected.get("call") == row.call, "run scripts/record_paddle.py: the table changed"
    if "error" in expected:
        kind = str(expected["error"]).split(":", 1)[0]
        with pytest.raises(Exception) as caught:
            evaluate(row, fxtraced)
        assert not isinstance(caught.value, AttributeError | NameError), f"Paddle raises {kind}, got {caught.value!r}"
        return
    compare(row, evaluate(row, fxtraced), expected)
