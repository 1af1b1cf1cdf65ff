"""One probe: a call of the layer beside a call of its static graph."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from fxtraced.framework.errors import GuardError, VerificationError
from fxtraced.tensor.tensor import plain_copy
from fxtraced.tracing import structure
from fxtraced.tracing.compare import Difference, difference
from fxtraced.tracing.divergence import first_divergence
from fxtraced.tracing.regions import Way, watched_ways
from fxtraced.tracing.report import Probe
from fxtraced.tracing.state import Snapshot, state_refs
from fxtraced.tracing.trace import Trace

_OTHER_PYTHON_SEED = 20261123
# A loop on data may never end on values that it is not made for.
_MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Case:
    """Inputs to probe with, and what puts the layer and the random generators into the state to start from."""

    name: str
    leaves: list[torch.Tensor]
    restore: Callable[[], None]


@dataclass(frozen=True)
class Run:
    """What one call of a layer or of its graph gave and left: copies of the flattened outputs and of the state.

    ways: the branches and loops that a call of the layer took.
    """

    outputs: list[torch.Tensor]
    state: dict[str, torch.Tensor]
    seconds: float
    ways: frozenset[Way] = frozenset()

    @classmethod
    def of(cls, layer: torch.nn.Module, outputs: object, seconds: float, ways: frozenset[Way] = frozenset()) -> Run:
        """The call that ended just now."""
        state = {ref.path: plain_copy(ref.get()) for ref in state_refs(layer) if ref.kind != "parameter"}
        return cls([plain_copy(x) for x in structure.flatten(outputs).leaves], state, seconds, ways)


@dataclass
class Comparer:
    """Runs `layer` (eager) and `run` (the static graph), random state and buffers held equal for both.

    before, after: the layer's state as it was before and after the one eager call of the trace. All cases but the
    first start from `after` and from other Python random numbers, so that a counter or a random number that the trace
    baked in shows. ways: the branches and loops that the calls compared so far took.
    """

    layer: torch.nn.Module
    trace: Trace
    run: Callable[..., tuple[torch.Tensor, ...]]
    before: Snapshot
    after: Snapshot
    rtol: float
    atol: float
    ways: set[Way] = field(default_factory=set)

    def given(self) -> Case:
        """The inputs of the trace, from the state before the eager call."""
        return Case("the given inputs", self.trace.inputs.leaves, self.before.restore)

    def case(self, name: str, leaves: list[torch.Tensor]) -> Case:
        """Other inputs, from the state after the eager call."""
        return Case(name, leaves, self._restore_after)

    def _restore_after(self) -> None:
        self.after.restore()
        random.seed(_OTHER_PYTHON_SEED)
        np.random.seed(_OTHER_PYTHON_SEED)

    def shapes(self, case: Case) -> dict[str, tuple[int, ...]]:
        """The shape of every feed."""
        return {feed: tuple(x.shape) for feed, x in zip(self.trace.feed_names, case.leaves, strict=True)}

    def eager(self, case: Case) -> Run:
        """Call the layer. Raises whatever forward raises."""
        started = time.perf_counter()
        case.restore()
        own = {id(x): plain_copy(x).as_subclass(type(x)) for x in case.leaves}
        with torch.no_grad(), watched_ways(_MOST_ROUNDS) as ways:
            outputs = structure.call(self.layer, self.trace.inputs.rebuild([own[id(x)] for x in case.leaves]))
        return Run.of(self.layer, outputs, time.perf_counter() - started, frozenset(ways))

    def static(self, case: Case, may_stop: bool = False) -> Run:
        """Call the graph. Raises VerificationError where it fails.

        may_stop: where a guard says no, raise its GuardError.
        """
        started = time.perf_counter()
        case.restore()
        fed = {id(x): plain_copy(x) for x in case.leaves}
        try:
            results = self.run(*[fed[id(x)] for x in case.leaves])
        except Exception as error:
            if may_stop and isinstance(error, GuardError):
                raise
            raise self._failure(case, f"the graph fails where the layer works: {error}", self._where(error)) from error
        return Run.of(self.layer, list(results), time.perf_counter() - started)

    def compare(self, case: Case, eager: Run, static: Run) -> Probe:
        """The largest difference of outputs and state. Raises VerificationError when one is too large."""
        self.ways |= eager.ways
        worst = Difference(0.0, 0.0, (), 0.0)
        for label, apart in self._differences(eager, static):
            if apart.too_large:
                raise self._failure(case, f"{label}: {apart}", self._first_divergence(case, eager))
            worst = apart if apart.absolute > worst.absolute else worst
        sizes = {fetch: tuple(x.shape) for fetch, x in zip(self.trace.fetch_names, eager.outputs, strict=True)}
        seconds = eager.seconds + static.seconds
        return Probe(case.name, self.shapes(case), sizes, worst.absolute, worst.relative, seconds=seconds)

    def _differences(self, eager: Run, static: Run) -> Iterator[tuple[str, Difference]]:
        """How far outputs and state are apart, each with its name."""
        if len(eager.outputs) != len(static.outputs):
            counts = f"the layer gives {len(eager.outputs)} outputs, the graph {len(static.outputs)}"
            yield "outputs", Difference(float("inf"), float("inf"), (), 0.0, counts)
            return
        for name, ours, graphs in zip(self.trace.fetch_names, eager.outputs, static.outputs, strict=True):
            yield name, difference(ours, graphs, self.rtol, self.atol)
        for ref in state_refs(self.layer):
            if ref.path in eager.state and (ref.kind == "buffer" or ref.path in self.trace.state):
                ours, graphs = eager.state[ref.path], static.state[ref.path]
                yield f"buffer {ref.path!r}", difference(ours, graphs, self.rtol, self.atol)

    def _first_divergence(self, case: Case, eager: Run) -> str:
        def agrees(outputs: list[torch.Tensor]) -> bool:
            now = Run.of(self.layer, outputs, 0.0)
            return not any(apart.too_large for _, apart in self._differences(eager, now))

        inputs = self.trace.inputs.rebuild(case.leaves)
        try:
            return first_divergence(self.layer, self.trace, inputs, case.restore, agrees, self.rtol, self.atol)
        except Exception as error:
            return f"not found: {headline(error)}"

    def _where(self, error: Exception) -> str:
        """Where the graph stops."""
        if isinstance(error, GuardError):
            return f"the guard `{self.question(error)}`. What it asks for is not the same in each call"
        return "the one that fails"

    def question(self, error: GuardError) -> str:
        """What the guard asks that did not hold."""
        asked = [guard.question for guard in self.trace.guards if guard.message == str(error)]
        return asked[0] if asked else str(error)

    def _failure(self, case: Case, what: str, first: str) -> VerificationError:
        """The error of a probe that shows a difference. first: the first operation that diverges."""
        return VerificationError(
            f"FXT202 the static graph and the layer differ on {case.name}: {what}\n"
            f"  first operation that diverges: {first}\n"
            "  forward depends on something that the trace has not seen: a Python number that changes from call to "
            "call, a size read from outside, an own random generator. See docs/errors.md#fxt202"
        )


def headline(error: Exception) -> str:
    """An error's type and the first line of its text."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
