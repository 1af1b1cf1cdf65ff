"""CudaGraphs: a model's calls as CUDA graphs, one for each shape of the inputs.

A CUDA graph launches all kernels of a call at once, where an ordinary call pays for each launch on the CPU. It reads
and writes fixed memory, so inputs are copied in and outputs copied out; that too is queued, and nothing waits.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import torch

from fxtraced.tensor.tensor import plain
from fxtraced.tracing.compare import difference

Run = Callable[..., tuple[torch.Tensor, ...]]
Shapes = tuple[torch.Size, ...]

# TorchScript compiles in the second call, and cuBLAS and cuDNN choose their kernels in the first.
_WARM_UP_CALLS = 3
# torch allows one capture at a time in a process.
_CAPTURING = threading.Lock()
# torch's allocator may go on asking a capture that failed which memory is its own: it must stay alive.
_FAILED: list[Any] = []


class CudaGraphs:
    """Runs a model; each shape of the inputs is captured as a CUDA graph when it is first seen, and replayed later.

    run: gives the model's outputs on its inputs and does nothing else. capture: gives run as a graph for inputs like
    these; captured_on gives the one of a GPU. max_shapes: how many shapes are captured; further ones run as without.
    tolerance: how far a replay may be from an ordinary call, relative to an output's largest magnitude.
    Where a capture fails or its replay gives something else, a warning says why, and every shape that has no graph runs
    as without. Usable from many threads.
    """

    def __init__(self, run: Run, capture: Callable[[Run, list[torch.Tensor]], Run], max_shapes: int, tolerance: float):
        self._run, self._capture = run, capture
        self._max_shapes, self._tolerance = max_shapes, tolerance
        self._graphs: dict[Shapes, Run] = {}
        self._stopped: str | None = None

    def __call__(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What run gives on these tensors, as tensors of their own."""
        given = [plain(x) for x in tensors]
        graph = self._graphs.get(tuple(x.shape for x in given))
        if graph is None:
            graph = self._captured(given) or self._run
        return graph(*given)

    @property
    def shapes(self) -> list[list[list[int]]]:
        """The captured shapes, each a list of the inputs' shapes."""
        return [[list(shape) for shape in shapes] for shapes in list(self._graphs)]

    @property
    def stopped(self) -> str | None:
        """Why nothing more is captured; None as long as something may be."""
        return self._stopped

    def _captured(self, tensors: list[torch.Tensor]) -> Run | None:
        """The graph for these tensors' shapes, made now; None where there is to be none."""
        shapes = tuple(x.shape for x in tensors)
        # Empty inputs launch next to nothing, and some kernels not at all.
        if self._stopped or len(self._graphs) >= self._max_shapes or any(x.numel() == 0 for x in tensors):
            return None
        with _CAPTURING:
            if shapes in self._graphs or self._stopped or len(self._graphs) >= self._max_shapes:
                return self._graphs.get(shapes)
            # The model itself may not take these inputs: that is the caller's error, not the capture's.
            expected = self._run(*tensors)
            try:
                graph = self._capture(self._run, tensors)
                apart = [
                    difference(plain, replayed, self._tolerance, 0.0)
                    for plain, replayed in zip(expected, graph(*tensors), strict=True)
                ]
                wrong = "; ".join(str(x) for x in apart if x.too_large)
                problem = f"a replay differs from an ordinary call: {wrong}" if wrong else None
            except Exception as error:
                problem = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            if problem is None:
                self._graphs[shapes] = graph
                return graph
            self._stopped = problem
            warnings.warn(
                f"enable_cuda_graph: inputs of {[list(x) for x in shapes]} and of every further shape run without a "
                f"CUDA graph: {problem}",
                stacklevel=2,
            )
            return None


class Capturer:
    """Captures runs on one GPU, and replays them one after the other.

    All graphs of a device share a memory pool, so one that runs must have ended, with its outputs copied, before the
    next one begins: the stream of a replay waits for the one before. No thread waits.
    """

    def __init__(self, device: torch.device):
        self._device = device
        # Of high priority: torch hands its ordinary streams round, and cuBLAS has one workspace a stream, which a graph
        # would share with whoever multiplies matrices on the same one.
        self._stream = torch.cuda.Stream(device, priority=-1)
        self._pool: Any = torch.cuda.graph_pool_handle()
        self._lock = threading.Lock()
        self._last: torch.cuda.Event | None = None

    def __call__(self, run: Run, tensors: list[torch.Tensor]) -> Run:
        """run as a graph for inputs like these. Raises what run raises, and torch's RuntimeError where it cannot be."""
        with self._lock, torch.cuda.device(self._device):
            caller = torch.cuda.current_stream(self._device)
            feeds = [torch.empty(x.shape, dtype=x.dtype, device=self._device).copy_(x) for x in tensors]
            self._stream.wait_stream(caller)
            if self._last is not None:
                self._stream.wait_event(self._last)
            graph = torch.cuda.CUDAGraph()
            # A capture that fails leaves its stream the current one: this `with` ends that.
            with torch.cuda.stream(self._stream):
                for _ in range(_WARM_UP_CALLS):
                    run(*feeds)
                try:
                    # thread_local: requests that other threads run meanwhile may allocate and wait as they like.
                    with torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"):
                        results = run(*feeds)
                except Exception:
                    _FAILED.append(graph)
                    raise
            caller.wait_stream(self._stream)

        def replay(*given: torch.Tensor) -> tuple[torch.Tensor, ...]:
            with self._lock, torch.cuda.device(self._device):
                return self._replayed(graph, feeds, results, given)

        return replay

    def _replayed(self, graph: Any, feeds: Any, results: Any, given: Any) -> tuple[torch.Tensor, ...]:
        stream = torch.cuda.current_stream(self._device)
        if self._last is not None:
            stream.wait_event(self._last)
        try:
            for feed, value in zip(feeds, given, strict=True):
                feed.copy_(value, non_blocking=True)
                # The model may be dropped before the GPU has come this far.
                feed.record_stream(stream)
            graph.replay()
            return tuple(x.clone() for x in results)
        finally:
            self._last = stream.record_event()


_capturers: dict[torch.device, Capturer] = {}


def captured_on(device: torch.device) -> Capturer:
    """The capturer of a GPU, one for all models on it. Raises RuntimeError where there is no GPU."""
    if not torch.cuda.is_available():
        raise RuntimeError("torch sees no GPU")
    with _CAPTURING:
        if device not in _capturers:
            _capturers[device] = Capturer(device)
        return _capturers[device]
