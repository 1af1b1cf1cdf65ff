"""Random sequence models, written out by hand, through every pass for a CPU and through archives for CPUs."""

from __future__ import annotations

from collections import Counter

import pytest

from fxtraced.passes.onednn import is_available
from tests.fuzz.sequences import Sequence, largest_difference

pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


def test_models_give_what_their_layers_give():
    changed: Counter[str] = Counter()
    for seed in range(25):
        found, report = largest_difference(seed)
        assert found < 2e-5, f"seed {seed}: {Sequence(seed).steps}"
        changed.update(report)
    acted = {name for name, count in changed.items() if count}
    assert acted >= {
        "simplify_views", "merge_common_subexpressions", "fuse_attention", "recognise_activations",
        "recognise_layer_norm", "fuse_linear", "merge_projections", "fold_constants",
    }  # fmt: skip
