"""Gradients of every row of the API table against Paddle's: those of its floating inputs and of a layer's parameters.

Left out are the rows for which Paddle has no gradient, or fails to compute it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differences import gradient_difference, marks
from harness import TOPICS, recorded_beside, rows_of
from rows import Row, gradients

import fxtraced


def cases() -> list[Any]:
    found = []
    for topic in TOPICS:
        rows = rows_of(topic)
        for index, expected in (recorded_beside("gradients", topic) or {}).items():
            if "outputs" in expected and expected["outputs"].size:
                row = rows[index]
                known = marks(gradient_difference(row))
                found.append(pytest.param(row, expected, id=f"{topic}-{index}-{row.call}", marks=known))
    return found


@pytest.mark.parametrize("topic", TOPICS)
def test_the_gradients_are_those_of_the_rows(topic: str) -> None:
    assert recorded_beside("gradients", topic) is not None, f"run scripts/record_paddle.py {topic}: the table changed"


@pytest.mark.parametrize(("row", "expected"), cases())
def test_gradients_are_those_of_paddle(row: Row, expected: dict[str, np.ndarray]) -> None:
    wanted = set(expected["outputs"].tolist())
    _, got = gradients(row, fxtraced, wanted)
    for name in sorted(got.keys() | expected.keys() - {"outputs"}):
        where = f"{row.call}: gradient of {name}"
        # One that is left out is not connected to the outputs: zeros say the same.
        ours = got[name] if name in got else np.zeros_like(expected[name])
        theirs = expected.get(name, np.zeros_like(ours))
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), where
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
        np.testing.assert_allclose(ours, theirs, row.rtol, max(row.atol, row.rtol * scale), err_msg=where)
