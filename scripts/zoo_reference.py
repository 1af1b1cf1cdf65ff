"""What the models of a checkout give under real Paddle 2.6.2: the reference of scripts/zoo.

    python scripts/zoo_reference.py --source CHECKOUT [--each N] ...

Runs under paddlepaddle. Writes a line a constructor to <out>/<source>/reference.jsonl: keys and shapes of the state
dict, the shape of the image, and the outputs in eval mode, condensed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import paddle
from zoo_source import Checkout, another_batch, images, keys, tensors
from zoo_survey import Results, Row, checkout, folder, parser, survey

from tests.models.records import condensed

# The first height and width that a model takes is used.
SIZES = (224, 384, 112, 256, 299, 336)
# Factors for the seeded weights. The first one is used with which the model is steady: when each value of the image
# changes by a millionth, no output changes by more than STEADY of its largest value. Otherwise rounding alone makes two
# right results differ.
GAINS = (1.0, 0.7, 0.5, 0.35)
STEADY = 1e-5


def outputs_on(model: Any, image: Any) -> list[Any]:
    with paddle.no_grad():
        return [x.numpy() for x in tensors(model(paddle.to_tensor(image)))]


def shape_that_fits(model: Any, name: str) -> list[int]:
    """The shape of an image for the model. Raises the error on the first size when none fits."""
    first = None
    for size in SIZES:
        try:
            outputs_on(model, images(name, [1, 3, size, size]))
            return [1, 3, size, size]
        except Exception as error:
            first = first or error
    assert first is not None
    raise first


def change(model: Any, image: Any, outputs: list[Any]) -> float:
    """How much the outputs change when the image changes by a millionth, as a part of their largest values."""
    signs = np.random.RandomState(0).choice([-1, 1], image.shape)
    moved = outputs_on(model, (image * (1 + 1e-6 * signs)).astype("float32"))
    return max(float(abs(a - b).max() / (abs(a).max() or 1)) for a, b in zip(outputs, moved, strict=True))


def examine(source: Checkout, file: str, name: str) -> Iterator[Row]:
    model, shape = source.build(source.load(file), name)
    if not isinstance(model, paddle.nn.Layer):
        raise TypeError(f"{name}() gives a {type(model).__name__}, not a layer")
    row: Row = {"state": keys(model.state_dict())}
    yield row
    model.eval()
    row["image"] = shape or shape_that_fits(model, name)
    image, batch = images(name, row["image"]), another_batch(name, row["image"])
    for row["gain"] in GAINS:
        source.fill(name, model, row["gain"])
        outputs = outputs_on(model, image)
        row["change"] = max(change(model, image, outputs), change(model, batch, outputs_on(model, batch)))
        if row["change"] <= STEADY:
            break
    row["shapes"] = [list(x.shape) for x in outputs]
    row["outputs"] = [condensed(x).astype("float64").tolist() for x in outputs]
    yield row


def main() -> None:
    # scripts/zoo passes its own arguments on; those that it alone takes mean nothing here.
    given, _ = parser(__doc__).parse_known_args()
    source = checkout(given)
    results = Results(folder(given, source) / "reference.jsonl")
    survey(given, source, results, lambda file: None, lambda file, name: examine(source, file, name))


if __name__ == "__main__":
    main()
