"""Session: some fetches of a program, ready to be called."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch

from fxtraced.static.feeding import Feeds
from fxtraced.static.fetching import Fetches, tensors
from fxtraced.static.program import Program
from fxtraced.static.strategy import ExecutionStrategy

# torch's number of threads belongs to the process: sessions that change it take turns.
_THREADS_LOCK = threading.Lock()
# Nothing here needs Paddle's methods: torch's own attributes are several times faster without them.
_torchs_methods = torch._C.DisableTorchFunctionSubclass


class Session:
    """Runs some fetches of one program. Usable from many threads.

    fetches: None for the program's own. device: gives the device that the inputs of `run` must be on. leaves: makes a
    list of tensors of what is no list of fitting tensors, or raises.
    It holds what runs the program and not the program, which may keep it: nothing is left for the garbage collector.
    """

    def __init__(
        self,
        program: Program,
        strategy: ExecutionStrategy | None = None,
        fetches: tuple[str, ...] | None = None,
        device: Callable[[], torch.device | None] = lambda: None,
        leaves: Callable[[Any], list[Any]] = list,
    ):
        if fetches is None:
            fetches = tuple(program.fetch_names)
        self._device = device
        self._feeds = Feeds(program.feeds, program.written_feeds())
        self._leaves = leaves
        # The method, not the object: one look-up less in every call.
        run: Any = program.runnable(fetches)
        self._run, self._runnable = run.__call__, run
        self._fetches = Fetches(program.may_alias(fetches))
        self._iterations = max(strategy.num_iteration_per_run, 1) if strategy else 1
        self._threads = strategy.num_threads if strategy else 0
        self._call = self._run
        if self._threads or self._iterations > 1:
            self._call, self._runnable = self._as_the_strategy_says, None

    def run(self, inputs: Any, return_numpy: bool) -> list[Any]:
        """The flattened outputs on tensors in the order of the feeds."""
        # In one step, where that can be.
        quick = getattr(self._runnable, "quick", None)
        results = quick(inputs) if quick is not None else None
        if results is not None:
            return self._fetches.arrays(results) if return_numpy else tensors(results)
        with _torchs_methods():
            device = self._device()
            if not self._feeds.fit(inputs, device):
                inputs = self._leaves(inputs)
                self._feeds.check(inputs, device)
            results = self._call(*inputs)
            return self._fetches.arrays(results) if return_numpy else tensors(results)

    def run_named(self, feed: dict[str, Any], device: torch.device, return_numpy: bool) -> list[Any]:
        """The fetches for a feed dict, whose values are put on device."""
        with _torchs_methods():
            inputs = self._feeds.in_order(feed, device)
            quick = getattr(self._runnable, "quick", None)
            results = quick(inputs) if quick is not None else None
            if results is None:
                if not self._feeds.fit(inputs, None):
                    self._feeds.check(inputs, None)
                results = self._call(*inputs)
            return self._fetches.arrays(results) if return_numpy else tensors(results)

    def _as_the_strategy_says(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self._threads or self._threads == torch.get_num_threads():
            return self._iterate(feeds)
        with _THREADS_LOCK:
            before = torch.get_num_threads()
            torch.set_num_threads(self._threads)
            try:
                return self._iterate(feeds)
            finally:
                torch.set_num_threads(before)

    def _iterate(self, feeds: Any) -> tuple[torch.Tensor, ...]:
        for _ in range(self._iterations - 1):
            self._run(*feeds)
        return self._run(*feeds)
