"""CompiledProgram: a program with the strategies that it is built with."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.static.program import Program, Runnable
from fxtraced.static.strategy import BuildStrategy
from fxtraced.static.variable import Variable


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

    def may_alias(self, fetches: tuple[str, ...]) -> list[bool]:
        return self.program.may_alias(fetches)

    def written_feeds(self) -> list[str]:
        return self.program.written_feeds()

    def device(self) -> torch.device | None:
        return self.program.device()

    def __str__(self) -> str:
        return str(self.program)
