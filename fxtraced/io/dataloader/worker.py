"""What a worker process of the loader knows of itself."""

from __future__ import annotations

from typing import Any

import torch.utils.data

__all__ = ["get_worker_info"]


def get_worker_info() -> Any:
    """id, num_workers, dataset and seed in a worker process; None outside of one."""
    return torch.utils.data.get_worker_info()
