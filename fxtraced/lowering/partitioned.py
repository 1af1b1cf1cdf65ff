"""PartitionedExecutable: a graph that runs in compiled partitions where they fit, and otherwise as it was lowered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from fxtraced.framework.errors import ExecutionError, GuardError
from fxtraced.framework.memory import return_memory
from fxtraced.lowering.freezing import CannotBePartitioned, Source
from fxtraced.lowering.partitions import Partitions, Run
from fxtraced.lowering.quick import Quick
from fxtraced.tracing.compare import ROUNDING, is_finite

_log = logging.getLogger("fxtraced")
_REFUSED = "a graph runs without compiled partitions: %s"

# So many calls in a row of other sizes, or with other weights, and partitions are made for them: they take as long as
# about ten calls, and gain a tenth of each.
_CALLS_IN_A_ROW = 50
# Partitions that were asked for, each with laid out weights of its own.
_MOST_FURTHER = 15
# So many calls that partitions cannot answer are answered by what is there: a graph for every size takes seconds to
# make.
_RARE = 2


class PartitionedExecutable:
    """Runs a graph in partitions for the feeds of its first call and of make_for. Usable from many threads.

    lowered: gives what takes every size and follows every change of a weight; made when it is needed often. expected:
    gives what partitions are compared with, and what answers until then. tolerance: of that comparison. Calls in a row
    that the partitions cannot answer, all alike, make new ones. quick: makes the calls that they can answer in one
    step, with the native module.
    """

    quick: Quick | None = None

    def __init__(
        self, source: Source, lowered: Callable[[], Run], expected: Callable[[], Run], tolerance: float = ROUNDING
    ):
        self._source, self._lowered, self._expected, self._tolerance = source, lowered, expected, tolerance
        self._partitions: Partitions | None = None
        self._further: tuple[Partitions, ...] = ()
        self._refused: str | None = None
        self._lock, self._building = threading.Lock(), threading.Lock()
        self._missed, self._in_a_row = None, _CALLS_IN_A_ROW
        self._left_out = 0
        # Who feeds what is not finite, as a mask of -inf, does so again.
        self._ask_feeds = False

    @property
    def count(self) -> int:
        """How many partitions answer the calls that they fit."""
        return sum(x.count for x in self._all())

    @property
    def sizes(self) -> list[list[torch.Size]]:
        """The sizes of the feeds that there are partitions for."""
        return [x.sizes for x in self._all()]

    def make_for(self, feeds: Sequence[torch.Tensor]) -> None:
        """Make partitions for feeds like these, too, which stay beside the others: for weights that do not change.

        Nothing is made where they are of no use, nor for more than 16 choices of sizes.
        """
        with self._lock:
            if any(x.fit(feeds) for x in self._all()) or len(self._further) == _MOST_FURTHER:
                return
            try:
                made = self._made(feeds)
                self._further += () if made is None else (made,)
            except (GuardError, CannotBePartitioned, ExecutionError) as why:
                _log.info(_REFUSED, why)

    def prepare(self, feeds: Sequence[torch.Tensor]) -> None:
        """Do what the first call with such feeds does beside answering."""
        if self._are_many(feeds):
            self._make(feeds)
        if self._partitions is None:
            self._otherwise()(*feeds)

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs on these feeds, without gradients; raises as Executable does."""
        results = self._from_partitions(feeds)
        if results is not None:
            return results
        if self._refused is None and self._are_many(feeds):
            self._make(feeds)
            results = self._from_partitions(feeds)
        return self._otherwise()(*feeds) if results is None else results

    def unchecked(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs without the comparison of the first lowered call, for who compares them himself."""
        results = self._from_partitions(feeds)
        if results is not None:
            return results
        with self._building:
            lowered = self._lowered()
        return getattr(lowered, "unchecked", lowered)(*feeds)

    def _otherwise(self) -> Run:
        if self._partitions is not None and self._left_out < _RARE:
            self._left_out += 1
            return self._expected()
        with self._building:
            return self._lowered()

    def _from_partitions(self, feeds: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...] | None:
        partitions = self._partitions
        if partitions is None or not partitions.fit(feeds):
            partitions = next((x for x in self._further if x.fit(feeds)), None) if self._further else None
        if partitions is None or (self._ask_feeds and not all(map(is_finite, feeds))):
            return None
        try:
            results = partitions(*feeds)
        except (ExecutionError, GuardError):
            # The graph writes nothing, so what failed left nothing behind: the other one tells it in the user's terms.
            return None
        self._ask_feeds = results is None
        return results

    def _are_many(self, feeds: Sequence[torch.Tensor]) -> bool:
        """Count the calls in a row that are alike; True when partitions would pay, as in the first call."""
        if torch._C._is_any_autocast_enabled() or not all(map(is_finite, feeds)):
            return False
        alike = self._likeness(feeds)
        self._in_a_row = self._in_a_row + 1 if alike == self._missed or self._missed is None else 1
        self._missed = alike
        return self._in_a_row > _CALLS_IN_A_ROW

    def _likeness(self, feeds: Sequence[torch.Tensor]) -> Any:
        return [(tuple(x.shape), x.stride()) for x in feeds], torch.get_num_threads(), self._source.marks()

    def _make(self, feeds: Sequence[torch.Tensor]) -> None:
        """Make partitions for feeds like these, unless another thread makes some."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            # Those before are let go first: two copies of each weight would be held at once.
            self._partitions = self.quick = None
            self._partitions = made = self._made(feeds)
            self.quick = made.quick(feeds) if made is not None else None
        except GuardError:
            # These feeds are wrong, and others may not be: what answers them now says so.
            pass
        except (CannotBePartitioned, ExecutionError) as why:
            self._refused = str(why)
            _log.info(_REFUSED, why)
        finally:
            self._in_a_row = 0
            self._lock.release()

    def _made(self, feeds: Sequence[torch.Tensor]) -> Partitions | None:
        try:
            frozen = self._source.freeze(feeds)
            return None if frozen is None else Partitions(frozen, feeds, self._expected(), self._tolerance)
        finally:
            return_memory()

    def _all(self) -> tuple[Partitions, ...]:
        current = self._partitions
        return self._further if current is None else (current, *self._further)
