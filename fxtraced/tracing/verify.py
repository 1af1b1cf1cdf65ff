"""Verification: the static graph against fresh eager calls of its layer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from fxtraced.framework.errors import GuardError, VerificationError
from fxtraced.tensor.tensor import plain, plain_copy
from fxtraced.tracing import structure
from fxtraced.tracing.compare import Difference, difference
from fxtraced.tracing.divergence import first_divergence
from fxtraced.tracing.state import Snapshot, state_refs
from fxtraced.tracing.trace import Trace

_OTHER_PYTHON_SEED = 20261123


@dataclass(frozen=True)
class Probe:
    """One comparison: its inputs' shapes, and the largest differences or why there was none to make."""

    name: str
    shapes: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    absolute: float = 0.0
    relative: float = 0.0
    skipped: str = ""

    def __str__(self) -> str:
        shapes = ", ".join(f"{name}{list(shape)}" for name, shape in self.shapes.items())
        result = self.skipped or f"largest difference {self.absolute:.3g} absolute, {self.relative:.3g} relative"
        return f"{self.name} on {shapes}: {result}"


@dataclass
class VerificationReport:
    """What the probes showed; printing it gives a line a probe.

    free: for each feed and fetch the dimensions that had another size in a probe that worked.
    seconds: what the verification took.
    """

    rtol: float
    atol: float
    probes: list[Probe] = field(default_factory=list)
    free: dict[str, set[int]] = field(default_factory=dict)
    seconds: float = 0.0

    def shape_with_free_sizes(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """shape with -1 for the dimensions of a feed or fetch that had another size in a probe that worked."""
        free = self.free.get(name, set())
        return tuple(-1 if i in free else size for i, size in enumerate(shape))

    def __str__(self) -> str:
        head = f"verified in {self.seconds:.2f} s, rtol {self.rtol:g}, atol {self.atol:g}"
        return "\n".join([head, *(f"  {probe}" for probe in self.probes)])


@dataclass(frozen=True)
class _Case:
    """Inputs to probe with, and what puts the layer and the random generators into the state to start from."""

    name: str
    leaves: list[torch.Tensor]
    restore: Callable[[], None]


@dataclass
class Verifier:
    """Compares `run` (the static graph) with `layer` (eager), random state and buffers held equal for both.

    before, after: the layer's state as it was before and after the one eager call of the trace. All probes but the
    first start from `after` and from other Python random numbers, so that a counter or a random number that the trace
    baked in shows.
    """

    layer: torch.nn.Module
    trace: Trace
    run: Callable[..., tuple[torch.Tensor, ...]]
    before: Snapshot
    after: Snapshot
    rtol: float
    atol: float

    def verify(self) -> VerificationReport:
        """Probe the given inputs, fresh values, and another leading size. Raises VerificationError on a difference."""
        started = time.perf_counter()
        report = VerificationReport(self.rtol, self.atol)
        given = self.trace.inputs.leaves
        fresh = _fresh_values(given)
        report.probes.append(self._probe(_Case("the given inputs", given, self.before.restore), may_skip=False))
        report.probes.append(self._probe(_Case("fresh values", fresh, self._restore_after), may_skip=False))
        resized = _with_another_leading_size(fresh)
        if resized is not None:
            probe = self._probe(_Case("another leading size", resized, self._restore_after), may_skip=True)
            report.probes.append(probe)
            if not probe.skipped:
                report.free = _sizes_that_differ(report.probes[0], probe)
        report.seconds = time.perf_counter() - started
        return report

    def _restore_after(self) -> None:
        self.after.restore()
        random.seed(_OTHER_PYTHON_SEED)
        np.random.seed(_OTHER_PYTHON_SEED)

    def _probe(self, case: _Case, may_skip: bool) -> Probe:
        """Run both sides. A probe of other sizes may be skipped: where forward fails, or where a guard says no."""
        shapes = {feed: tuple(x.shape) for feed, x in zip(self.trace.feed_names, case.leaves, strict=True)}
        case.restore()
        try:
            with torch.no_grad():
                own = {id(x): _own(x) for x in case.leaves}
                inputs = self.trace.inputs.rebuild([own[id(x)] for x in case.leaves])
                outputs = [plain_copy(x) for x in structure.flatten(self.layer(*inputs)).leaves]
        except Exception as error:
            if case.name == "the given inputs":
                raise
            return Probe(case.name, shapes, skipped=f"forward itself fails there: {_headline(error)}")
        eager_state = self._state()
        case.restore()
        try:
            fed = {id(x): plain_copy(x) for x in case.leaves}
            results = [plain_copy(x) for x in self.run(*[fed[id(x)] for x in case.leaves])]
        except GuardError as error:
            if may_skip:
                return Probe(case.name, shapes, skipped=f"guarded: {error}")
            raise self._failure(case, f"a guard of its own fails: {error}") from error
        except Exception as error:
            raise self._failure(case, f"the graph fails where the layer works: {error}") from error
        worst = self._compare(case, outputs, results, eager_state)
        sizes = {fetch: tuple(x.shape) for fetch, x in zip(self.trace.fetch_names, outputs, strict=True)}
        return Probe(case.name, shapes, sizes, worst.absolute, worst.relative)

    def _compare(
        self,
        case: _Case,
        outputs: list[torch.Tensor],
        results: list[torch.Tensor],
        eager_state: dict[str, torch.Tensor],
    ) -> Difference:
        """The largest difference of outputs and state. Raises VerificationError when one is too large."""
        if len(outputs) != len(results):
            raise self._failure(case, f"the layer gives {len(outputs)} outputs, the graph {len(results)}")
        pairs = list(zip(self.trace.fetch_names, outputs, results, strict=True))
        pairs += [
            (f"buffer {path!r}", eager_state[path], now) for path, now in self._state().items() if path in eager_state
        ]
        worst = Difference(0.0, 0.0, (), 0.0)
        for label, eager, static in pairs:
            apart = difference(eager, static, self.rtol, self.atol)
            if apart.too_large:
                raise self._failure(case, f"{label}: {apart}")
            worst = apart if apart.absolute > worst.absolute else worst
        return worst

    def _state(self) -> dict[str, torch.Tensor]:
        """The layer's buffers and the attributes that the graph knows."""
        return {
            ref.path: plain_copy(ref.get())
            for ref in state_refs(self.layer)
            if ref.kind == "buffer" or (ref.kind == "attribute" and ref.path in self.trace.state)
        }

    def _failure(self, case: _Case, what: str) -> VerificationError:
        inputs = self.trace.inputs.rebuild(case.leaves)
        try:
            first = first_divergence(self.layer, self.trace, inputs, case.restore, self.rtol, self.atol)
        except Exception as error:
            first = f"not found: {_headline(error)}"
        return VerificationError(
            f"FXT202 the static graph and the layer differ on {case.name}: {what}\n"
            f"  first operation that diverges: {first}\n"
            "  forward depends on something that the trace has not seen: a Python number that changes from call to "
            "call, a size read from outside, an own random generator. See docs/errors.md#fxt202"
        )


def _sizes_that_differ(first: Probe, other: Probe) -> dict[str, set[int]]:
    free = {}
    for before, now in ((first.shapes, other.shapes), (first.outputs, other.outputs)):
        for name, shape in before.items():
            free[name] = {i for i, (a, b) in enumerate(zip(shape, now[name], strict=True)) if a != b}
    return free


def _fresh_values(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Other values in the ranges of the given ones: floats uniform, ints from least to largest, bools redrawn."""
    generator = torch.Generator().manual_seed(0)
    return [_redraw(x, generator) for x in tensors]


def _redraw(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if x.numel() == 0 or x.is_complex():
        return x
    with torch.no_grad():
        values = plain(x)
        drawn = torch.rand(tuple(values.shape), generator=generator).to(values.device)
        if values.dtype is torch.bool:
            redrawn = drawn < 0.5
        elif values.is_floating_point():
            low, high = values.min(), values.max()
            if not bool(torch.isfinite(high - low)):
                return x
            redrawn = (low + (high - low) * drawn.to(values.dtype)).to(values.dtype)
        else:
            low, high = values.min(), values.max()
            redrawn = (low + torch.floor(drawn.to(torch.float64) * (high - low + 1)).to(values.dtype)).to(values.dtype)
    return redrawn.as_subclass(type(x))


def _with_another_leading_size(tensors: list[torch.Tensor]) -> list[torch.Tensor] | None:
    """Every tensor that shares the first one's leading size, one row longer (never 1 row); None without such a size."""
    first = next((x for x in tensors if x.ndim), None)
    if first is None or first.shape[0] == 0:
        return None
    old = first.shape[0]
    rows = torch.arange(old + 1) % old
    return [torch.index_select(x, 0, rows.to(x.device)) if x.ndim and x.shape[0] == old else x for x in tensors]


def _own(x: torch.Tensor) -> torch.Tensor:
    return plain_copy(x).as_subclass(type(x))


def _headline(error: Exception) -> str:
    """An error's type and the first line of its text."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
