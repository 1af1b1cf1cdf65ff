"""Batcher: single requests from many threads, run together."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import Any

import torch

from fxtraced.framework.errors import FeedError, FeedTypeError
from fxtraced.framework.memory import out_of_memory
from fxtraced.inference.handover import Handover
from fxtraced.inference.predictor import Predictor
from fxtraced.tensor.tensor import as_tensor, plain


class _Request:
    def __init__(self, tensors: list[torch.Tensor]):
        self.tensors = tensors
        self.rows = tensors[0].shape[0]
        self.form = [(tuple(x.shape[1:]), x.dtype) for x in tensors]
        self.handover = Handover(tensors)
        self.future: Future[list[torch.Tensor]] = Future()


class Batcher:
    """Collects requests for a predictor and runs those of equal form as one batch along the first axis.

    max_batch: rows that run together at most. max_wait: seconds that a request waits for others.
    Every input must have a first axis of the same size in a request, and every output one row for each row of the
    inputs, as after a trace whose first axis is free. On a GPU a request is ordered with the stream on which it was
    submitted: its inputs and outputs belong there. Close it, or use it in a `with` statement.
    Raises ValueError for sizes that make no sense, FeedError where an archive's first axis is not free.
    """

    def __init__(self, predictor: Predictor, max_batch: int = 8, max_wait: float = 0.002):
        if not isinstance(max_batch, int) or max_batch < 1 or not max_wait >= 0:
            raise ValueError(
                "Batcher: max_batch must be a whole number of at least 1 and max_wait not negative, but received "
                f"{max_batch!r}, {max_wait!r}"
            )
        fixed = [x.name for x in predictor.variables() if not x.shape or x.shape[0] != -1]
        if fixed:
            raise FeedError(
                f"FXT301 requests cannot run together: the first axis of {fixed} is not free. Trace the layer with the "
                "batch on the first axis of every input and output, and verify it. See docs/errors.md#fxt301"
            )
        self._predictor = predictor
        self._max_batch, self._max_wait = max_batch, max_wait
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._held: _Request | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._worker = threading.Thread(target=self._serve, name="fxtraced batcher", daemon=True)
        self._worker.start()

    def submit(self, inputs: list[torch.Tensor]) -> Future[list[torch.Tensor]]:
        """Run on these inputs soon; the future gives the outputs, or raises what run() raises.

        Raises FeedError for inputs without a common first axis, FeedTypeError for what is no tensor, RuntimeError after
        close().
        """
        wrong = [str(type(x)) for x in inputs if not isinstance(x, torch.Tensor)]
        if wrong:
            raise FeedTypeError(
                f"FXT302 Batcher.submit takes tensors, but received {', '.join(wrong)}: paddle.to_tensor makes them of "
                "arrays. See docs/errors.md#fxt302"
            )
        tensors = [plain(x) for x in inputs]
        if not tensors or any(x.ndim == 0 or x.shape[0] != tensors[0].shape[0] for x in tensors):
            shapes = [list(x.shape) for x in tensors]
            raise FeedError(
                f"FXT301 the inputs of a request need a first axis of one size, but received {shapes}. See "
                "docs/errors.md#fxt301"
            )
        request = _Request(tensors)
        with self._lock:
            if self._closed:
                raise RuntimeError("Batcher.submit: the batcher is closed")
            self._requests.put(request)
        return request.future

    def run(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        """submit, and wait for the outputs."""
        return self.submit(inputs).result()

    def close(self) -> None:
        """Finish every request that was submitted, then stop. Called by a future's callback, it does not wait."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._requests.put(None)
        if threading.current_thread() is not self._worker:
            self._worker.join()

    def __enter__(self) -> Batcher:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            first = self._held or self._requests.get()
            self._held = None
            if first is None:
                return
            batch, ended = self._collect(first)
            self._answer([x for x in batch if x.future.set_running_or_notify_cancel()])
            if ended:
                return

    def _collect(self, first: _Request) -> tuple[list[_Request], bool]:
        """The requests to run with `first`, and whether none will follow. One of another form is held for later."""
        batch, rows, deadline = [first], first.rows, time.monotonic() + self._max_wait
        while rows < self._max_batch:
            try:
                request = self._requests.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if request is None:
                return batch, True
            if request.form != first.form or rows + request.rows > self._max_batch:
                self._held = request
                break
            batch.append(request)
            rows += request.rows
        return batch, False

    def _answer(self, batch: list[_Request]) -> None:
        if not batch:
            return
        try:
            for request in batch:
                request.handover.take(request.tensors)
            feeds = [torch.cat(x) for x in zip(*(request.tensors for request in batch), strict=True)]
            outputs = [plain(x) for x in self._predictor.run(feeds) or []]
            rows = [request.rows for request in batch]
            wrong = [list(x.shape) for x in outputs if not x.ndim or x.shape[0] != sum(rows)]
            if wrong:
                raise FeedError(
                    f"FXT301 outputs of {wrong} have no row for each of the {sum(rows)} rows of a batch: run such "
                    "requests one by one. See docs/errors.md#fxt301"
                )
            parts = [torch.split(x, rows) for x in outputs]
        except Exception as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            # One bad request must not spoil the others.
            for request in batch:
                self._answer([request])
            return
        for i, request in enumerate(batch):
            try:
                # A copy of its own: a batch's memory lives as long as its last row otherwise.
                copies = request.handover.give_back([x[i] for x in parts])
            except Exception as error:
                request.future.set_exception(out_of_memory(error, "a copy of the outputs") or error)
                continue
            request.future.set_result([as_tensor(x) for x in copies])
