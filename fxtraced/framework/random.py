"""Seeds and random state."""

from __future__ import annotations

from typing import Any

import torch


def seed(seed: int) -> torch.Generator:
    """Seed every generator (paddle.seed); the numbers are torch's, not Paddle's. Returns the CPU generator."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be an int, but received {type(seed)}")
    return torch.manual_seed(seed)


def get_rng_state() -> list[Any]:
    """The state of the CPU generator and of every GPU's."""
    states = [torch.get_rng_state()]
    if torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return states


def set_rng_state(state: list[Any]) -> None:
    """Put back what get_rng_state gave."""
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state_all(state[1:])
