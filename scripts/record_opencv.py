"""Writes tests/vision/recorded/opencv.npz: what OpenCV gives, which resizes and pads arrays for Paddle.

pip install numpy opencv-python-headless
python scripts/record_opencv.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIZES = ((7, 9), (20, 17), (5, 20))
INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}
BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
}


def main() -> None:
    draw = np.random.RandomState(0)
    images = {
        "bytes": draw.randint(0, 256, (11, 14, 3)).astype("uint8"),
        "floats": draw.uniform(0, 255, (9, 12)).astype("float32"),
    }
    found = dict(images)
    for kind, image in images.items():
        for name, code in INTERPOLATIONS.items():
            for height, width in SIZES:
                resized = cv2.resize(image, (width, height), interpolation=code)
                found[f"resize-{kind}-{name}-{height}-{width}"] = resized
        for name, code in BORDERS.items():
            found[f"pad-{kind}-{name}"] = cv2.copyMakeBorder(image, 2, 4, 1, 3, code, value=7)
    path = Path(__file__).resolve().parent.parent / "tests" / "vision" / "recorded" / "opencv.npz"
    np.savez_compressed(path, **found)


if __name__ == "__main__":
    main()
