"""CpuExecutable: a graph with weights of its own for the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import fx

from fxtraced.framework.errors import ExecutionError, GuardError
from fxtraced.lowering.derived import DerivedWeights
from fxtraced.lowering.executable import Executable
from fxtraced.lowering.quick import quick_call
from fxtraced.passes.onednn import hides_nan
from fxtraced.tracing.compare import ROUNDING, disagreements, is_finite
from fxtraced.tracing.state import Constant, StateRef, Structure


class CpuExecutable(Executable):
    """Runs a graph whose derived weights follow the layer's.

    plain: gives the executable without derived weights. It answers when the layer's tensors were moved or have another
    dtype, and when a call fails: a oneDNN operation takes less than the one it stands for, and errors are told in the
    user's terms. The graph writes nothing, so what failed left nothing behind. The first call is made both ways: where
    they differ by more than tolerance, as a part of an output's largest magnitude, a warning says so and the plain one
    answers from then on. It also answers where a feed is not finite and oneDNN's relu would make 0 of not-a-number.
    """

    def __init__(
        self,
        graph: fx.Graph,
        state: dict[str, StateRef],
        constants: dict[str, Constant],
        structure: Structure,
        plain: Callable[[], Executable],
        tolerance: float = ROUNDING,
    ):
        self._derived = DerivedWeights(graph, state, constants, structure)
        super().__init__(graph, state, constants, structure)
        self._plain, self._tolerance = plain, tolerance
        self._agrees: bool | None = None
        self._hides_nan = any(map(hides_nan, graph.nodes))
        # Of `quick`.
        self._weights: tuple[torch.Tensor, ...] | None = None

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        weights = self._derived.tensors() if self._agrees is not False else None
        if self._hides_nan and not all(map(is_finite, feeds)):
            weights = None
        if weights is None:
            return self._plain()(*feeds)
        try:
            results = self._run(*feeds, *weights)
        except (ExecutionError, GuardError):
            return self._plain()(*feeds)
        if self._agrees:
            if self._may_be_quick and (self.quick is None or self._weights is not weights):
                self._make_quick(feeds, weights)
            return results
        plain = self._plain()(*feeds)
        # Another thread may have changed a weight between the two.
        return self._compared(results, plain) if self._derived.tensors() is weights else plain

    def unchecked(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs without the comparison of the first call, for who compares them himself."""
        weights = self._derived.tensors()
        if weights is None or (self._hides_nan and not all(map(is_finite, feeds))):
            return self._plain()(*feeds)
        try:
            return self._run(*feeds, *weights)
        except (ExecutionError, GuardError):
            return self._plain()(*feeds)

    def _make_quick(self, feeds: tuple[torch.Tensor, ...], weights: tuple[torch.Tensor, ...]) -> None:
        # What asks must not hold the executable, which holds it.
        derived = self._derived
        checks = [lambda: derived.tensors() is weights]
        self.quick = quick_call(self._forward, weights, feeds, checks, self._bound, finite=self._hides_nan)
        self._weights = weights

    def _compared(self, results: tuple[torch.Tensor, ...], plain: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        apart = disagreements(plain, results, self._tolerance)
        self._agrees = not apart
        if apart:
            warnings.warn(
                f"the graph with weights laid out for this CPU differs from the graph as it was traced ({apart}): the "
                "latter is used",
                stacklevel=2,
            )
        return results if self._agrees else plain
