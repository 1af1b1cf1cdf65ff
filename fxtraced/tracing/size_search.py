"""Which sizes of the feeds are free: every dimension at another size, at the price of few calls."""

from __future__ import annotations

import torch

from fxtraced.framework.errors import GuardError
from fxtraced.tracing.comparer import Comparer, Run, headline
from fxtraced.tracing.guards import FeedGuards
from fxtraced.tracing.probes import Dim, likely_free, other_sizes, resized, ties
from fxtraced.tracing.report import SizeFinding, VerificationReport, shapes_text

Changes = dict[Dim, int]
Group = frozenset[Dim]

# What the default search calls the layer at most. Most of these calls fail early or are of small sizes.
_MOST_CALLS = 40
_LONGEST_REASON = 100


class SizeSearch:
    """Probes the dimensions of the feeds at other sizes, and notes for each what came of it.

    `together` changes all dimensions in one probe:

        call the layer with all dimensions changed that are likely free
        for each other dimension (for each one, if that failed), the largest first:
            call the layer with it changed, too; keep the change if that works
        then the graph, once, beside the last of these calls
        where a guard stops it: one at a time

    As sizes get smaller with each change, the calls are cheap. Dimensions that belong together (the length of a text
    and of its mask) are found by trying: alone, then with those of the same size.
    """

    def __init__(self, comparer: Comparer, report: VerificationReport, leaves: list[torch.Tensor]):
        self._comparer = comparer
        self._report = report
        self._leaves = leaves
        self._names = comparer.trace.feed_names
        self._feed_guards = FeedGuards(comparer.trace.guards)
        self._dims = [(feed, dim) for feed, x in enumerate(leaves) for dim in range(x.ndim)]
        self._groups: list[Group] = []
        self._passed: dict[Dim, list[int]] = {dim: [] for dim in self._dims}
        self._guards: dict[Dim, list[str]] = {
            (feed, dim): [guard.text for guard in self._feed_guards.on(self._names[feed], dim)]
            for feed, dim in self._dims
        }
        self._failures: dict[Dim, str] = {}
        self._calls = 0

    def together(self) -> None:
        """Probe all dimensions at once."""
        kept, last = self._likely_change()
        for dim in self._largest_first():
            if dim in kept or self._calls >= _MOST_CALLS:
                continue
            found = self._working_change(dim, kept)
            if found is not None:
                kept, last = found
        if last is None:
            return
        leaves = resized(self._leaves, kept)
        case = self._comparer.case("other sizes", leaves)
        try:
            static = self._comparer.static(case, may_stop=True)
        except GuardError:
            for group in self._groups:
                if not self._probe_alone(group, kept[min(group)]):
                    self._probe_alone(group, self._fitting_size(group, {}, larger=True))
            return
        self._report.add(self._comparer.compare(case, last, static))
        for dim, size in kept.items():
            self._passed[dim].append(size)

    def one_at_a_time(self) -> None:
        """Probe each dimension, with those tied to it, at a smaller and at a larger size."""
        for dim in self._largest_first():
            if not any(dim in group for group in self._groups):
                self._working_change(dim, {})
        for group in self._groups:
            for larger in (False, True):
                self._probe_alone(group, self._fitting_size(group, {}, larger))

    def findings(self) -> list[SizeFinding]:
        """What is known of each dimension."""
        return [self._finding(dim) for dim in self._dims]

    def _largest_first(self) -> list[Dim]:
        return sorted((dim for dim in self._dims if self._size(dim)), key=self._size, reverse=True)

    def _size(self, dim: Dim) -> int:
        return self._leaves[dim[0]].shape[dim[1]]

    def _likely_change(self) -> tuple[Changes, Run | None]:
        """Other sizes for all dimensions that are likely free, and what forward gave there; none if it fails."""
        changes: Changes = {}
        groups = []
        for group in likely_free(self._leaves):
            size = self._fitting_size(group, changes) or self._fitting_size(group, changes, larger=True)
            if size is not None:
                changes.update(dict.fromkeys(group, size))
                groups.append(group)
        # A failure of so many changes tells of none of them.
        run = self._try(frozenset(), changes) if changes else None
        if run is None:
            return {}, None
        self._groups += groups
        return changes, run

    def _working_change(self, dim: Dim, kept: Changes) -> tuple[Changes, Run] | None:
        """kept with another size of dim, and of those tied to it, on which forward works; with what it gave there."""
        groups = [group for group in ties(dim, self._leaves) if not group & kept.keys()]
        for larger in (False, True):
            for group in groups:
                size = self._fitting_size(group, kept, larger)
                if size is None:
                    continue
                changes = {**kept, **dict.fromkeys(group, size)}
                run = self._try(group, changes)
                if run is not None:
                    self._groups.append(group)
                    return changes, run
        return None

    def _try(self, group: Group, changes: Changes) -> Run | None:
        """Call the layer; None where forward fails, which is noted."""
        case = self._comparer.case("other sizes", resized(self._leaves, changes))
        self._calls += 1
        try:
            return self._comparer.eager(case)
        except Exception as error:
            why = f"forward fails on {shapes_text(self._comparer.shapes(case))}: {headline(error)}"
            for dim in group:
                self._failures.setdefault(dim, why if len(why) <= _LONGEST_REASON else why[:_LONGEST_REASON] + "...")
            return None

    def _probe_alone(self, group: Group, size: int | None) -> bool:
        """Probe one group of tied dimensions at another size (None: there is none); True when that was compared."""
        if size is None:
            return False
        changes = dict.fromkeys(group, size)
        name = ", ".join(f"{self._name(dim)} = {size}" for dim in sorted(group))
        case = self._comparer.case(name, resized(self._leaves, changes))
        eager = self._try(group, changes)
        if eager is None:
            return False
        try:
            static = self._comparer.static(case, may_stop=True)
        except GuardError as error:
            self._note_guard(group, error)
            return False
        self._report.add(self._comparer.compare(case, eager, static))
        for dim in group:
            self._passed[dim].append(size)
        return True

    def _note_guard(self, group: Group, error: GuardError) -> None:
        question = self._comparer.question(error)
        for dim in group:
            if question not in self._guards[dim]:
                self._guards[dim].append(question)

    def _fitting_size(self, group: Group, kept: Changes, larger: bool = False) -> int | None:
        """A size for which the guards on the feeds hold, preferably one that no other dimension has been given."""
        old = self._size(min(group))
        fitting = [
            size
            for size in other_sizes(old)
            if (size > old) == larger and self._feed_guards.hold(self._shapes({**kept, **dict.fromkeys(group, size)}))
        ]
        return next((size for size in fitting if size not in kept.values()), fitting[0] if fitting else None)

    def _shapes(self, changes: Changes) -> dict[str, tuple[int, ...]]:
        return {
            name: tuple(changes.get((feed, dim), size) for dim, size in enumerate(x.shape))
            for feed, (name, x) in enumerate(zip(self._names, self._leaves, strict=True))
        }

    def _name(self, dim: Dim) -> str:
        return f"{self._names[dim[0]]}.shape[{dim[1]}]"

    def _finding(self, dim: Dim) -> SizeFinding:
        passed, guards, failure = tuple(self._passed[dim]), self._guards[dim], self._failures.get(dim, "")
        group = next((group for group in self._groups if dim in group), frozenset())
        verdict = "guarded" if guards else "free" if passed else "fixed" if failure else "untested"
        return SizeFinding(
            feed=self._names[dim[0]],
            dim=dim[1],
            size=self._size(dim),
            verdict=verdict,
            tried=passed,
            tied=tuple(self._name(other) for other in sorted(group - {dim})) if passed else (),
            why="; ".join(guards) if guards else "" if passed else failure,
        )
