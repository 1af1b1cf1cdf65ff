"""Session: a program with an ExecutionStrategy, ready to be called."""

from __future__ import annotations

import threading
from typing import Any

import torch

from fxtraced.static.executor import numpy_arrays
from fxtraced.static.feeding import check_tensors, wrong_count
from fxtraced.static.program import Program
from fxtraced.static.strategy import ExecutionStrategy
from fxtraced.tensor.tensor import as_tensor

# torch's number of threads belongs to the process: sessions that change it take turns.
_THREADS_LOCK = threading.Lock()


class Session:
    """Runs the fetches of one program on lists of tensors. Usable from many threads."""

    def __init__(self, program: Program, strategy: ExecutionStrategy):
        fetches = tuple(program.fetch_names)
        self._program = program
        self._feeds = program.feeds
        self._forms = [(feed.dtype, len(feed.shape)) for feed in program.feeds]
        self._run = program.runnable(fetches)
        self._may_alias = program.may_alias(fetches)
        self._iterations = max(strategy.num_iteration_per_run, 1)
        self._threads = strategy.num_threads

    def run(self, tensors: Any, return_numpy: bool) -> list[Any]:
        """The flattened outputs on tensors in the order of the feeds."""
        # Nothing here needs Paddle's methods: torch's own attributes are several times faster without them.
        with torch._C.DisableTorchFunctionSubclass():
            self._check(tensors)
            if self._threads and self._threads != torch.get_num_threads():
                results = self._run_on_threads(tensors)
            else:
                results = self._iterate(tensors)
            if return_numpy:
                return numpy_arrays(results, self._may_alias)
        return [as_tensor(x) for x in results]

    def _iterate(self, tensors: Any) -> tuple[torch.Tensor, ...]:
        for _ in range(self._iterations - 1):
            self._run(*tensors)
        return self._run(*tensors)

    def _run_on_threads(self, tensors: Any) -> tuple[torch.Tensor, ...]:
        with _THREADS_LOCK:
            before = torch.get_num_threads()
            torch.set_num_threads(self._threads)
            try:
                return self._iterate(tensors)
            finally:
                torch.set_num_threads(before)

    def _check(self, tensors: Any) -> None:
        if len(tensors) != len(self._forms):
            raise wrong_count(self._feeds, len(tensors))
        device = self._program.device()
        for tensor, (dtype, rank) in zip(tensors, self._forms, strict=True):
            fits = isinstance(tensor, torch.Tensor) and tensor.dtype is dtype and tensor.ndim == rank
            if not fits or (device is not None and tensor.device != device):
                check_tensors(self._feeds, list(tensors), device)
