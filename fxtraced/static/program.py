"""Program: named feeds and fetches around something that runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch

from fxtraced.framework.errors import FetchError
from fxtraced.static.variable import Variable

Runnable = Callable[..., tuple[torch.Tensor, ...]]

_MADE_BY_HAND = (
    "FXT303 this program was made by hand: TracedLayer.trace and load_inference_model make programs. "
    "See docs/errors.md#fxt303"
)


class Program:
    """A static graph with named feeds and fetches (paddle.static.Program).

    Made by TracedLayer.trace (`TracedProgram`) and load_inference_model (`InferenceProgram`), never by hand.
    Printing one
    shows an operation a line.
    """

    feeds: list[Variable]
    fetches: list[Variable]

    @cached_property
    def sessions(self) -> dict[Any, Any]:
        """What Executor.run made for the fetches it was asked for; it lives as long as the program."""
        return {}

    @property
    def feed_names(self) -> list[str]:
        return [variable.name for variable in self.feeds]

    @property
    def fetch_names(self) -> list[str]:
        return [variable.name for variable in self.fetches]

    def list_vars(self) -> list[Variable]:
        """Every variable that can be fetched by name."""
        return list(self.fetches)

    def var(self, name: str) -> Variable:
        """The variable of this name. Raises FetchError when there is none, with the nearest names."""
        found = {variable.name: variable for variable in self.list_vars()}
        if name in found:
            return found[name]
        raise unknown_fetch(name, list(found))

    def runnable(self, fetches: tuple[str, ...], build_strategy: Any = None) -> Runnable:
        """What computes these fetches from tensors in the order of the feeds; made once and kept."""
        raise FetchError(_MADE_BY_HAND)

    def may_alias(self, fetches: tuple[str, ...]) -> list[bool]:
        """For each fetch, whether its memory may also belong to a feed, a parameter or another variable."""
        return [True for _ in fetches]

    def written_feeds(self) -> list[str]:
        """The feeds that the graph may write into."""
        return []

    def move_to(self, device: torch.device) -> bool:
        """Move the program's own tensors; False when they are a layer's, which the user moves."""
        return False

    def device(self) -> torch.device | None:
        """Where the program's tensors lie; None when it has none."""
        raise FetchError(_MADE_BY_HAND)


def unknown_fetch(name: Any, known: list[str]) -> FetchError:
    """The error of a fetch that is no variable."""
    import difflib

    near = difflib.get_close_matches(str(name), known, n=5, cutoff=0.4) or known[:10]
    return FetchError(
        f"FXT303 the program has no variable {name!r} to fetch; near it: {near}. See docs/errors.md#fxt303"
    )
