"""Predict over a directory of images with Ray Data: one predictor an actor, results as Parquet.

    pip install "fxtraced[scaling]"
    python examples/batch_prediction.py [--output DIR] [--images N] [--workers N] [--batch N] [--check]

The script makes its own images and model, and exits with 1 unless every image is in the output exactly once, with the
result of a plain loop. --check runs once more with a worker that is killed on the way. docs/scaling.md has numbers.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import fxtraced as paddle

SIZE = 64
CLASSES = 10
# The label of an image that could not be read.
NO_LABEL = -1


class Photographs(paddle.nn.Layer):
    """uint8 images [n, height, width, 3] -> probabilities [n, classes]; scaling them belongs to the archive."""

    def __init__(self) -> None:
        super().__init__()
        self.net = paddle.vision.models.resnet18(num_classes=CLASSES)

    def forward(self, images: Any) -> Any:
        x = images.astype("float32").transpose([0, 3, 1, 2]) / 127.5 - 1.0
        return paddle.nn.functional.softmax(self.net(x))


class Classifier:
    """What an actor of Ray Data is: made once in its process, then called batch by batch.

    dirname: an archive of Photographs, on a path that every machine of the cluster sees.
    A batch has `path`, `image` uint8 [n, 64, 64, 3] and `error`; the result has `path`, `label`, `score` and `error`.
    A row with an error has NO_LABEL and a score of NaN.
    """

    def __init__(self, dirname: str):
        config = paddle.inference.Config(dirname)
        # As many threads as the CPUs that Ray counts for the actor.
        config.set_cpu_math_library_num_threads(1)
        self._predictor = paddle.inference.create_predictor(config)
        self._predictor.warm_up()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # A copy: the arrays of Ray's batches are read-only, and torch.from_numpy warns of such memory.
        outputs = self._predictor.run([torch.tensor(batch["image"])])
        probabilities = outputs[0].numpy()
        readable = batch["error"] == ""
        return {
            "path": batch["path"],
            "label": np.where(readable, probabilities.argmax(1), NO_LABEL),
            "score": np.where(readable, probabilities.max(1), np.float32("nan")),
            "error": batch["error"],
        }


class KilledOnce(Classifier):
    """A Classifier whose process is killed in the middle of a batch, once for all actors; `marker` remembers it."""

    def __init__(self, dirname: str, marker: str):
        super().__init__(dirname)
        self._marker = Path(marker)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        results = super().__call__(batch)
        try:
            self._marker.touch(exist_ok=False)
        except FileExistsError:
            return results
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("a killed process goes on")


def decode(row: dict[str, Any]) -> dict[str, Any]:
    """`path` and `bytes` of a file -> `path`, `image` and `error`; an image that cannot be read is black."""
    try:
        with Image.open(io.BytesIO(row["bytes"])) as file:
            image = np.asarray(file.convert("RGB").resize((SIZE, SIZE)))
    except (OSError, SyntaxError) as error:
        # One bad file must neither end the run nor vanish from its output. Pillow's texts hold addresses.
        return {"path": row["path"], "image": np.zeros((SIZE, SIZE, 3), "uint8"), "error": type(error).__name__}
    return {"path": row["path"], "image": image, "error": ""}


def start_ray(workers: int) -> None:
    """Join the cluster that RAY_ADDRESS names, or start Ray on this machine."""
    import ray

    # Every actor holds a CPU until the end, and reading and writing need one too.
    local = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": workers + 1}
    ray.init(log_to_driver=False, **local)


def predict(images: Path, output: Path, workers: int, batch_size: int, actor: type, *arguments: Any) -> None:
    """Run the actors over the images and write Parquet files. Raises FileExistsError where output exists."""
    import ray

    # A second run into the same directory would add its rows to those of the first.
    output.mkdir(parents=True)
    ray.data.DataContext.get_current().enable_progress_bars = False
    dataset = ray.data.read_binary_files(str(images), include_paths=True)
    dataset.map(decode).map_batches(
        actor,
        fn_constructor_args=arguments,
        batch_size=batch_size,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
    ).write_parquet(str(output))


def predict_in_a_loop(images: Path, dirname: str, batch_size: int) -> list[dict[str, Any]]:
    """The same rows without Ray, in the order of the paths."""
    classifier = Classifier(dirname)
    rows = (decode({"path": str(path), "bytes": path.read_bytes()}) for path in sorted(images.iterdir()))
    return [row for batch in batches(rows, batch_size) for row in rows_of(classifier(batch))]


def batches(rows: Iterable[dict[str, Any]], size: int) -> Iterator[dict[str, np.ndarray]]:
    """Rows as batches of columns; the last one may be smaller."""
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield {name: np.stack([x[name] for x in held]) for name in row}
            held = []
    if held:
        yield {name: np.stack([x[name] for x in held]) for name in held[0]}


def rows_of(batch: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """A batch of columns as rows."""
    return [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]


def read(output: Path) -> list[dict[str, Any]]:
    """The rows that were written, in the order of the paths."""
    import pyarrow.parquet

    return sorted(pyarrow.parquet.read_table(output).to_pylist(), key=lambda row: row["path"])


def complaints(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """What is lost, doubled or different in rows, compared with those of the loop; a line each."""
    wanted = {row["path"]: row for row in expected}
    found = [row["path"] for row in rows]
    said = [f"lost: {path}" for path in sorted(wanted.keys() - set(found))]
    said += [f"{found.count(path)} times: {path}" for path in sorted(set(found)) if found.count(path) > 1]
    for row in rows:
        other = wanted.get(row["path"])
        # A batch of other neighbours is calculated in another order.
        if (
            other is None
            or (row["error"], row["label"]) != (other["error"], other["label"])
            or not np.isclose(row["score"], other["score"], rtol=1e-5, equal_nan=True)
        ):
            said.append(f"different: {row} and {other}")
    return said


def write_images(directory: Path, count: int) -> None:
    """PNG files of random coloured squares, and one that is cut in the middle."""
    directory.mkdir(parents=True)
    random = np.random.RandomState(0)
    for i in range(count):
        squares = random.randint(0, 256, [4, 4, 3]).astype("uint8")
        Image.fromarray(squares).resize((SIZE, SIZE), Image.Resampling.NEAREST).save(directory / f"{i:06}.png")
    damaged = directory / f"{count // 2:06}.png"
    damaged.write_bytes(damaged.read_bytes()[:60])


def save_model(dirname: str) -> None:
    """An archive of Photographs with random weights, traced and verified."""
    paddle.seed(0)
    layer = Photographs()
    layer.eval()
    images = paddle.randint(0, 256, [2, SIZE, SIZE, 3]).astype("uint8")
    paddle.jit.TracedLayer.trace(layer, [images])[1].save_inference_model(dirname)


def main() -> int:
    """Make the data, run the loop and Ray, and print images a second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("batch_prediction"), help="a new directory")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--check", action="store_true", help="a run with a killed worker; nothing may be lost")
    given = parser.parse_args()
    output = given.output.absolute()
    if output.exists():
        parser.error(f"--output {output} exists: name a new directory")
    images, model = output / "images", str(output / "model")
    write_images(images, given.images)
    save_model(model)

    start = time.perf_counter()
    expected = predict_in_a_loop(images, model, given.batch)
    _say("a loop in this process", given.images, start)

    start_ray(given.workers)
    runs: list[tuple[str, type, tuple[str, ...]]] = [(f"Ray, {given.workers} workers", Classifier, (model,))]
    if given.check:
        runs.append(("Ray, a worker killed", KilledOnce, (model, str(output / "killed"))))
    said: list[str] = []
    for name, actor, arguments in runs:
        results = output / actor.__name__
        start = time.perf_counter()
        predict(images, results, given.workers, given.batch, actor, *arguments)
        _say(name, given.images, start)
        said += complaints(read(results), expected)
    if given.check:
        assert (output / "killed").exists(), "no worker was killed"
    print("\n".join(said) or f"all {given.images} images are in each output exactly once, with the loop's results")
    return 1 if said else 0


def _say(what: str, count: int, start: float) -> None:
    seconds = time.perf_counter() - start
    print(f"{what:24} {seconds:6.1f} s {count / seconds:8.0f} images/s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
