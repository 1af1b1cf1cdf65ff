"""examples/batch_prediction.py without Ray: decoding, batches, the actor's class, and what finds a lost row."""

import numpy as np
import pytest

from examples import batch_prediction as example

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")
COUNT = 11
DAMAGED = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The directory of images and that of the archive."""
    directory = tmp_path_factory.mktemp("batch_prediction")
    example.write_images(directory / "images", COUNT)
    example.save_model(str(directory / "model"))
    return directory / "images", str(directory / "model")


@pytest.fixture(scope="module")
def rows(made):
    """What the loop gives in batches of 4."""
    return example.predict_in_a_loop(*made, 4)


def files(images):
    return [{"path": str(path), "bytes": path.read_bytes()} for path in sorted(images.iterdir())]


def test_images_are_the_same_in_every_run(made, tmp_path):
    example.write_images(tmp_path / "again", COUNT)
    assert [row["bytes"] for row in files(made[0])] == [row["bytes"] for row in files(tmp_path / "again")]


def test_decode(made):
    decoded = [example.decode(row) for row in files(made[0])]
    assert [row["error"] for row in decoded] == ["OSError" if i == DAMAGED else "" for i in range(COUNT)]
    for i, row in enumerate(decoded):
        assert (row["image"].shape, row["image"].dtype) == ((64, 64, 3), np.uint8)
        assert row["image"].any() == (i != DAMAGED)


@pytest.mark.parametrize(("content", "error"), [(b"", "UnidentifiedImageError"), (b"text", "UnidentifiedImageError")])
def test_decode_what_is_no_image(content, error):
    row = example.decode({"path": "p", "bytes": content})
    assert (row["path"], row["error"], row["image"].any()) == ("p", error, False)


def test_batches():
    found = [batch["i"].tolist() for batch in example.batches(({"i": np.int64(i)} for i in range(5)), 2)]
    assert found == [[0, 1], [2, 3], [4]]
    assert list(example.batches([], 2)) == []


def test_the_actor_gives_a_row_for_each_row_in_order(made, rows):
    images, model = made
    assert [row["path"] for row in rows] == [str(path) for path in sorted(images.iterdir())]
    assert [row["error"] != "" for row in rows] == [i == DAMAGED for i in range(COUNT)]
    assert rows[DAMAGED]["label"] == example.NO_LABEL
    assert np.isnan(rows[DAMAGED]["score"])
    good = [row for row in rows if not row["error"]]
    assert all(0 <= row["label"] < example.CLASSES and 1 / example.CLASSES <= row["score"] <= 1 for row in good)
    assert len({row["score"] for row in good}) > 1

    backwards = [example.decode(row) for row in reversed(files(images))]
    (batch,) = example.batches(backwards, COUNT)
    batch["image"].flags.writeable = False
    assert example.complaints(example.rows_of(example.Classifier(model)(batch)), rows) == []


def test_complaints(rows):
    assert example.complaints(rows, rows) == []
    lost, doubled = rows[0]["path"], rows[1]["path"]
    assert example.complaints([*rows[1:], rows[1]], rows) == [f"lost: {lost}", f"2 times: {doubled}"]
    (said,) = example.complaints([*rows[:-1], {**rows[-1], "score": np.float32(2)}], rows)
    assert said.startswith("different: ")
    (said,) = example.complaints([*rows, {**rows[0], "path": "other"}], rows)
    assert said.startswith("different: ")
