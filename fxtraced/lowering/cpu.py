"""CpuExecutable: a graph with weights of its own for the CPU."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import fx

from fxtraced.framework.errors import ExecutionError, GuardError
from fxtraced.lowering.derived import DerivedWeights
from fxtraced.lowering.executable import Executable
from fxtraced.tracing.state import StateRef, Structure
from fxtraced.tracing.tracer import Constant


class CpuExecutable(Executable):
    """Runs a graph whose derived weights follow the layer's.

    plain: gives the executable without derived weights. It answers when the layer's tensors were moved or have another
    dtype, and when a call fails: a oneDNN operation takes less than the one it stands for, and errors are told in the
    user's terms. The graph writes nothing, so what failed left nothing behind.
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

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        weights = self._derived.tensors()
        if weights is None:
            return self._plain()(*feeds)
        try:
            return super().__call__(*feeds, *weights)
        except (ExecutionError, GuardError):
            return self._plain()(*feeds)
