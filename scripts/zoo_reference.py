"""What the models of a checkout give under real Paddle 2.6.2: the reference of scripts/zoo.

    python scripts/zoo_reference.py --source CHECKOUT [--each N] ...

Runs under paddlepaddle. Writes a line a constructor to <out>/reference.jsonl: keys and shapes of the state dict, the
shape of the image, and the outputs in eval mode, condensed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import paddle
from zoo_source import Checkout, images, keys
from zoo_survey import Results, Row, checkout, parser, survey

from tests.models.records import condensed, flat

# The first height and width that a model takes is used.
SIZES = (224, 384, 112, 256, 299, 336)


def first_that_fits(model: Any, name: str) -> tuple[list[int], list[Any]]:
    """The shape of an image, and the model's outputs on it. Raises the error on the first size when none fits."""
    first = None
    for size in SIZES:
        shape = [1, 3, size, size]
        try:
            with paddle.no_grad():
                return shape, [x.numpy() for x in flat(model(paddle.to_tensor(images(name, shape))))]
        except Exception as error:
            first = first or error
    assert first is not None
    raise first


def examine(source: Checkout, file: str, name: str) -> Iterator[Row]:
    model = source.build(source.load(file), name)
    if not isinstance(model, paddle.nn.Layer):
        raise TypeError(f"{name}() gives a {type(model).__name__}, not a layer")
    row: Row = {"state": keys(model.state_dict())}
    yield row
    source.fill(name, model)
    model.eval()
    row["image"], outputs = first_that_fits(model, name)
    row["shapes"] = [list(x.shape) for x in outputs]
    row["outputs"] = [condensed(x).astype("float64").tolist() for x in outputs]
    yield row


def main() -> None:
    # scripts/zoo passes its own arguments on; those that it alone takes mean nothing here.
    given, _ = parser(__doc__).parse_known_args()
    source = checkout(given)
    results = Results(given.out / "reference.jsonl")
    survey(given, source, results, lambda file: None, lambda file, name: examine(source, file, name))


if __name__ == "__main__":
    main()
