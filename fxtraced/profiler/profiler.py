"""The profiler, named ranges, and where its traces go."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

import torch

from fxtraced.profiler.schedule import ProfilerState, ProfilerTarget, scheduler_of

_ACTIVITIES = {
    ProfilerTarget.CPU: torch.profiler.ProfilerActivity.CPU,
    ProfilerTarget.GPU: torch.profiler.ProfilerActivity.CUDA,
}
_RECORDING = (ProfilerState.RECORD, ProfilerState.RECORD_AND_RETURN)


class SortedKeys(Enum):
    """How a summary is sorted."""

    CPUTotal = "cpu_time_total"
    CPUAvg = "cpu_time"
    GPUTotal = "cuda_time_total"
    GPUAvg = "cuda_time"


class Profiler:
    """Records what the operations between start() and stop(), or in a `with` block, cost.

    targets: ProfilerTarget.CPU and .GPU; by default the CPU, and the GPU where there is one.
    scheduler: the state at each step, see make_scheduler; a pair (start, end) of steps; None records all.
    on_trace_ready: called with the profiler after each recording; by default nothing is written.
    timer_only: measures the steps alone, for step_info().
    Raises ValueError for another target.
    """

    def __init__(
        self,
        *,
        targets: Iterable[ProfilerTarget] | None = None,
        scheduler: Any = None,
        on_trace_ready: Callable[[Profiler], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        timer_only: bool = False,
        emit_nvtx: bool = False,
        custom_device_types: Any = (),
        with_flops: bool = False,
    ) -> None:
        if targets is None:
            targets = [ProfilerTarget.CPU, *([ProfilerTarget.GPU] if torch.cuda.is_available() else [])]
        targets = list(targets)
        if unknown := [target for target in targets if target not in _ACTIVITIES]:
            raise ValueError(f"Profiler: {unknown[0]} cannot be measured here; targets may have CPU and GPU")
        self._activities = [_ACTIVITIES[target] for target in targets]
        self._record_shapes, self._profile_memory, self._with_flops = record_shapes, profile_memory, with_flops
        self._scheduler, self._on_trace_ready = scheduler_of(scheduler), on_trace_ready
        self._timer_only, self._nvtx = timer_only, torch.autograd.profiler.emit_nvtx(emit_nvtx)
        self._running: Any = None
        self._recorded: Any = None
        self.step_num = 0
        self.current_state = ProfilerState.CLOSED

    def start(self) -> None:
        """Begin with step 0."""
        self._nvtx.__enter__()
        self._steps, self._samples, self._since = 0, 0, time.perf_counter()
        self._last = self._since
        self._go_to(self._scheduler(self.step_num))

    def step(self, num_samples: int | None = None) -> None:
        """End a step, of num_samples samples."""
        self._last = time.perf_counter()
        self._steps += 1
        self._samples += num_samples or 0
        self.step_num += 1
        if self.current_state is ProfilerState.RECORD_AND_RETURN:
            self._finish()
        self._go_to(self._scheduler(self.step_num))

    def stop(self) -> None:
        """End the last step; what is being recorded is complete."""
        self._finish()
        self.current_state = ProfilerState.CLOSED
        self._nvtx.__exit__(None, None, None)

    def __enter__(self) -> Profiler:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def step_info(self, unit: str | None = None) -> str:
        """The mean seconds of the steps since start() or the last call, and the samples (or steps) in a second."""
        seconds = self._last - self._since
        count = self._samples or self._steps
        text = f"batch_cost: {seconds / max(self._steps, 1):.5f} s ips: {count / seconds if seconds else 0.0:.3f}"
        self._steps, self._samples, self._since = 0, 0, self._last
        return f"{text} {unit or ('samples' if count == self._samples else 'steps')}/s"

    def export(self, path: str = "", format: str = "json") -> None:
        """Write the last recording as a Chrome trace. Raises ValueError for another format, or before a recording."""
        if format != "json":
            raise ValueError(f"export: format must be 'json', the Chrome trace, but is {format!r}")
        self._last_recording("export").export_chrome_trace(path)

    def summary(
        self, sorted_by: SortedKeys = SortedKeys.CPUTotal, op_detail: bool = True, thread_sep: bool = False,
        time_unit: str = "ms", views: Any = None,
    ) -> None:  # fmt: skip
        """Print torch's table of the operations of the last recording. Raises ValueError before one."""
        print(self._last_recording("summary").key_averages().table(sort_by=sorted_by.value))

    def _last_recording(self, what: str) -> Any:
        if self._recorded is None:
            raise ValueError(f"{what}: nothing has been recorded. Call it after stop(), and not with timer_only.")
        return self._recorded

    def _go_to(self, state: ProfilerState) -> None:
        if state not in _RECORDING:
            self._finish()
        elif self._running is None and not self._timer_only:
            self._running = torch.profiler.profile(
                activities=self._activities,
                record_shapes=self._record_shapes,
                profile_memory=self._profile_memory,
                with_flops=self._with_flops,
            )
            self._running.start()
        self.current_state = state

    def _finish(self) -> None:
        if self._running is None:
            return
        self._running.stop()
        self._recorded, self._running = self._running, None
        if self._on_trace_ready is not None:
            self._on_trace_ready(self)


class RecordEvent:
    """A named range in a recording: with RecordEvent("load"): ..., or begin() and end()."""

    def __init__(self, name: str, event_type: Any = None) -> None:
        self.name = name
        self._range: Any = None

    def begin(self) -> None:
        self._range = torch.profiler.record_function(self.name)
        self._range.__enter__()

    def end(self) -> None:
        """Raises ValueError before begin()."""
        if self._range is None:
            raise ValueError(f"RecordEvent.end: {self.name!r} has not begun")
        ended, self._range = self._range, None
        ended.__exit__(None, None, None)

    def __enter__(self) -> RecordEvent:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def export_chrome_tracing(dir_name: str, worker_name: str | None = None) -> Callable[[Profiler], None]:
    """For on_trace_ready: writes each recording to a file in dir_name, which is made if it is not there."""
    os.makedirs(dir_name, exist_ok=True)
    worker = worker_name or f"host_{socket.gethostname()}pid_{os.getpid()}"

    def write(profiler: Profiler) -> None:
        moment = time.strftime("%Y_%m_%d_%H_%M_%S")
        profiler.export(os.path.join(dir_name, f"{worker}_time_{moment}_step_{profiler.step_num}.paddle_trace.json"))

    return write
