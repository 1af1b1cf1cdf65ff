"""CompiledProgram: a program with the strategies that it is built with."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.errors import VerificationError
from fxtraced.static.precision import TOLERANCE
from fxtraced.static.program import Program, Runnable
from fxtraced.static.stage import Stage
from fxtraced.static.strategy import BuildStrategy
from fxtraced.static.traced_program import TracedProgram
from fxtraced.static.variable import Variable
from fxtraced.tracing.report import VerificationReport

# Of the verification in float32.
_RTOL = 1e-5


class CompiledProgram(Program):
    """A program built with a BuildStrategy (paddle.static.CompiledProgram).

    Raises TypeError for a program or strategy of another type.
    """

    def __init__(self, program_or_graph: Program, build_strategy: BuildStrategy | None = None):
        program = program_or_graph
        if not isinstance(program, Program):
            raise TypeError(f"CompiledProgram: program must be a Program, but received {type(program)}")
        if build_strategy is not None and not isinstance(build_strategy, BuildStrategy):
            raise TypeError(
                f"CompiledProgram: build_strategy must be a BuildStrategy, but received {type(build_strategy)}"
            )
        self.program = program
        self.build_strategy = build_strategy or BuildStrategy()
        self.feeds = program.feeds
        self.fetches = program.fetches

    def list_vars(self) -> list[Variable]:
        return self.program.list_vars()

    def runnable(self, fetches: tuple[str, ...], build_strategy: Any = None) -> Runnable:
        return self.program.runnable(fetches, build_strategy or self.build_strategy)

    def report(self) -> dict[str, int]:
        """How many places each pass changed, by its name; empty for a loaded program, which runs as it was saved."""
        self.runnable(tuple(self.fetch_names))
        return dict(getattr(self.program, "pass_report", {}))

    def after(self, name: str) -> Stage:
        """The graph after the pass of this name, the last one of several, and those before it: print it.

        Raises ValueError that lists the passes where this one does not run.
        """
        return self._traced("after").after(name, self.build_strategy)

    def verify(self, *, thorough: bool = False, rtol: float | None = None, atol: float = 1e-6) -> VerificationReport:
        """Compare the graph after the passes with the layer, as it is now: what trace does with the graph before them.

        thorough: probe every dimension of the inputs by itself. rtol, atol: the difference allowed is atol + rtol *
        (largest magnitude of the output); None is 1e-5, as passes for a CPU round otherwise than the layer by about
        1e-6 of that, and 1e-1 where something was lowered to bfloat16. The report has what was found.
        Raises VerificationError on a difference, ValueError for a program that was loaded from a file.
        """
        verifier = self._traced("verify").verifier
        assert verifier is not None, "TracedLayer.trace sets it"
        run = self.runnable(tuple(self.fetch_names))
        if rtol is None:
            # What was lowered, not what was asked for: on another CPU the graph is in float32.
            rtol = TOLERANCE[torch.bfloat16] if self.report().get("lower_precision") else _RTOL
        try:
            return verifier(getattr(run, "unchecked", run), thorough, rtol, atol)
        except VerificationError as error:
            raise VerificationError(
                f"{error}\n  This is the graph after the passes: {self.report()}. BuildStrategy.delete_pass leaves one "
                "out by its name; after(name) shows the graph after one"
            ) from error

    def _traced(self, what: str) -> TracedProgram:
        if not isinstance(self.program, TracedProgram):
            raise ValueError(
                f"CompiledProgram.{what}: a program from a file has no passes and no layer: it runs as it was saved. "
                "Ask the program of the TracedLayer that saved it (traced.program)"
            )
        return self.program

    def may_alias(self, fetches: tuple[str, ...]) -> list[bool]:
        return self.program.may_alias(fetches)

    def written_feeds(self) -> list[str]:
        return self.program.written_feeds()

    def device(self) -> torch.device | None:
        return self.program.device()

    def __str__(self) -> str:
        return str(self.program)
