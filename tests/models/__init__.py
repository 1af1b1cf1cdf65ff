"""Sample models: code as a Paddle user writes it, which runs unchanged under Paddle and under fxtraced.

A module, and a row of zoo.py, has
    NAME              its name, also of its file in recorded/
    make(paddle)      a fresh model
    inputs(np, batch) its inputs, NumPy arrays from a fixed random state
    loss(paddle, outputs, np)   where OPTIMIZERS names those its training was recorded with
"""

import importlib

from tests.models import zoo

# Their weights and inputs are in the record; those of all others come from seeds, and their outputs are condensed.
WRITTEN = ["text_classifier", "tagger", "ocr", "multi"]
# Each is traced, reloaded and run in C++.
NAMES = [
    *WRITTEN, "vit", "translator", "crnn", "resnet18_maps", "mobilenet_v3_small_half", "googlenet_maps",
    "shufflenet_v2_swish_10",
]  # fmt: skip


def load(name):
    """The module of a sample model, or its row of the zoo."""
    return zoo.ROWS.get(name) or importlib.import_module(f"{__name__}.{name}")
