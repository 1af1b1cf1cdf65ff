"""Transforms of NumPy and Pillow images, against OpenCV's results (scripts/record_opencv.py) and Pillow itself."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.vision import transforms as T

with np.load(Path(__file__).parent / "recorded" / "opencv.npz") as _file:
    RECORDED = {key: _file[key] for key in _file.files}


@pytest.mark.parametrize("key", [key for key in RECORDED if key.startswith("resize")])
def test_resize_is_opencvs(key):
    _, kind, interpolation, height, width = key.split("-")
    got = T.resize(RECORDED[kind], (int(height), int(width)), interpolation)
    assert (got.dtype, got.shape) == (RECORDED[key].dtype, RECORDED[key].shape)
    # OpenCV's cubic weights of bytes are rounded otherwise: one step in a few pixels.
    tolerance = {"floats": 1e-2, "bytes": 1 if interpolation == "bicubic" else 0}[kind]
    assert np.abs(got.astype(float) - RECORDED[key]).max() <= tolerance


@pytest.mark.parametrize("key", [key for key in RECORDED if key.startswith("pad")])
def test_pad_is_opencvs(key):
    _, kind, mode = key.split("-")
    np.testing.assert_array_equal(T.Pad((1, 2, 3, 4), 7, mode)(RECORDED[kind]), RECORDED[key])


def test_pad_of_two_numbers_and_one():
    image = RECORDED["bytes"]
    assert T.pad(image, [1, 2]).shape == (15, 16, 3)
    assert T.pad(image, 1, fill=(1, 2, 3))[0, 0].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="2, or 4 element tuple, not a 3"):
        T.pad(image, [1, 2, 3])


@pytest.mark.parametrize(("shape", "size"), [((10, 20), (5, 10)), ((20, 10), (10, 5)), ((5, 5), (5, 5))])
def test_one_size_is_the_shorter_side(shape, size):
    assert T.Resize(5)(np.zeros((*shape, 3), np.uint8)).shape == (*size, 3)
    assert T.resize(np.zeros((*shape, 1), np.uint8), 5).shape == (*size, 1)


def test_a_pipeline_gives_what_it_gives_by_hand():
    image = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
    pipeline = T.Compose([T.Resize(32), T.CenterCrop(24), T.ToTensor(), T.Normalize([0.5] * 3, [0.25] * 3)])
    out = pipeline(image)
    middle = T.resize(image, 32)[4:28, 12:36]
    wanted = (middle.transpose(2, 0, 1).astype(np.float32) / 255 - 0.5) / 0.25
    assert isinstance(out, paddle.Tensor)
    np.testing.assert_allclose(out.numpy(), wanted, rtol=1e-6, atol=1e-6)
    assert repr(pipeline).startswith("Compose(\n")


def test_keys_choose_the_parts():
    image, label = np.zeros((4, 6, 3), np.uint8), 7
    resized, same = T.Resize((2, 3))((image, label))
    assert resized.shape == (2, 3, 3)
    assert same == 7


def test_flips():
    image = RECORDED["bytes"]
    np.testing.assert_array_equal(T.hflip(image), image[:, ::-1])
    np.testing.assert_array_equal(T.vflip(paddle.to_tensor(image.transpose(2, 0, 1))).numpy()[0], image[::-1, :, 0])


def test_wrong_arguments():
    with pytest.raises(TypeError, match="resize: img should be PIL Image"):
        T.resize([[1]], 2)
    with pytest.raises(TypeError, match="inappropriate size arg"):
        T.resize(RECORDED["bytes"], "large")
    with pytest.raises(ValueError, match="interpolation must be one of nearest, bilinear, bicubic, area"):
        T.resize(RECORDED["bytes"], 4, "lanczos")
    with pytest.raises(ValueError, match="data_format should be CHW or HWC"):
        T.to_tensor(RECORDED["bytes"], "CWH")


def test_pillow_images():
    from PIL import Image as images

    image = images.fromarray(RECORDED["bytes"])
    resized = T.resize(image, (7, 9))
    np.testing.assert_array_equal(np.asarray(resized), np.asarray(image.resize((9, 7), images.Resampling.BILINEAR)))
    assert T.to_tensor(image).shape == [3, 11, 14]
    assert T.center_crop(image, 4).size == (4, 4)
    assert T.Transpose()(image).shape == (3, 11, 14)
    assert T.normalize(image, [0.0] * 3, [1.0] * 3, "HWC").dtype == np.float32


def test_kinds_of_images():
    from PIL import Image as images

    kinds = [getattr(T.functional, f"_is_{kind}_image") for kind in ("pil", "tensor", "numpy")]
    array = RECORDED["bytes"]
    for image, wanted in (
        (images.fromarray(array), [True, False, False]),
        (paddle.to_tensor(array), [False, True, False]),
        (array, [False, False, True]),
        (array[0, 0], [False, False, False]),
    ):
        assert [kind(image) for kind in kinds] == wanted


def digest(result):
    """The shape of an image, the sum of its numbers, and that sum with places as weights."""
    array = np.asarray(result).astype(np.int64)
    return [list(array.shape), int(array.sum()), int((array.ravel() * np.arange(1, array.size + 1)).sum())]


# The digests are of what Paddle 2.6.2 gives with OpenCV 4.10 and Pillow 13, after random.seed(3) and np.random.seed(3).
PADDLES = [
    ("adjust_brightness(image, 1.7)", [[7, 9, 3], 33500, 3211148]),
    ("adjust_contrast(image, 0.4)", [[7, 9, 3], 17813, 1704235]),
    ("to_grayscale(image)", [[7, 9, 1], 7905, 257041]),
    ("to_grayscale(image, 3)", [[7, 9, 3], 23715, 2289654]),
    ("adjust_brightness(pil, 1.7)", [[7, 9, 3], 33500, 3211148]),
    ("adjust_contrast(pil, 0.4)", [[7, 9, 3], 23596, 2253493]),
    ("to_grayscale(pil)", [[7, 9], 7905, 257041]),
    ("to_grayscale(pil, 3)", [[7, 9, 3], 23715, 2289654]),
    ("erase(pil, 1, 2, 3, 4, 9)", [[7, 9, 3], 19508, 2008390]),
    ("RandomCrop(4)(image)", [[4, 4, 3], 6576, 161204]),
    ("RandomCrop((9, 12), 1, True, 5)(image)", [[9, 12, 3], 23967, 3971379]),
    ("RandomResizedCrop(5, interpolation='nearest')(image)", [[5, 5, 3], 8896, 335646]),
    ("RandomResizedCrop((3, 4), (5, 6), (3, 4), 'nearest')(image)", [[3, 4, 3], 5756, 99552]),
    ("RandomResizedCrop((3, 4), (5, 6), (0.1, 0.2), 'nearest')(image)", [[3, 4, 3], 5276, 95358]),
    ("BrightnessTransform(0.4)(image)", [[7, 9, 3], 18671, 1797546]),
    ("ContrastTransform(0.4)(image)", [[7, 9, 3], 21602, 2076078]),
    ("RandomHorizontalFlip(0.9)(image)", [[7, 9, 3], 23742, 2297184]),
    ("RandomVerticalFlip(0.1)(image)", [[7, 9, 3], 23742, 2285400]),
    ("functional.adjust_saturation(image, 0.6)", [[7, 9, 3], 23636, 2274935]),
    ("functional.adjust_saturation(pil, 0.6)", [[7, 9, 3], 23688, 2282958]),
    ("adjust_hue(image, 0.3)", [[7, 9, 3], 22348, 2151964]),
    ("adjust_hue(image, -0.5)", [[7, 9, 3], 23487, 2255946]),
    ("adjust_hue(image.astype('float32'), 0.3)", [[7, 9, 3], 22348, 2151964]),
    ("adjust_hue(pil, 0.3)", [[7, 9, 3], 25249, 2429264]),
    ("adjust_hue(pil.convert('L'), 0.3)", [[7, 9], 7905, 257041]),
    ("adjust_hue(tensor, 0.3)", [[3, 7, 9], 25009, 2395827]),
    ("adjust_hue(tensor, -0.4)", [[3, 7, 9], 25684, 2415239]),
    ("adjust_hue(tensor[:1], 0.3)", [[1, 7, 9], 7887, 257408]),
    ("rotate(image, 30)", [[7, 9, 3], 19850, 1945788]),
    ("rotate(image, -100, 'bilinear', True, None, (9, 8, 7))", [[11, 9, 3], 24112, 3679841]),
    ("rotate(image, 45, center=[2, 3], fill=200)", [[7, 9, 3], 19490, 1730975]),
    ("rotate(pil, 30, 'bicubic', True, fill=[9, 8, 7])", [[11, 13, 3], 26181, 5679467]),
    ("rotate(pil, -100, center=[2, 3], fill=200)", [[7, 9, 3], 30953, 2877129]),
    ("rotate(tensor.astype('float32'), 25)", [[3, 7, 9], 20010, 1930628]),
    ("rotate(tensor.astype('float32'), 50, center=[2, 3], fill=200)", [[3, 7, 9], 28776, 2791714]),
    ("SaturationTransform(0.4)(image)", [[7, 9, 3], 23661, 2277086]),
    ("SaturationTransform((0.2, 0.3))(pil)", [[7, 9, 3], 23625, 2279595]),
    ("HueTransform(0.4)(image)", [[7, 9, 3], 25178, 2418393]),
    ("HueTransform([-0.1, 0.1])(pil)", [[7, 9, 3], 25523, 2454436]),
    ("ColorJitter(0.4, 0.4, 0.4, 0.4)(image)", [[7, 9, 3], 19801, 1897082]),
    ("ColorJitter(0.4, 0.4, 0.4, 0.4)(pil)", [[7, 9, 3], 27284, 2609050]),
    ("ColorJitter(0.5, None, 0.2)(pil)", [[7, 9, 3], 25842, 2485806]),
    ("RandomRotation(40)(image)", [[7, 9, 3], 20162, 1887193]),
    ("RandomRotation((10, 60), 'bilinear', True)(pil)", [[11, 11, 3], 23731, 4381226]),
    ("RandomErasing(1.0)(image)", [[7, 9, 3], 18996, 2040136]),
    ("RandomErasing(0.9, (0.1, 0.5), (0.5, 2), (9, 8, 7))(image)", [[7, 9, 3], 17060, 1860892]),
    ("RandomErasing(1, value='random')(image)", [[7, 9, 3], 24567, 2295545]),
    ("RandomErasing(1, (0.3, 0.3), (0.5, 0.6), 200)(pil)", [[7, 9, 3], 28125, 2428188]),
    ("RandomErasing(0.1)(image)", [[7, 9, 3], 23742, 2285400]),
    ("RandomErasing(1, (0.9, 1))(image)", [[7, 9, 3], 23742, 2285400]),
    ("RandomErasing(1, value=[1, 2, 3])(tensor)", [[3, 7, 9], 19068, 1902196]),
]


@pytest.mark.parametrize(("call", "expected"), PADDLES)
def test_colors_and_random_transforms_are_paddles(call, expected):
    from PIL import Image as images

    image = (np.arange(7 * 9 * 3).reshape(7, 9, 3) * 37 % 256).astype("uint8")
    random.seed(3)
    np.random.seed(3)
    given = {"image": image, "pil": images.fromarray(image), "tensor": paddle.to_tensor(image.transpose(2, 0, 1))}
    assert digest(eval(f"T.{call}", {"T": T, **given})) == expected


def test_a_tensor_turned_between_pixels():
    image = paddle.to_tensor((np.arange(7 * 9 * 3).reshape(7, 9, 3) * 37 % 256).astype("float32").transpose(2, 0, 1))
    turned = T.rotate(image, -100, "bilinear", True, None, (9, 8, 7))
    assert turned.shape == [3, 12, 10]
    # Sums by channel, and one pixel, of Paddle 2.6.2.
    np.testing.assert_allclose(turned.sum([1, 2]).numpy(), [7849.84863, 7781.19287, 7757.15967], rtol=1e-5)
    np.testing.assert_allclose(turned[:, 5, 4].numpy(), [113.640259, 90.4999695, 127.499969], rtol=1e-5)


def test_hues_of_a_tensor_of_floats():
    image = paddle.to_tensor((np.arange(2 * 2 * 3).reshape(2, 2, 3) * 37 % 256).astype("float32").transpose(2, 0, 1))
    paddles = [0.0290197, 0.4643139, 0.8705883, 0.3309805, 0.0, 0.4352942]
    paddles += [0.3819609, 0.3019608, 0.2901961, 0.7254902, 0.0117647, 0.5921569]
    np.testing.assert_allclose(T.adjust_hue(image / 255, 0.1).numpy().ravel(), paddles, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        ("HueTransform(-1)", ValueError, "If hue is a single number, it must be non negative, but received -1"),
        ("HueTransform((0, 1))", ValueError, r"hue values should be between \(-0.5, 0.5\), but received \(0, 1\)"),
        ("SaturationTransform('a')", TypeError, "saturation should be a single number or a list/tuple with length 2"),
        ("adjust_hue(image, 0.6)", ValueError, r"hue_factor must be in \[-0.5, 0.5\], but received 0.6"),
        ("adjust_hue(tensor[:2], 0.1)", ValueError, "img must have 1 or 3 channels, but has 2"),
        ("functional.adjust_saturation(image[:, :, :1], 1)", ValueError, "img must have 3 channels, but has 1"),
        ("RandomRotation(-1)", ValueError, "If degrees is a single number, it must be positive, but received -1"),
        ("RandomRotation([1])", ValueError, r"If degrees is a sequence, it must be of len 2, but received \[1\]"),
        ("RandomErasing(2)", AssertionError, "probability must be between 0 and 1, but received prob=2"),
        ("RandomErasing(1, (0.5, 0.2))", AssertionError, r"in range \[0, 1\], but received \(0.5, 0.2\)"),
        ("RandomErasing(1, value='x')", ValueError, "value must be 'random' when type is str, but received 'x'"),
        ("RandomErasing(1, value=[1, 2])(image)", ValueError, r"one for each of 3, but it is \[1, 2\]"),
        ("rotate(image, 3, 'bicubic')", ValueError, "must be 'nearest' or 'bilinear' for a ndarray, but received 'bic"),
    ],
)
def test_wrong_colors_and_angles(call, error, text):
    given = {"image": RECORDED["bytes"], "tensor": paddle.to_tensor(RECORDED["bytes"].transpose(2, 0, 1))}
    with pytest.raises(error, match=text):
        eval(f"T.{call}", {"T": T, **given})


def test_erase_in_place():
    image = np.zeros((4, 4, 3), np.uint8)
    assert T.erase(image, 1, 1, 2, 2, 5).sum() == 60
    assert image.sum() == 0
    assert T.erase(image, 1, 1, 2, 2, 5, inplace=True) is image
    assert image.sum() == 60


def test_colors_want_bytes_of_colors():
    with pytest.raises(TypeError, match="adjust_brightness: an array must have dtype uint8, but img has float32"):
        T.adjust_brightness(RECORDED["floats"], 2)
    with pytest.raises(
        ValueError, match=r"to_grayscale: an array must have shape \[H, W, 3\], but img has \[2, 2, 1\]"
    ):
        T.to_grayscale(np.zeros((2, 2, 1), np.uint8))
    with pytest.raises(ValueError, match="either 1 or 3, but received 2"):
        T.Grayscale(2)(RECORDED["bytes"])
    with pytest.raises(TypeError, match="contrast should be a single number or a list/tuple with length 2"):
        T.ContrastTransform((1, 2, 3))
