"""Every row of the API table with its float32 inputs cast to the other dtypes, wherever Paddle accepts them.

All of them run eagerly; the first row of each function or method runs in each dtype as a static graph, too.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from differences import dtype_difference, marks
from harness import TOPICS, arrays, inputs_for, layer_of, prepared, recorded_beside, rows_of
from rows import Row, evaluate, leaves_of
from test_api_static import REFUSED

import fxtraced as paddle

# What a row is about: its first function, layer or method.
NAME = re.compile(r"paddle(\.\w+)+|\.\w+")
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


def sample() -> list[Any]:
    """The first case of each name in each dtype, without known differences and what no static graph holds."""
    found: dict[tuple[str, str], Any] = {}
    for case in cases():
        row, dtype, _ = case.values
        name = NAME.search(row.call)
        if name and not case.marks and row.call not in REFUSED:
            found.setdefault((name.group(), dtype), pytest.param(row, dtype, id=case.id))
    return list(found.values())


@pytest.mark.parametrize("topic", TOPICS)
def test_the_dtypes_are_those_of_the_rows(topic: str) -> None:
    assert recorded_beside("dtypes", topic) is not None, f"run scripts/record_paddle.py {topic}: the table changed"


@pytest.mark.parametrize(("row", "dtype", "expected"), cases())
def test_row_in_another_dtype(row: Row, dtype: str, expected: list[np.ndarray]) -> None:
    compare(row, dtype, evaluate(row, paddle, dtype), expected)


@pytest.mark.parametrize(("row", "dtype"), sample())
def test_row_in_another_dtype_as_a_static_graph(row: Row, dtype: str) -> None:
    layer = layer_of(row, dtype)
    outputs = prepared(layer, row)(*inputs_for(row, dtype=dtype))
    if not any(isinstance(leaf, paddle.Tensor) for leaf in leaves_of(outputs)):
        return
    wanted = arrays(outputs)
    _, traced = paddle.jit.TracedLayer.trace(prepared(layer, row), inputs_for(row, dtype=dtype), verify=False)
    prepared(layer, row)
    compare(row, dtype, traced(inputs_for(row, dtype=dtype)), wanted)
