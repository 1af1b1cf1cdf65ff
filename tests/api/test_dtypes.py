"""Every row of the API table with its float32 inputs cast to the other dtypes, wherever Paddle accepts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differences import dtype_difference, marks
from harness import TOPICS, recorded_beside, rows_of
from rows import Row, evaluate

import fxtraced

# How far outputs may be from Paddle's, relative to their largest magnitude, by dtype of inputs and outputs.
RTOL = {"float64": 1e-6, "float16": 2e-3, "bfloat16": 1e-2}


def cases() -> list[Any]:
    found = []
    for topic in TOPICS:
        rows = rows_of(topic)
        for index, results in (recorded_beside("dtypes", topic) or {}).items():
            by_dtype: dict[str, list[np.ndarray]] = {}
            for key, array in results.items():
                by_dtype.setdefault(key.partition(":")[0], []).append(array)
            for dtype, expected in by_dtype.items():
                row = rows[index]
                known = marks(dtype_difference(row, dtype))
                found.append(pytest.param(row, dtype, expected, id=f"{topic}-{index}-{dtype}-{row.call}", marks=known))
    return found


def floats(array: np.ndarray) -> np.ndarray:
    """The numbers of an array of bfloat16, which NumPy has as uint16; any other array as it is."""
    return (array.astype("uint32") << 16).view("float32") if array.dtype == "uint16" else array


def compare(row: Row, dtype: str, got: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    """Raise AssertionError unless values, dtypes and shapes of all outputs agree."""
    assert len(got) == len(wanted), f"{row.call}: {len(got)} outputs, Paddle gives {len(wanted)}"
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        where = f"{row.call} in {dtype}: output {number}"
        if theirs.dtype.kind == "U":
            assert str(ours) == str(theirs), where
            continue
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), where
        kinds = {dtype, "bfloat16" if theirs.dtype == "uint16" else theirs.dtype.name}
        ours, theirs = floats(ours), floats(theirs)
        if theirs.dtype.kind not in "fc":
            np.testing.assert_array_equal(ours, theirs, err_msg=where)
            continue
        rtol = row.rtol if "float32" in kinds or not kinds & RTOL.keys() else 0.0
        rtol = max(rtol, *(RTOL.get(kind, 0.0) for kind in kinds))
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
        np.testing.assert_allclose(ours, theirs, rtol, rtol * scale, err_msg=where)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_dtypes_are_those_of_the_rows(topic: str) -> None:
    assert recorded_beside("dtypes", topic) is not None, f"run scripts/record_paddle.py {topic}: the table changed"


@pytest.mark.parametrize(("row", "dtype", "expected"), cases())
def test_row_in_another_dtype(row: Row, dtype: str, expected: list[np.ndarray]) -> None:
    compare(row, dtype, evaluate(row, fxtraced, dtype), expected)
