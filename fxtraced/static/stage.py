"""Stage: a graph between two passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import fx

from fxtraced.static.printing import program_text

if TYPE_CHECKING:
    from fxtraced.static.traced_program import TracedProgram


@dataclass(frozen=True)
class Stage:
    """A program's graph after some of the passes; printing it gives a line an operation.

    report: how many places each pass up to here changed.
    """

    program: TracedProgram
    graph: fx.Graph
    report: dict[str, int]

    def __str__(self) -> str:
        return program_text(self.program, self.graph)
