"""Runs the API table and says how it stands: cases by mode, the share of rows exact to 1e-6, names that are missing.

    python scripts/api_report.py [test file ...]

Takes minutes. Writes tests/api/recorded/report.json, whose totals scripts/write_api_docs.py shows in docs/api.md. The
modes of files that are not named keep their last figures.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "tests" / "api"
sys.path[:0] = [str(ROOT), str(API)]

from harness import TOPICS, recorded, rows_of  # noqa: E402
from rows import evaluate  # noqa: E402
from signatures import found_in, table  # noqa: E402

import fxtraced  # noqa: E402

REPORT = API / "recorded" / "report.json"
MODES = {
    "test_row_gives_what_paddle_gives": "eager",
    "test_row_as_a_static_graph": "static, on other values, reloaded, at other sizes",
    "test_gradients_are_those_of_paddle": "gradients",
    "test_row_in_another_dtype": "in other dtypes, eager",
    "test_row_in_another_dtype_as_a_static_graph": "in other dtypes, static",
}


class Outcomes:
    """A pytest plugin that counts the outcomes of the table's tests by mode."""

    def __init__(self) -> None:
        self.found = {mode: Counter[str](passed=0, known=0, failed=0) for mode in MODES.values()}

    def pytest_runtest_logreport(self, report: Any) -> None:
        mode = MODES.get(report.nodeid.split("::")[1].partition("[")[0])
        if mode and report.when == "call":
            self.found[mode]["known" if hasattr(report, "wasxfail") else report.outcome] += 1


def is_exact(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether an output is Paddle's to 1e-6 of its largest magnitude; equal, when it holds no floats."""
    if ours.shape != theirs.shape or theirs.dtype.kind not in "fc":
        return np.array_equal(ours, theirs)
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=0)
    return np.allclose(ours, theirs, rtol=0, atol=1e-6 * scale, equal_nan=True)


def last_modes() -> dict[str, dict[str, int]]:
    """The figures of the last run by mode."""
    return json.loads(REPORT.read_text())["modes"] if REPORT.exists() else {}


def exact_rows() -> tuple[int, int]:
    """How many rows are exact, and of how many that Paddle evaluates."""
    exact = total = 0
    for topic in TOPICS:
        for index, row in enumerate(rows_of(topic)):
            expected = recorded(topic).get(index, {})
            if expected.get("call") != row.call or "error" in expected:
                continue
            wanted = [expected[str(number)] for number in range(len(expected) - 1)]
            total += 1
            try:
                got = evaluate(row, fxtraced)
            except Exception:  # a row that fails is not exact
                continue
            exact += len(got) == len(wanted) and all(map(is_exact, got, wanted))
    return exact, total


def main() -> None:
    start = time.monotonic()
    outcomes = Outcomes()
    files = sys.argv[1:] or [str(API)]
    pytest.main(["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *files], plugins=[outcomes])
    seconds = time.monotonic() - start
    exact, total = exact_rows()
    missing = [name for name in table() if not name.endswith(".forward") and found_in(fxtraced, name)[0] is None]
    modes = {**last_modes(), **{mode: counts for mode, counts in outcomes.found.items() if counts.total()}}
    REPORT.write_text(json.dumps({"modes": modes, "exact": exact, "evaluated": total}, indent=1) + "\n")
    for mode, counts in modes.items():
        print(f"{mode}: {dict(counts)}")
    print(f"exact to 1e-6: {exact} of {total} rows, {exact / total:.1%}")
    print(f"missing: {len(missing)} names: {' '.join(missing)}")
    print(f"time: {seconds:.0f} s")


if __name__ == "__main__":
    main()
