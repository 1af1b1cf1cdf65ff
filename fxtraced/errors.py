"""The exception family, by its public name."""

from fxtraced.framework.errors import (
    ArchiveError,
    DataDependenceError,
    FeedError,
    FeedTypeError,
    FetchError,
    FxtracedError,
    GuardError,
    LoweringError,
    ParameterWriteError,
    PruneError,
    SourceLine,
    StateWriteError,
    TraceError,
    UnsupportedValueError,
    VerificationError,
)

__all__ = [
    "ArchiveError",
    "DataDependenceError",
    "FeedError",
    "FeedTypeError",
    "FetchError",
    "FxtracedError",
    "GuardError",
    "LoweringError",
    "ParameterWriteError",
    "PruneError",
    "SourceLine",
    "StateWriteError",
    "TraceError",
    "UnsupportedValueError",
    "VerificationError",
]
