"""Partitions: a frozen graph compiled by oneDNN's graph compiler.

A partition is a convolution or product with what surrounds it, compiled once for its sizes, layouts and number of
threads, and called with hardly any preparation; a oneDNN operation of torch prepares itself in each call, which takes a
tenth of a ResNet-50's time. TorchScript's executor makes the partitions of what it has seen in a first call.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from fxtraced.framework.errors import GuardError
from fxtraced.framework.memory import return_memory
from fxtraced.lowering.freezing import CannotBePartitioned, Frozen
from fxtraced.lowering.quick import Quick, quick_call
from fxtraced.lowering.script import call_scripted, quiet
from fxtraced.tracing.compare import ROUNDING, disagreements

# The first call is watched, and the second compiles.
_CALLS = 2
# How long each side is measured, in seconds; one call at least.
_MEASURED = 0.01
# What else the machine does may slow one side.
_ATTEMPTS = 3

# torch's own methods: a Tensor's are Paddle's, and slower.
_sizes, _strides = torch.Tensor.size, torch.Tensor.stride

Run = Callable[..., Any]


class Partitions:
    """A frozen graph for feeds like these; `fit` says whether it may answer a call.

    count: the compiler's partitions, and an archive's products of MKL and LSTMs with laid out weights.
    feeds: plain tensors, finite. expected: gives what the graph has to give, with the model's own weights. Raises
    CannotBePartitioned where the compiler takes nothing of the graph, where the result differs from the expected one by
    more than tolerance, as a part of an output's largest magnitude, is the same memory in each call, or is not there
    sooner.
    """

    def __init__(self, frozen: Frozen, feeds: Sequence[torch.Tensor], expected: Run, tolerance: float = ROUNDING):
        self._frozen = frozen
        self._threads = torch.get_num_threads()
        self._sizes, self._strides = list(map(_sizes, feeds)), list(map(_strides, feeds))
        # Before the compiler lays weights out: its memory and theirs would be held at once.
        wanted = timed(expected, feeds)
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            count, results = self._compile(feeds)
        self.count = count + frozen.laid_out
        self._check(feeds, expected, results, wanted, tolerance)

    @property
    def sizes(self) -> list[torch.Size]:
        """The sizes of the feeds that it was made for."""
        return self._sizes

    def fit(self, feeds: Sequence[torch.Tensor]) -> bool:
        """True when the feeds have the forms that they had, and the weights and the number of threads are the same."""
        return (
            torch.get_num_threads() == self._threads
            and not torch._C._is_any_autocast_enabled()
            and list(map(_sizes, feeds)) == self._sizes
            and list(map(_strides, feeds)) == self._strides
            and self._frozen.holds()
        )

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...] | None:
        """The outputs on feeds that fit; None where a feed is not finite. Raises what call_scripted does.

        A kernel's max(x, 0) is 0 for not-a-number.
        """
        frozen = self._frozen
        results = call_scripted(frozen.forward, (*feeds, *frozen.packed), frozen.lines)
        return results[:-1] if math.isfinite(results[-1]) else None

    def quick(self, feeds: Sequence[torch.Tensor]) -> Quick | None:
        """The same in one step for such feeds, with the native module."""
        frozen = self._frozen
        return quick_call(frozen.forward, frozen.packed, feeds, [frozen.holds], exact=True)

    def _asked(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...] | None:
        """A call as it will be made."""
        return self(*feeds) if self.fit(feeds) else None

    def _compile(self, feeds: Sequence[torch.Tensor]) -> tuple[int, Any]:
        """Make the partitions; returns how many, and the results of the last call."""
        inputs = [x for x in (*feeds, *self._frozen.packed) if x.layout is torch.strided]
        given = [x.clone() for x in inputs]
        with quiet(), _compiler(), torch.jit.optimized_execution(True):
            # What folding and each call let go is not held beside the weights that the compiler lays out.
            return_memory()
            for _ in range(_CALLS):
                try:
                    results = self(*feeds)
                except GuardError:
                    raise
                except RuntimeError as error:
                    raise CannotBePartitioned(f"the compiler refuses the graph: {error}") from error
                return_memory()
            nodes = torch._C._last_executed_optimized_graph().nodes()
            count = sum(node.kind() == "prim::oneDNNFusionGuard" for node in nodes)
        if not count + self._frozen.laid_out:
            raise CannotBePartitioned("the compiler takes no part of the graph")
        if not all(map(torch.equal, inputs, given)):
            raise CannotBePartitioned("it writes into a feed or a weight")
        return count, results

    def _check(
        self, feeds: Sequence[torch.Tensor], expected: Run, results: Any, before: tuple[Any, float], tolerance: float
    ) -> None:
        wanted, other = before
        for _ in range(_ATTEMPTS):
            again, own = timed(self._asked, feeds)
            if own <= other:
                break
            wanted, other = timed(expected, feeds)
        if results is None or again is None:
            raise CannotBePartitioned("the sum of a feed overflows, or the weights change meanwhile")
        if any(a.data_ptr() == b.data_ptr() and a.numel() for a, b in zip(results, again, strict=True)):
            raise CannotBePartitioned("a result is the same memory in each call")
        apart = disagreements(wanted, results, tolerance)
        if apart:
            raise CannotBePartitioned(f"it differs from the graph as it was traced ({apart})")
        if own > other:
            raise CannotBePartitioned("it is not faster")


@contextmanager
def _compiler() -> Iterator[None]:
    """Lets TorchScript's executor give oneDNN's graph compiler what it compiles. It is of the whole process."""
    before = torch._C._jit_set_llga_enabled(True)
    try:
        yield
    finally:
        torch._C._jit_set_llga_enabled(before)


def timed(run: Run, feeds: Sequence[torch.Tensor]) -> tuple[Any, float]:
    """The results of the last one of some calls, and the seconds of the shortest."""
    best, start = math.inf, time.perf_counter()
    while True:
        begun = time.perf_counter()
        results = run(*feeds)
        now = time.perf_counter()
        best = min(best, now - begun)
        if now - start > _MEASURED:
            return results, best
