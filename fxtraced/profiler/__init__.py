"""paddle.profiler, over torch.profiler: which operations take the time, step by step."""

from fxtraced.profiler.profiler import Profiler, RecordEvent, SortedKeys, export_chrome_tracing
from fxtraced.profiler.schedule import ProfilerState, ProfilerTarget, make_scheduler

__all__ = [
    "Profiler",
    "ProfilerState",
    "ProfilerTarget",
    "RecordEvent",
    "SortedKeys",
    "export_chrome_tracing",
    "make_scheduler",
]
