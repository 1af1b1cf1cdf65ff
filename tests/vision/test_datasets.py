"""Data sets from files that the test writes; Paddle 2.6.2 gave the same for the same files."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.vision import datasets

IMAGES = ("b/1.png", "b/x/2.PNG", "a/3.png", "c/5.bmp", "6.png")


@pytest.fixture
def root(tmp_path):
    from PIL import Image as images

    for number, name in enumerate(IMAGES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        images.fromarray(np.full((4, 5, 3), [number, 10, 20], np.uint8)).save(tmp_path / name)
    (tmp_path / "a" / "4.txt").write_text("no image")
    return tmp_path


def test_a_folder_for_each_class(root):
    data = datasets.DatasetFolder(str(root), transform=np.asarray)
    assert data.classes == ["a", "b", "c"]
    assert data.class_to_idx == {"a": 0, "b": 1, "c": 2}
    assert data.targets == [0, 1, 1, 2]
    assert [path for path, _ in data.samples] == [str(root / IMAGES[i]) for i in (2, 0, 1, 3)]
    assert [(image[0, 0].tolist(), label) for image, label in data] == [
        ([2, 10, 20], 0), ([0, 10, 20], 1), ([1, 10, 20], 1), ([3, 10, 20], 2)
    ]  # fmt: skip


def test_all_images_of_a_folder(root):
    data = datasets.ImageFolder(str(root), loader=lambda path: path, extensions=[".Png"])
    assert [data[i] for i in range(len(data))] == [[str(root / IMAGES[i])] for i in (4, 2, 0, 1)]
    assert data[0][0].endswith("6.png")


def test_a_loader_makes_batches_of_a_folder(root):
    T = paddle.vision.transforms
    data = datasets.DatasetFolder(str(root), transform=T.Compose([T.Resize(4), T.ToTensor()]))
    images, labels = next(iter(paddle.io.DataLoader(data, batch_size=3)))
    assert images.shape == [3, 3, 4, 5]
    assert labels.numpy().ravel().tolist() == [0, 1, 1]


@pytest.mark.parametrize(("kind", "what"), [("DatasetFolder", "directories"), ("ImageFolder", "files")])
def test_a_folder_without_images(root, kind, what):
    with pytest.raises(RuntimeError, match=rf"Found 0 {what} in subfolders of: .*\nSupported extensions are: .zip"):
        getattr(datasets, kind)(str(root), extensions=[".zip"])


@pytest.fixture
def cifar(tmp_path):
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        for name, first, key in (
            ("data_batch_2", 2, b"labels"), ("data_batch_1", 1, b"labels"), ("test_batch", 7, b"labels"),
            ("train", 9, b"fine_labels"),
        ):  # fmt: skip
            rows = np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8) // 2 + first
            content = pickle.dumps({b"data": rows, key: [first, first + 1]})
            part = tarfile.TarInfo(f"cifar/{name}")
            part.size = len(content)
            archive.addfile(part, io.BytesIO(content))
    return tmp_path / "cifar.tar.gz"


class Evil:
    def __reduce__(self):
        return os.system, ("false",)


def test_cifar_runs_no_code(tmp_path):
    content = pickle.dumps({b"data": Evil(), b"labels": []})
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        part = tarfile.TarInfo("cifar/data_batch_1")
        part.size = len(content)
        archive.addfile(part, io.BytesIO(content))
    with pytest.raises(paddle.errors.UnsafeFileError, match=r"FXT402 .*data_batch_1 asks for (posix|nt)\.system"):
        datasets.Cifar10(tmp_path / "cifar.tar.gz")


@pytest.mark.parametrize(
    ("kind", "mode", "labels"),
    [("Cifar10", "train", [1, 2, 2, 3]), ("Cifar10", "TEST", [7, 8]), ("Cifar100", "train", [9, 10])],
)
def test_cifar(cifar, kind, mode, labels):
    data = getattr(datasets, kind)(cifar, mode, backend="cv2")
    assert [int(label) for _, label in data] == labels
    image, label = data[0]
    assert (image.shape, image.dtype, label.dtype) == ((32, 32, 3), np.float32, np.int64)
    # The first pixel: the first of each 1024.
    assert image[0, 0].tolist() == [labels[0]] * 3
    assert np.asarray(getattr(datasets, kind)(cifar, mode)[0][0]).tolist() == image.tolist()


@pytest.fixture
def mnist(tmp_path):
    for name, head, shape in (("images", (2051, 3, 28, 28), (3, 28, 28)), ("labels", (2049, 3), (3,))):
        with gzip.open(tmp_path / name, "wb") as file:
            file.write(struct.pack(f">{len(head)}I", *head) + np.arange(np.prod(shape)).astype(np.uint8).tobytes())
    return tmp_path / "images", tmp_path / "labels"


@pytest.mark.parametrize("kind", ["MNIST", "FashionMNIST"])
def test_mnist(mnist, kind):
    data = getattr(datasets, kind)(*mnist, backend="cv2", transform=lambda image: image + 1)
    assert len(data) == 3
    image, label = data[2]
    assert (image.shape, image.dtype, label.tolist()) == ((28, 28), np.float32, [2])
    assert image[0, 0] == 2 * 784 % 256 + 1
    picture, label = getattr(datasets, kind)(*mnist)[1]
    assert (picture.mode, picture.size, label.tolist()) == ("L", (28, 28), [1])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        ("Cifar10()", ValueError, "Cifar10: fxtraced downloads nothing. Give data_file, the path of a file that you"),
        ("MNIST('a')", ValueError, "MNIST: fxtraced downloads nothing. Give label_path"),
        ("Cifar10('a', 'both')", AssertionError, "mode should be 'train' or 'test', but got both"),
        ("MNIST('a', 'b', backend='tensor')", ValueError, r"backend are one of \['pil', 'cv2'\], but got tensor"),
    ],
)
def test_wrong_arguments(call, error, text):
    with pytest.raises(error, match=text):
        eval(f"datasets.{call}", {"datasets": datasets})


def test_image_backends(root):
    vision = paddle.vision
    assert vision.get_image_backend() == "pil"
    with vision.image_load(str(root / "6.png")) as image:
        assert image.size == (5, 4)
    vision.set_image_backend("tensor")
    try:
        image = vision.image_load(root / "6.png")
        assert image.shape == [3, 4, 5]
        np.testing.assert_allclose(image[:, 0, 0].numpy(), [4 / 255, 10 / 255, 20 / 255], rtol=1e-6)
    finally:
        vision.set_image_backend("pil")
    with pytest.raises(ValueError, match="Expected backend are one of"):
        vision.set_image_backend("jax")
