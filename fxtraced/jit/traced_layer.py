"""TracedLayer: a layer as a static graph."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FetchError, InferenceModeError, TraceError
from fxtraced.jit.conversion import Verification, begin
from fxtraced.jit.explanation import Explanation, explanation
from fxtraced.static.compiled_program import CompiledProgram
from fxtraced.static.execution import Session
from fxtraced.static.io import save_program
from fxtraced.static.precision import Precision
from fxtraced.static.strategy import BuildStrategy, ExecutionStrategy
from fxtraced.static.traced_program import TracedProgram
from fxtraced.tracing import structure
from fxtraced.tracing.guards import Guard
from fxtraced.tracing.report import VerificationReport
from fxtraced.tracing.tracebacks import at_user_line

_SAVE = "paddle.jit.TracedLayer.save_inference_model"
_SET_STRATEGY = "paddle.jit.TracedLayer.set_strategy"


class TracedLayer:
    """A static graph that shares its layer's parameters (paddle.jit.TracedLayer). Made by TracedLayer.trace only."""

    def __init__(self, program: TracedProgram, inference: TracedProgram | Exception):
        self._program = program
        self._inference = inference
        self._build_strategy: BuildStrategy | None = None
        self._exec_strategy: ExecutionStrategy | None = None
        self._session: Session | None = None

    @staticmethod
    def trace(
        layer: Any, inputs: Any, *, verify: bool | str = True, rtol: float = 1e-5, atol: float = 1e-6
    ) -> tuple[Any, TracedLayer]:
        """Run layer(*inputs), turn it into a static graph, and check the graph against the layer.

        layer: a Layer, or a torch.nn.Module (which then sees torch's own methods).
        inputs: a tensor, a list or tuple of them, or a dict with forward's arguments by name; lists, tuples and dicts
        may be nested. None, numbers and texts may stand beside tensors: they are part of the graph.
        verify: compare the graph with the layer on these inputs, on fresh values and on other sizes, and make it ready
        to be called; "thorough" probes every dimension by itself; False leaves building to the first call.
        rtol, atol: the difference allowed is atol + rtol * (largest magnitude of the output).
        Returns (outputs, traced): exactly what layer(*inputs) gave, and the static graph.

        Only that one call has a lasting effect: buffers, random state and Python attributes are as it leaves them.
        Raises AssertionError for a layer of another type, TypeError for inputs or outputs that are no tensors,
        TraceError where the layer depends on data, VerificationError where graph and layer differ.
        """
        outputs, conversion = begin(layer, inputs, Verification(bool(verify), verify == "thorough", rtol, atol))
        try:
            program = conversion.program()
            inference = conversion.inference_program(program)
        except TraceError as error:
            raise at_user_line(error)  # noqa: B904 - its cause is set
        finally:
            conversion.after.restore()
        if verify:
            program.prepare()
        return outputs, TracedLayer(program, inference)

    @staticmethod
    def explain(layer: Any, inputs: Any, *, rtol: float = 1e-5, atol: float = 1e-6) -> Explanation:
        """Everything that a trace of layer(*inputs) finds, at once: print it.

        All that is refused, with file, line and remedy, where trace raises the first; the guards; and what the
        verification showed, with a probe of its own for each dimension of the inputs. A layer in training mode is
        looked at in inference mode, too. The layer, its buffers and the random state stay as they are.
        Raises what trace raises for wrong arguments, and what forward itself raises on these inputs.
        """
        _, conversion = begin(layer, inputs, Verification(True, True, rtol, atol))
        try:
            return explanation(conversion)
        finally:
            conversion.before.restore()

    @property
    def program(self) -> TracedProgram:
        """The static graph as a program."""
        return self._program

    @property
    def guards(self) -> list[Guard]:
        """What forward asked about sizes, and where."""
        return self._program.guards

    @property
    def report(self) -> VerificationReport | None:
        """What the verification showed; None when it was off."""
        return self._program.report

    def set_strategy(
        self, build_strategy: BuildStrategy | None = None, exec_strategy: ExecutionStrategy | None = None
    ) -> None:
        """Set how the graph is built and run; before the first call only.

        Raises AssertionError for strategies of another type and after the first call.
        """
        assert self._session is None, "Cannot set strategy after run"
        assert isinstance(build_strategy, type(None) | BuildStrategy), (
            f"The type of 'build_strategy' in {_SET_STRATEGY} must be base.BuildStrategy, but received "
            f"{type(build_strategy)}."
        )
        assert isinstance(exec_strategy, type(None) | ExecutionStrategy), (
            f"The type of 'exec_strategy' in {_SET_STRATEGY} must be base.ExecutionStrategy, but received "
            f"{type(exec_strategy)}."
        )
        self._build_strategy = build_strategy
        self._exec_strategy = exec_strategy

    def __reduce__(self) -> Any:
        raise TypeError(
            "a TracedLayer can be neither pickled nor copied: it belongs to its layer. Trace the copied layer, or "
            "write the graph to a file with save_inference_model"
        )

    def __call__(self, inputs: Any, *, return_numpy: bool = True) -> list[np.ndarray] | list[torch.Tensor]:
        """Run the static graph: the flattened outputs as NumPy arrays.

        inputs: as in trace. return_numpy=False gives tensors on their device, without a copy or a synchronisation.
        Raises FeedError or FeedTypeError naming the feed that does not fit, GuardError for sizes that forward would
        treat in another way.
        """
        session = self._session or self._open()
        return session.run(inputs, return_numpy)

    def _open(self) -> Session:
        program = CompiledProgram(self._program, self._build_strategy)
        leaves = partial(_tensors_of, like=self._program.trace.inputs)
        self._session = Session(program, self._exec_strategy, device=self._program.device, leaves=leaves)
        return self._session

    def save_inference_model(
        self,
        dirname: str,
        feed: list[int] | None = None,
        fetch: list[int] | None = None,
        *,
        sample: bool = True,
        dtype: str | None = None,
        tolerance: float | None = None,
        target: str = "portable",
    ) -> None:
        """Write dirname/model.pt, a TorchScript file that plain libtorch loads.

        feed, fetch: indices that select and order the inputs and outputs; None takes all. The graph is pruned to
        them and is in inference mode, also when the layer was traced in training mode.
        sample: keep a small sample of the trace's inputs in the file, with which the model can test itself.
        dtype: "float16" or "bfloat16" stores the weights of matrix products, convolutions and embeddings in it, half
        as large, and calculates these in it; all else, the inputs and the outputs stay as they are. tolerance: how far
        the outputs may be from float32's on the trace's inputs, relative to their largest magnitude; None is 2e-2 for
        float16 and 1e-1 for bfloat16.
        target: "portable" for every device, or "cpu": the graph is lowered as it is in Python, with batch norms folded
        and weights that lay themselves out for oneDNN while plain libtorch loads the file. It is faster there, its
        first call too, and loads on a CPU only. "cuda": batch norms are folded, linear calls of one input merged,
        attention, GELU and layer norm are torch's one call each, and convolutions have weights in channels last, for
        GPUs; it gives the same on a CPU.
        Missing directories are made; an existing model is replaced in one step.
        Raises TypeError for arguments of another type, ValueError for an empty dirname, an index out of range, a
        missing input, an unknown target, "cpu" with float16, PrecisionError when dtype changes an output by more than
        tolerance.
        """
        _check_type(dirname, "dirname", str)
        _check_type(feed, "feed", (type(None), list))
        _check_type(fetch, "fetch", (type(None), list))
        for name, indices in (("feed", feed), ("fetch", fetch)):
            for index in indices or []:
                _check_type(index, f"each element of {name}", int)
        if isinstance(self._inference, Exception):
            raise InferenceModeError(
                f"FXT106 the layer was traced in training mode and its inference mode cannot be traced: "
                f"{self._inference}\n"
                "  See docs/errors.md#fxt106"
            ) from self._inference
        program = self._inference
        feeds = _select(program.feed_names, feed, "feed")
        fetches = _select(program.fetch_names, fetch, "fetch")
        save_program(dirname, program, feeds, fetches, sample, Precision.of(dtype, tolerance), target)


def _tensors_of(inputs: Any, like: Any) -> list[Any]:
    """The tensors in inputs that may be nested like those of the trace, in the order of the feeds."""
    given = inputs if isinstance(inputs, list | tuple | dict) else [inputs]
    if not isinstance(given, dict) and all(isinstance(x, torch.Tensor) for x in given):
        return list(given)
    return structure.leaves_as(given if isinstance(given, dict) else list(given), like)


def _check_type(value: Any, name: str, expected: Any) -> None:
    wrong_bool = isinstance(value, bool) and expected is int
    if not isinstance(value, expected) or wrong_bool:
        raise TypeError(f"The type of '{name}' in {_SAVE} must be {expected}, but received {type(value)}. ")


def _select(names: list[str], indices: list[int] | None, what: str) -> list[str]:
    if indices is None:
        return names
    wrong = [i for i in indices if not 0 <= i < len(names)]
    if wrong or len(set(indices)) < len(indices) or (what == "fetch" and not indices):
        raise FetchError(
            f"FXT303 save_inference_model: {what}={indices} must be different indices of {names} (0 to "
            f"{len(names) - 1})" + (", at least one" if what == "fetch" else "") + ". See docs/errors.md#fxt303"
        )
    return [names[i] for i in indices]
