"""Guards: what Python asked about sizes during a trace, and the answer that the graph relies on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import fx

from fxtraced.framework.errors import GuardError, SourceLine


@dataclass
class Guard:
    """One question about a size with its answer, and the user's line that asked it."""

    text: str
    source: SourceLine | None
    node: fx.Node = field(repr=False)
    looks: int = 1

    @property
    def message(self) -> str:
        where = f" at {self.source}" if self.source else ""
        return (
            f"FXT201 the static graph holds only where `{self.text}`: forward asked for it{where}. "
            "These inputs differ there, so forward would take another way. Trace again with inputs of these sizes, "
            "or keep forward from looking at the size. See docs/errors.md#fxt201"
        )

    def __str__(self) -> str:
        return f"{self.text}  ({self.source})" if self.source else self.text


def check_guard(condition: Any, message: str) -> None:
    """The operation that a guard is in the graph. Raises GuardError unless condition holds."""
    if not condition:
        raise GuardError(message)
