"""A gallery of small models, each with its verdict; see test_gallery.py and docs/gallery.md."""

from __future__ import annotations

import importlib

from tests.gallery.entries import ENTRIES, Entry

THEMES = (
    "control_flow", "sizes", "state", "sharing", "constants", "structures", "dtypes", "randomness", "training",
    "torch_modules", "mixtures", "passes", "hostile", "archives",
)  # fmt: skip


def models() -> list[Entry]:
    """All entries, theme by theme."""
    for theme in THEMES:
        importlib.import_module(f"tests.gallery.{theme}")
    return ENTRIES
