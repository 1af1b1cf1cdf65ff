"""What the passes for every size make is tested by itself: tests/lowering/test_partitions.py has the partitions."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _only_passes(without_partitions: None) -> None:
    pass
