"""The exception family.

Every error says what happened, where in the user's code, why, and what to do next; its code is explained in
docs/errors.md.
"""

from __future__ import annotations

from dataclasses import dataclass


class FxtracedError(Exception):
    """Base of everything that fxtraced raises on its own account."""

    code = "FXT000"


@dataclass(frozen=True)
class SourceLine:
    """A place in the user's code: file, line number and the text of the line."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f": `{self.text}`" if self.text else "")


class TraceError(FxtracedError):
    """The layer cannot be turned into a static graph."""

    code = "FXT100"


class FullTraceback(FxtracedError):
    """The __cause__ of a refusal whose own traceback ends at the user's line: it has every frame."""


class DataDependenceError(TraceError, TypeError):
    """Python looked at the value of a tensor that depends on the inputs' data."""

    code = "FXT101"


class ParameterWriteError(TraceError):
    """forward writes into a parameter."""

    code = "FXT102"


class StateWriteError(TraceError):
    """forward leaves a new value in a tensor attribute that a static graph cannot write back."""

    code = "FXT103"


class UnsupportedValueError(TraceError, TypeError):
    """A value of a type that a static graph cannot hold reached an operation."""

    code = "FXT104"


class LoweringError(FxtracedError):
    """TorchScript does not take the graph."""

    code = "FXT105"


class InferenceModeError(FxtracedError):
    """A layer traced in training mode cannot be traced in inference mode, so it cannot be saved."""

    code = "FXT106"


class StaleGraphError(FxtracedError, RuntimeError):
    """The layer is built otherwise than when it was traced."""

    code = "FXT107"


class ControlFlowError(TraceError, ValueError):
    """A branch or loop on data (paddle.static.nn.cond, while_loop) that a static graph cannot hold."""

    code = "FXT108"


class GuardError(FxtracedError, ValueError):
    """The static graph met a shape for which forward would have taken another way."""

    code = "FXT201"


class VerificationError(FxtracedError, AssertionError):
    """The static graph and the layer gave different results."""

    code = "FXT202"


class FeedError(FxtracedError, ValueError):
    """The inputs of a static graph do not fit its feeds."""

    code = "FXT301"


class FeedTypeError(FeedError, TypeError):
    """An input of a static graph is no tensor, or has another dtype than its feed."""

    code = "FXT302"


class FetchError(FxtracedError, ValueError):
    """A fetch that the program does not have."""

    code = "FXT303"


class PruneError(FxtracedError, ValueError):
    """The chosen fetches need inputs that are not fed."""

    code = "FXT304"


class PlaceError(FxtracedError, ValueError):
    """A place that torch does not see, or that is not where the traced layer's parameters are."""

    code = "FXT305"


class ExecutionError(FxtracedError, RuntimeError):
    """An operation of a static graph failed."""

    code = "FXT306"


class OutOfMemoryError(ExecutionError, MemoryError):
    """A device has not the memory that an operation, an input or a model needs."""

    code = "FXT307"


class ArchiveError(FxtracedError, ValueError):
    """A file or directory is not a readable archive."""

    code = "FXT401"


class UnsafeFileError(FxtracedError, ValueError):
    """A file asks for more than arrays, containers, numbers and strings."""

    code = "FXT402"


class SelfTestError(FxtracedError, AssertionError):
    """A model does not give what it gave when it was saved."""

    code = "FXT403"


class TargetError(FxtracedError, ValueError):
    """An archive is for another kind of device."""

    code = "FXT405"


class PrecisionError(FxtracedError, AssertionError):
    """A graph in reduced precision does not give what it gives in float32."""

    code = "FXT404"
