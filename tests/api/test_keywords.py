"""Every parameter of Paddle's API below the scopes stands in a row with a value that is not its default."""

from __future__ import annotations

import pytest
from harness import TOPICS, rows_of
from keywords import never_exercised
from signatures import table

# What no row can hold, by API, and why.
WITHOUT_ROWS = {
    "paddle.nn.BatchNorm": ({"moving_mean_name", "moving_variance_name"}, "a name can be given once in a process"),
    "paddle.nn.SyncBatchNorm": (
        {"bias_attr", "data_format", "epsilon", "momentum", "weight_attr"}, "Paddle's has no kernel on a CPU",
    ),
    "paddle.nn.functional.class_center_sample": ({"group"}, "training on several devices is out of scope"),
    "paddle.nn.functional.scaled_dot_product_attention": (
        {"attn_mask", "dropout_p", "is_causal", "training"}, "Paddle's takes none of them on a CPU",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "scope",
    ["paddle.nn", "paddle.nn.functional", "paddle.nn.initializer", "paddle.nn.utils", "paddle.vision.ops"],
)
def test_every_parameter_stands_in_a_row(scope: str) -> None:
    calls = [row.call for topic in TOPICS for row in rows_of(topic)]
    excused = {api: names for api, (names, _) in WITHOUT_ROWS.items() if api.rpartition(".")[0] == scope}
    assert never_exercised(calls, table(), scope) == excused
