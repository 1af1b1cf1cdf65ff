"""Images from files (paddle.vision.ops)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fxtraced.nn.functional._arguments import check_choice
from fxtraced.tensor.tensor import as_tensor

_MODES = {"gray": "L", "rgb": "RGB"}


def read_file(filename: str, name: str | None = None) -> Any:
    """The bytes of a file, [n] uint8."""
    return as_tensor(torch.frombuffer(bytearray(Path(filename).read_bytes()), dtype=torch.uint8))


def decode_jpeg(x: Any, mode: str = "unchanged", name: str | None = None) -> Any:
    """The image [C, H, W] uint8 of a JPEG file's bytes [n]; mode "gray" and "rgb" convert it. Needs Pillow."""
    check_choice("decode_jpeg", "mode", mode, ("unchanged", *_MODES))
    from PIL import Image  # an optional package

    image = Image.open(io.BytesIO(x.numpy().tobytes()))
    pixels = np.array(image.convert(_MODES[mode]) if mode in _MODES else image)
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return as_tensor(torch.as_tensor(np.ascontiguousarray(pixels)))
