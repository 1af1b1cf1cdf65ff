"""Executor: runs programs on a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FetchError, PlaceError
from fxtraced.framework.place import CPUPlace, convert_place
from fxtraced.static.feeding import check_tensors, tensors_of
from fxtraced.static.program import Program, unknown_fetch
from fxtraced.static.variable import Variable
from fxtraced.tensor.tensor import as_tensor, plain


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
        Raises FeedError, FeedTypeError, FetchError and GuardError.
        """
        if not isinstance(program, Program):
            raise TypeError(f"Executor.run: program must be a Program or CompiledProgram, but received {type(program)}")
        fetches = fetch_names_of(program, fetch_list)
        device = self._place_for(program)
        tensors = tensors_of(program.feeds, feed or {}, device, program.written_feeds())
        check_tensors(program.feeds, tensors, None)
        results = program.runnable(fetches)(*tensors)
        return numpy_arrays(results, program.may_alias(fetches)) if return_numpy else [as_tensor(x) for x in results]

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


def fetch_names_of(program: Program, fetch_list: list[Any] | None) -> tuple[str, ...]:
    """The names in a fetch list of names and variables. Raises FetchError for what is neither."""
    if fetch_list is None:
        return tuple(program.fetch_names)
    if isinstance(fetch_list, str | Variable):
        fetch_list = [fetch_list]
    names = []
    for fetch in fetch_list:
        if not isinstance(fetch, str | Variable):
            raise FetchError(
                f"FXT303 a fetch must be a name or a Variable, but received {type(fetch)}. See docs/errors.md#fxt303"
            )
        names.append(fetch.name if isinstance(fetch, Variable) else fetch)
    known = {variable.name for variable in program.list_vars()}
    for name in names:
        if name not in known:
            raise unknown_fetch(name, list(known))
    return tuple(names)


def numpy_arrays(tensors: Any, may_alias: list[bool]) -> list[np.ndarray]:
    """Results as NumPy arrays of their own: what may share memory with something else is copied."""
    arrays = []
    for result, shared in zip(tensors, may_alias, strict=True):
        tensor = result if type(result) is torch.Tensor else plain(result)
        if tensor.dtype is torch.bfloat16:
            # NumPy has no bfloat16: Paddle gives the bits as uint16, and so do we.
            tensor = tensor.contiguous().view(torch.uint16)
        elif tensor.dtype.is_complex:
            # Nor has it torch's conjugates to be.
            tensor = tensor.resolve_conj()
        if tensor.device.type != "cpu":
            tensor = tensor.cpu()
        elif shared:
            tensor = tensor.clone()
        arrays.append(tensor.detach().numpy() if tensor.requires_grad else tensor.numpy())
    return arrays
