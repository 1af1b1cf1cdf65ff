"""Sample models: code as a Paddle user writes it, which runs unchanged under Paddle and under fxtraced.

A module has
    NAME              its name, also of its file in recorded/
    make(paddle)      a fresh model
    inputs(np, batch) its inputs, NumPy arrays from a fixed random state
    loss(paddle, outputs, np)   where OPTIMIZERS names those its training was recorded with
"""

import importlib

NAMES = ["resnet18", "resnet50", "text_classifier", "tagger", "ocr", "multi"]
SEEDED = ["resnet18", "resnet50"]  # their weights come from weights.filled, not from the record


def load(name):
    """The module of a sample model."""
    return importlib.import_module(f"{__name__}.{name}")
