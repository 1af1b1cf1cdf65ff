"""The mode that sends what forward computes to a tracer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from torch.overrides import TorchFunctionMode

from fxtraced.framework.errors import TraceError, UnsupportedValueError
from fxtraced.tracing import torch_calls
from fxtraced.tracing.tracebacks import raised_at

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer

_recording = threading.local()


def current_tracer() -> ConcolicTracer | None:
    """The tracer that records what this thread computes; None outside of a trace."""
    tracers = getattr(_recording, "tracers", ())
    return tracers[-1] if tracers else None


class RecordingMode(TorchFunctionMode):
    """Sends every torch call of forward to the tracer, those on plain tensors and the factories included."""

    def __init__(self, tracer: ConcolicTracer):
        super().__init__()
        self.tracer = tracer

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return self.tracer.call(func, args, kwargs or {})
        except TraceError as refusal:
            self.tracer.refusals.note(refusal)
            raise

    def __enter__(self) -> Any:
        _recording.tracers = (*getattr(_recording, "tracers", ()), self.tracer)
        return super().__enter__()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        super().__exit__(kind, error, traceback)
        _recording.tracers = _recording.tracers[:-1]
        if kind is TypeError and torch_calls.SIZES_ONE_BY_ONE.match(str(error)):
            raise UnsupportedValueError(
                f"FXT104 torch cannot take traced sizes one by one at {raised_at(error)}: "
                f"{str(error).splitlines()[0]}\n"
                "  Give them as a list: torch.zeros([n, 2]) for torch.zeros(n, 2). See docs/errors.md#fxt104"
            ) from error
