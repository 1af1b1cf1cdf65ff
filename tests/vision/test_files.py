"""read_file and decode_jpeg, whose kernel Paddle has for GPUs only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fxtraced.vision.ops import decode_jpeg, read_file


@pytest.fixture
def jpeg(tmp_path: Path) -> str:
    colours = np.zeros([8, 10, 3], "uint8")
    colours[:, 5:, 0] = 200
    Image.fromarray(colours).save(tmp_path / "image.jpg", quality=95)
    return str(tmp_path / "image.jpg")


def test_read_file_gives_the_bytes(jpeg: str) -> None:
    assert read_file(jpeg).numpy().tobytes() == Path(jpeg).read_bytes()


@pytest.mark.parametrize(("mode", "channels"), [("unchanged", 3), ("rgb", 3), ("gray", 1)])
def test_decoded_image_is_channels_first(jpeg: str, mode: str, channels: int) -> None:
    image = decode_jpeg(read_file(jpeg), mode)
    assert (image.shape, image.numpy().dtype) == ([channels, 8, 10], "uint8")
    left, right = image.numpy()[0, :, :3], image.numpy()[0, :, 7:]
    assert left.max() < 10 < 50 < right.min()


def test_another_mode_is_refused(jpeg: str) -> None:
    with pytest.raises(ValueError, match="decode_jpeg: mode must be one of unchanged, gray, rgb, but received 'cmyk'"):
        decode_jpeg(read_file(jpeg), "cmyk")
