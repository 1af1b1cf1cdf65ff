"""From one eager call of a layer to its verified programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from fxtraced.static.traced_program import TracedProgram
from fxtraced.tracing.comparer import Comparer, Run
from fxtraced.tracing.state import Snapshot
from fxtraced.tracing.trace import trace
from fxtraced.tracing.verify import verify


@dataclass(frozen=True)
class Verification:
    """Whether and how a graph is compared with its layer."""

    wanted: bool
    thorough: bool
    rtol: float
    atol: float


@dataclass(frozen=True)
class Conversion:
    """A layer after its eager call.

    inputs: copies of the given ones. before, after: what the layer held before and after the call. given: what the call
    gave; None when it cannot be compared with, as the call built the layer first.
    """

    layer: torch.nn.Module
    inputs: list[Any]
    before: Snapshot
    after: Snapshot
    given: Run | None
    verification: Verification

    def program(self) -> TracedProgram:
        """The program of the layer in its present mode."""
        return self._program(self.before, self.after, self.given)

    def inference_program(self, program: TracedProgram) -> TracedProgram | Exception:
        """The program of the layer in inference mode; the error if that mode cannot be traced.

        program: that of the present mode, which is the one if no sublayer is in training mode.
        """
        if not any(module.training for module in self.layer.modules()):
            return program
        self.before.restore()
        self.layer.eval()
        try:
            in_eval = Snapshot(self.layer)
            return self._program(in_eval, in_eval, None)
        except Exception as error:
            return error
        finally:
            self.before.restore()

    def _program(self, before: Snapshot, after: Snapshot, given: Run | None) -> TracedProgram:
        before.restore()
        recorded = trace(self.layer, self.inputs)
        before.restore()
        program = TracedProgram(recorded)
        if self.verification.wanted:
            run = program.runnable(tuple(program.fetch_names))
            comparer = Comparer(
                self.layer, recorded, run, before, after, self.verification.rtol, self.verification.atol
            )
            program.set_report(verify(comparer, given, self.verification.thorough))
        return program
