"""Writes tests/api/recorded/signatures.json: what Paddle's public callables take. Run it in Paddle's environment.

pip install "paddlepaddle==2.6.2" "numpy<2" "setuptools<81"
python scripts/record_signatures.py
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import warnings
from operator import attrgetter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "api"))

from signatures import parameters_of, public_callables  # noqa: E402

MODULES = (
    "paddle paddle.nn paddle.nn.functional paddle.nn.initializer paddle.nn.utils paddle.optimizer paddle.optimizer.lr "
    "paddle.linalg paddle.fft paddle.signal paddle.distribution paddle.regularizer paddle.metric paddle.static "
    "paddle.static.nn paddle.jit paddle.io paddle.vision paddle.vision.models paddle.vision.ops "
    "paddle.vision.transforms paddle.text paddle.inference paddle.amp paddle.autograd paddle.device paddle.utils"
).split()

# Their methods count too.
CLASSES = (
    "paddle.Tensor paddle.nn.Layer paddle.optimizer.Optimizer paddle.optimizer.lr.LRScheduler paddle.metric.Metric "
    "paddle.distribution.Distribution"
).split()


def forwards(paddle: Any) -> dict[str, Any]:
    """The forward of every layer: its parameters name the feeds of a static graph."""
    layers = {f"paddle.nn.{name}": value for name, value in public_callables(paddle.nn).items()}
    layers |= {f"paddle.vision.ops.{name}": value for name, value in public_callables(paddle.vision.ops).items()}
    return {
        f"{name}.forward": value.forward
        for name, value in layers.items()
        if inspect.isclass(value)
        and issubclass(value, paddle.nn.Layer)
        and value.forward is not paddle.nn.Layer.forward
    }


def main() -> None:
    warnings.simplefilter("ignore")
    import paddle

    table: dict[str, Any] = {name: parameters_of(value, method=True) for name, value in forwards(paddle).items()}
    for name in MODULES:
        module = importlib.import_module(name)
        for api, value in public_callables(module).items():
            table[f"{name}.{api}"] = parameters_of(value)
    for name in CLASSES:
        for api, value in public_callables(attrgetter(name.partition(".")[2])(paddle)).items():
            table[f"{name}.{api}"] = parameters_of(value, method=True)
    path = ROOT / "tests" / "api" / "recorded" / "signatures.json"
    rows = (f"{json.dumps(api)}: {json.dumps(found)}" for api, found in sorted(table.items()))
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(f"{len(table)} callables, {sum(found is None for found in table.values())} without a readable signature")


if __name__ == "__main__":
    main()
