"""Record what real Paddle gives for the rows of tests/api/rows_*.py.

    python scripts/record_paddle.py [topic ...]        # under paddlepaddle 2.6.2

Writes tests/api/recorded/<topic>.npz for each topic (all of them when none is named): an array under
"<index>:<call>:<output index>" for every output, or the error's text under "<index>:<call>:error".
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

import numpy as np

API = Path(__file__).resolve().parent.parent / "tests" / "api"
sys.path.insert(0, str(API))

from rows import evaluate  # noqa: E402


def record(topic: str, paddle: object) -> None:
    """Evaluate the rows of one topic and write their file; says on stderr which rows raise."""
    found: dict[str, np.ndarray] = {}
    rows = importlib.import_module(f"rows_{topic}").ROWS
    for index, row in enumerate(rows):
        try:
            for number, array in enumerate(evaluate(row, paddle)):
                found[f"{index}:{row.call}:{number}"] = array
        except Exception as error:
            text = str(error).strip().splitlines()
            message = f"{type(error).__name__}: {text[-1] if text else ''}"
            found[f"{index}:{row.call}:error"] = np.asarray(message)
            print(f"{topic}: {row.call}\n    {message}", file=sys.stderr)
    (API / "recorded").mkdir(exist_ok=True)
    np.savez_compressed(API / "recorded" / f"{topic}.npz", **found)
    print(f"{topic}: {len(rows)} rows, {len(found)} arrays")


def main() -> None:
    warnings.simplefilter("ignore")
    import paddle

    topics = sys.argv[1:] or sorted(path.stem.removeprefix("rows_") for path in API.glob("rows_*.py"))
    for topic in topics:
        record(topic, paddle)


if __name__ == "__main__":
    main()
