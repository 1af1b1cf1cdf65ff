"""Random networks through every pass for a CPU, and through archives for CPUs and GPUs."""

from __future__ import annotations

from collections import Counter

import pytest

from fxtraced.passes.onednn import is_available
from tests.fuzz.networks import Network, largest_difference

pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


def test_networks_give_what_their_layers_give():
    changed: Counter[str] = Counter()
    for seed in range(25):
        found, report = largest_difference(seed)
        assert found < 1e-4, f"seed {seed}: {Network(seed).steps}, {Network(seed).tail}"
        changed.update(report)
    acted = {name for name, count in changed.items() if count}
    linears = {"multiply_linears", "convolve_linears", "pack_linears"}
    assert acted >= {"fold_batch_norm", "multiply_pointwise", "pack_convolutions", "pack_recurrent", *linears}
