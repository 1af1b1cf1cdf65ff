"""What a profiler does at each step."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any


class ProfilerState(Enum):
    """READY is the step before a recording; RECORD_AND_RETURN is the last step of one."""

    CLOSED = 0
    READY = 1
    RECORD = 2
    RECORD_AND_RETURN = 3


class ProfilerTarget(Enum):
    """What is measured."""

    CPU = 0
    GPU = 1
    XPU = 2
    CUSTOM_DEVICE = 3


Scheduler = Callable[[int], ProfilerState]


def make_scheduler(*, closed: int, ready: int, record: int, repeat: int = 0, skip_first: int = 0) -> Scheduler:
    """The states of a profiler by the number of the step: skip_first steps, then `closed`, `ready`, `record` of them.

    repeat: how often, 0 means for ever. Raises ValueError for a negative number and for record < 1.
    """
    if min(closed, ready, repeat, skip_first) < 0 or record < 1:
        raise ValueError(
            f"make_scheduler: closed={closed}, ready={ready}, repeat={repeat} and skip_first={skip_first} must not be "
            f"negative, and record={record} must be 1 or more"
        )
    span = closed + ready + record

    def state(step: int) -> ProfilerState:
        turn, place = divmod(step - skip_first, span)
        if step < skip_first or (repeat and turn >= repeat) or place < closed:
            return ProfilerState.CLOSED
        if place < closed + ready:
            return ProfilerState.READY
        return ProfilerState.RECORD if place < span - 1 else ProfilerState.RECORD_AND_RETURN

    return state


def scheduler_of(given: Any) -> Scheduler:
    """The scheduler that Profiler's argument means: None records always, (start, end) the steps from start to end - 1.

    Raises ValueError unless 0 <= start < end, TypeError for another argument.
    """
    if given is None:
        return lambda step: ProfilerState.RECORD
    if callable(given):
        return given
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"Profiler: scheduler must be a function, a pair (start, end) or None, but is {given!r}")
    start, end = given
    if not 0 <= start < end:
        raise ValueError(f"Profiler: scheduler is ({start}, {end}), but 0 <= start < end must hold")
    ready = min(start, 1)
    return make_scheduler(closed=start - ready, ready=ready, record=end - start, repeat=1)
