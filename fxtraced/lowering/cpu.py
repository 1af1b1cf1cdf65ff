"""CpuExecutable: a graph with weights of its own for the CPU."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import torch
from torch import fx

from fxtraced.framework.errors import ExecutionError, GuardError
from fxtraced.lowering.derived import DerivedWeights
from fxtraced.lowering.executable import Executable
from fxtraced.passes.onednn import hides_nan
from fxtraced.tracing.compare import difference
from fxtraced.tracing.state import StateRef, Structure
from fxtraced.tracing.tracer import Constant

# Folded weights and oneDNN's kernels round in another order: this much of an output's scale is rounding.
_ROUNDING = 1e-4


class CpuExecutable(Executable):
    """Runs a graph whose derived weights follow the layer's.

    plain: gives the executable without derived weights. It answers when the layer's tensors were moved or have another
    dtype, and when a call fails: a oneDNN operation takes less than the one it stands for, and errors are told in the
    user's terms. The graph writes nothing, so what failed left nothing behind. The first call is made both ways: where
    they differ by more than rounding, a warning says so and the plain one answers from then on. It also answers where a
    feed is not finite and oneDNN's relu would make 0 of not-a-number.
    """

    def __init__(
        self,
        graph: fx.Graph,
        state: dict[str, StateRef],
        constants: dict[str, Constant],
        structure: Structure,
        plain: Callable[[], Executable],
    ):
        self._derived = DerivedWeights(graph, state, constants, structure)
        super().__init__(graph, state, constants, structure)
        self._plain = plain
        self._agrees: bool | None = None
        self._hides_nan = any(map(hides_nan, graph.nodes))

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        weights = self._derived.tensors() if self._agrees is not False else None
        if self._hides_nan and not all(map(_is_finite, feeds)):
            weights = None
        if weights is None:
            return self._plain()(*feeds)
        try:
            results = super().__call__(*feeds, *weights)
        except (ExecutionError, GuardError):
            return self._plain()(*feeds)
        if self._agrees:
            return results
        plain = self._plain()(*feeds)
        # Another thread may have changed a weight between the two.
        return self._compared(results, plain) if self._derived.tensors() is weights else plain

    def unchecked(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs without the comparison of the first call, for who compares them himself."""
        weights = self._derived.tensors()
        if weights is None or (self._hides_nan and not all(map(_is_finite, feeds))):
            return self._plain()(*feeds)
        try:
            return super().__call__(*feeds, *weights)
        except (ExecutionError, GuardError):
            return self._plain()(*feeds)

    def _compared(self, results: tuple[torch.Tensor, ...], plain: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        apart = [difference(a, b, _ROUNDING, 0.0) for a, b in zip(plain, results, strict=True)]
        self._agrees = not any(x.too_large for x in apart)
        if not self._agrees:
            found = "; ".join(str(x) for x in apart if x.too_large)
            warnings.warn(
                f"the graph with weights laid out for this CPU differs from the graph as it was traced ({found}): the "
                "latter is used",
                stacklevel=2,
            )
        return results if self._agrees else plain


def _is_finite(feed: torch.Tensor) -> bool:
    """False for a float32 tensor with not-a-number or infinity in it, or one whose sum overflows."""
    return feed.dtype is not torch.float32 or math.isfinite(float(torch.sum(feed)))
