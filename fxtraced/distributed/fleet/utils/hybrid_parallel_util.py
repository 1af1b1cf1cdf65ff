"""paddle.distributed.fleet.utils.hybrid_parallel_util, for one process."""

from __future__ import annotations

from typing import Any


def fused_allreduce_gradients(parameter_list: Any, hcg: Any) -> None:
    """The gradients of one process are those of all: they stay as they are."""
