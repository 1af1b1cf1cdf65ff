"""Executor: runs programs on a place."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.errors import FetchError, PlaceError
from fxtraced.framework.place import CPUPlace, convert_place
from fxtraced.static.execution import Session
from fxtraced.static.program import Program, unknown_fetch
from fxtraced.static.variable import Variable


class Executor:
    """Runs programs (paddle.static.Executor).

    place: where feeds are put: a CPUPlace, a CUDAPlace or a device name; by default where the program's tensors are.
    Raises TypeError or ValueError for another place.
    """

    def __init__(self, place: Any = None):
        self.place = place
        self._device = None if place is None else convert_place(place)

    def run(
        self,
        program: Program | None = None,
        feed: dict[str, Any] | None = None,
        fetch_list: list[Any] | None = None,
        feed_var_name: str = "feed",
        fetch_var_name: str = "fetch",
        scope: Any = None,
        return_numpy: bool = True,
        use_program_cache: bool = False,
        use_prune: bool = False,
    ) -> list[Any]:
        """Run a program and return the fetches: NumPy arrays, or tensors with return_numpy=False.

        feed: arrays by feed name or alias (feed_0, ...). fetch_list: names or variables; None gives the program's own
        fetches. feed_var_name, fetch_var_name, scope, use_program_cache and use_prune are Paddle's and change
        nothing here.
        Raises FeedError, FeedTypeError, FetchError, GuardError, ExecutionError, OutOfMemoryError, and PlaceError where
        the program cannot go to the place.
        """
        if not isinstance(program, Program):
            raise TypeError(f"Executor.run: program must be a Program or CompiledProgram, but received {type(program)}")
        session = _session_of(program, fetch_list)
        # torch's own attributes are several times faster than through Paddle's methods.
        with torch._C.DisableTorchFunctionSubclass():
            place = self._place_for(program)
        return session.run_named(feed or {}, place, return_numpy)

    @property
    def device(self) -> torch.device:
        """The torch device of the place; the CPU when none was given."""
        return self._device or CPUPlace.device

    def close(self) -> None:
        """Nothing to release; kept for Paddle's programs."""

    def _place_for(self, program: Program) -> torch.device:
        holds = program.device()
        if self._device is None:
            return holds or CPUPlace.device
        if holds is not None and holds != self._device:
            return self._move(program, holds)
        return self._device

    def _move(self, program: Program, holds: torch.device) -> torch.device:
        assert self._device is not None
        if not program.move_to(self._device):
            raise PlaceError(
                f"FXT305 the executor's place is {self._device} and the traced layer's parameters are on {holds}. "
                f"Move the "
                "layer (layer.to(...)) or make the executor for its place. See docs/errors.md#fxt305"
            )
        return self._device


def fetch_names_of(fetch_list: Any) -> tuple[str, ...]:
    """The names in a fetch list of names and variables. Raises FetchError for what is neither."""
    fetches = [fetch_list] if isinstance(fetch_list, str | Variable) else fetch_list
    for fetch in fetches:
        if not isinstance(fetch, str | Variable):
            raise FetchError(
                f"FXT303 a fetch must be a name or a Variable, but received {type(fetch)}. See docs/errors.md#fxt303"
            )
    return tuple(fetch.name if isinstance(fetch, Variable) else fetch for fetch in fetches)


def _session_of(program: Program, fetch_list: Any) -> Session:
    """The session of these fetches, made once and kept with the program. Raises FetchError for unknown names."""
    names = None if fetch_list is None else fetch_names_of(fetch_list)
    session = program.sessions.get(names)
    if session is None:
        known = {variable.name for variable in program.list_vars()}
        for name in names or ():
            if name not in known:
                raise unknown_fetch(name, list(known))
        session = program.sessions[names] = Session(program, fetches=names)
    return session
