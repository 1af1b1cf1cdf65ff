"""Seeds and random state."""

from __future__ import annotations

from typing import Any

import torch


def seed(seed: int) -> torch.Generator:
    """Seed every generator (paddle.seed); the numbers are torch's, not Paddle's. Returns the CPU generator.

    Takes whatever int() takes, as Paddle does: configurations have False for no seed.
    """
    return torch.manual_seed(int(seed))


def get_rng_state(device: str | None = None) -> list[Any]:
    """The state of the CPU generator and of every GPU's; of the CPU's alone with device "cpu"."""
    states = [torch.get_rng_state()]
    if device != "cpu" and torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return states


def set_rng_state(state_list: list[Any], device: str | None = None) -> None:
    """Put back what get_rng_state gave; on the CPU alone with device "cpu"."""
    torch.set_rng_state(state_list[0])
    if device != "cpu" and len(state_list) > 1:
        torch.cuda.set_rng_state_all(state_list[1:])
