"""Short forms of scripts/soak.py and scripts/faults.py."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import faults
import soak


def test_soak(tmp_path):
    result = soak.soak(2.0, 8, tmp_path)
    assert result.unexpected == []
    assert result.served > 50
    assert result.reloads > 0
    assert set(result.expected) == {"FeedError", "FeedTypeError", "GuardError"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills as POSIX does")
# Forking is what the test is about; its child runs one thread.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_kills(tmp_path):
    assert all(faults.kill_while_saving(tmp_path, 12))
