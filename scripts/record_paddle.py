"""Record what real Paddle gives for the rows of tests/api/rows_*.py.

    python scripts/record_paddle.py [topic ...]        # under paddlepaddle 2.6.2

Writes tests/api/recorded/<topic>.npz for each topic (all of them when none is named): an array under
"<index>:<call>:<output index>" for every output, or the error's text under "<index>:<call>:error". Beside it, each
with the calls in order under "calls":

- gradients/<topic>.npz: "<index>:outputs" are the numbers of the outputs that have a gradient, "<index>:<leaf>" its
  value for an input or parameter, "<index>:error" the text where Paddle fails to compute them.
- dtypes/<topic>.npz: "<index>:<dtype>:<output index>" for the rows with inputs of float32, cast to each dtype that
  Paddle accepts; "refused" has the "<index>:<dtype>" of the others.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

API = Path(__file__).resolve().parent.parent / "tests" / "api"
sys.path.insert(0, str(API))

from rows import DTYPES, Row, evaluate, gradients  # noqa: E402

Arrays = dict[str, np.ndarray]
KILLED = np.asarray("Killed: Paddle ended the process")


def text_of(error: Exception) -> np.ndarray:
    text = str(error).strip().splitlines()
    return np.asarray(f"{type(error).__name__}: {text[-1] if text else ''}")


def values_of(row: Row, paddle: Any, dtype: str = "float32") -> Arrays:
    """The outputs by number, or the error."""
    try:
        return {str(number): array for number, array in enumerate(evaluate(row, paddle, dtype))}
    except Exception as error:  # whatever Paddle raises is what it gives
        return {"error": text_of(error)}


def gradients_of(row: Row, paddle: Any) -> Arrays:
    """The gradients by leaf with the numbers of the outputs, or the error."""
    try:
        outputs, found = gradients(row, paddle)
    except Exception as error:  # as above
        return {"error": text_of(error)}
    return {"outputs": np.asarray(sorted(outputs), "int32"), **found}


def dtypes_of(row: Row) -> tuple[str, ...]:
    """The dtypes that its inputs of float32 are cast to; none without such an input."""
    return DTYPES if any(sample.dtype == "float32" for sample in row.inputs.values()) else ()


def record_row(row: Row, paddle: Any) -> Iterator[tuple[str, Arrays]]:
    """What Paddle gives for a row: its values, its gradients, its values in other dtypes."""
    yield "values", values_of(row, paddle)
    for dtype in dtypes_of(row):
        yield dtype, values_of(row, paddle, dtype)
    yield "gradients", gradients_of(row, paddle)  # last, since some end the process


def in_a_child(steps: Callable[[], Iterator[Any]]) -> list[Any]:
    """What steps yields in a child process, up to where Paddle kills or blocks it."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # the end of a child that hangs
        try:
            with os.fdopen(sink, "wb") as file:
                for step in steps():
                    pickle.dump(step, file)
                    file.flush()
        finally:
            os._exit(0)
    os.close(sink)
    found = []
    with os.fdopen(source, "rb") as file:
        while True:
            try:
                found.append(pickle.load(file))
            except (EOFError, pickle.UnpicklingError):
                break
    os.waitpid(child, 0)
    return found


def record(topic: str, paddle: Any) -> None:
    """Evaluate the rows of one topic and write its files; says on stderr which rows raise."""
    rows: list[Row] = importlib.import_module(f"rows_{topic}").ROWS
    calls = np.asarray([row.call for row in rows])
    values: Arrays = {}
    slopes: Arrays = {"calls": calls}
    dtypes: Arrays = {"calls": calls}
    refused: list[str] = []
    for index, row in enumerate(rows):
        found = dict(in_a_child(lambda row=row: record_row(row, paddle)))
        results = found.pop("values", {"error": KILLED})
        values.update({f"{index}:{row.call}:{name}": array for name, array in results.items()})
        if "error" in results:
            print(f"{topic}: {row.call}\n    {results['error']}", file=sys.stderr)
            continue
        slopes.update({f"{index}:{name}": array for name, array in found.get("gradients", {"error": KILLED}).items()})
        for dtype in dtypes_of(row):
            results = found.get(dtype, {"error": KILLED})
            if "error" in results:
                refused.append(f"{index}:{dtype}")
            else:
                dtypes.update({f"{index}:{dtype}:{name}": array for name, array in results.items()})
    dtypes["refused"] = np.asarray(refused)
    for folder, arrays in (("", values), ("gradients", slopes), ("dtypes", dtypes)):
        (API / "recorded" / folder).mkdir(parents=True, exist_ok=True)
        np.savez_compressed(API / "recorded" / folder / f"{topic}.npz", **arrays)
    print(f"{topic}: {len(rows)} rows, {len(values)} values, {len(slopes)} gradients, {len(dtypes)} in other dtypes")


def main() -> None:
    warnings.simplefilter("ignore")
    import paddle

    topics = sys.argv[1:] or sorted(path.stem.removeprefix("rows_") for path in API.glob("rows_*.py"))
    for topic in topics:
        record(topic, paddle)


if __name__ == "__main__":
    main()
