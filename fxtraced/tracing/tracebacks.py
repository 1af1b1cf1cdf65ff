"""Tracebacks of what a trace refuses: they end at the user's line."""

from __future__ import annotations

import os
import types

from fxtraced.framework.errors import FullTraceback, SourceLine, TraceError
from fxtraced.tracing.source import is_user_file, source_line

# Set to anything, tracebacks keep the frames of fxtraced and torch.
_FULL = "FXTRACED_FULL_TRACEBACK"


def at_user_line(error: TraceError) -> TraceError:
    """The error with the user's frames only, so that its traceback ends at the user's line.

    Its __cause__ is a FullTraceback with every frame, and that one's the cause that the error had.
    """
    if os.environ.get(_FULL):
        return error
    frames = _user_frames(error) or _user_frames(error.__cause__)
    full = FullTraceback("the refusal below, with the frames of fxtraced and torch").with_traceback(error.__traceback__)
    full.__cause__ = error.__cause__
    error.__cause__ = full
    trimmed: types.TracebackType | None = None
    for part in reversed(frames):
        trimmed = types.TracebackType(trimmed, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return error.with_traceback(trimmed)


def raised_at(error: BaseException) -> SourceLine | None:
    """The last of the user's lines that an error came through."""
    frames = _user_frames(error)
    return source_line(frames[-1].tb_frame.f_code.co_filename, frames[-1].tb_lineno) if frames else None


def _user_frames(error: BaseException | None) -> list[types.TracebackType]:
    found = []
    part = error.__traceback__ if error is not None else None
    while part is not None:
        if is_user_file(part.tb_frame.f_code.co_filename):
            found.append(part)
        part = part.tb_next
    return found
