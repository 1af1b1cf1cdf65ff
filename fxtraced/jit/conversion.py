"""From one eager call of a layer to its verified programs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from fxtraced.framework.errors import VerificationError
from fxtraced.static.traced_program import TracedProgram
from fxtraced.tensor.tensor import plain_copy
from fxtraced.tracing import structure
from fxtraced.tracing.comparer import Comparer, Run
from fxtraced.tracing.report import VerificationReport
from fxtraced.tracing.state import Snapshot
from fxtraced.tracing.trace import Trace, trace
from fxtraced.tracing.verify import verify

_TRACE = "paddle.jit.TracedLayer.trace"
_LISTS = (list, tuple)
# A size that stays traced may come to int() or len() in further modules.
_FURTHER_TRACES = 3


@dataclass(frozen=True)
class Verification:
    """Whether and how a graph is compared with its layer."""

    wanted: bool
    thorough: bool
    rtol: float
    atol: float


@dataclass(frozen=True)
class Conversion:
    """A layer after its eager call.

    inputs: copies of the given ones, in a list or by parameter. before, after: what the layer held before and after
    the call. later: what it holds after some call that `before` knows nothing of, for the probes. given: what the call
    gave; None when it cannot be compared with, as the call built the layer first.
    """

    layer: torch.nn.Module
    inputs: Any
    before: Snapshot
    after: Snapshot
    later: Snapshot
    given: Run | None
    verification: Verification

    @property
    def is_training(self) -> bool:
        """True when a sublayer is in training mode."""
        return any(module.training for module in self.layer.modules())

    def program(self) -> TracedProgram:
        """The program of the layer in its present mode."""
        recorded = self._recorded()
        try:
            return self._program_of(recorded)
        except VerificationError:
            if not recorded.replaced:
                raise
        # forward looks at the type of what int() gave: it gets what it is used to, and a guard says so.
        self.before.restore()
        recorded = trace(self.layer, self.inputs)
        self.before.restore()
        return self._program_of(recorded)

    def _program_of(self, recorded: Trace) -> TracedProgram:
        program = TracedProgram(recorded)
        program.verifier = partial(_verify_now, self.layer, recorded, _modes(self.layer))
        if self.verification.wanted:
            run = program.plain_runnable(tuple(program.fetch_names))
            limits = (self.verification.rtol, self.verification.atol)
            comparer = Comparer(self.layer, recorded, run, self.before, self.later, *limits)
            program.set_report(verify(comparer, self.given, self.verification.thorough))
        return program

    def _recorded(self) -> Trace:
        """The trace; where forward makes numbers of sizes by int() and len(), one that keeps them traced, if it can.

        Only verification sees a forward that takes another way with them, as one that asks for their type.
        """
        self.before.restore()
        recorded = trace(self.layer, self.inputs)
        for _ in range(_FURTHER_TRACES):
            if not recorded.number_calls or not self.verification.wanted:
                break
            self.before.restore()
            try:
                recorded = trace(self.layer, self.inputs, replaced=recorded.replaced | recorded.number_calls)
            except Exception:
                # Something wants the number itself: it has it in the trace before, with a guard.
                break
        self.before.restore()
        return recorded

    def inference_program(self, program: TracedProgram) -> TracedProgram | Exception:
        """The program of the layer in inference mode; the error if that mode cannot be traced.

        program: that of the present mode, which is the one if no sublayer is in training mode.
        """
        if not self.is_training:
            return program
        try:
            return self.in_inference_mode().program()
        except Exception as error:
            return error
        finally:
            self.before.restore()

    def in_inference_mode(self) -> Conversion:
        """The conversion of the layer in inference mode, which it is in until before.restore()."""
        self.before.restore()
        self.layer.eval()
        in_eval = Snapshot(self.layer)
        later = _after_another_call(self.layer, self.inputs, in_eval)
        return replace(self, before=in_eval, after=in_eval, later=later, given=None)


def begin(layer: Any, inputs: Any, verification: Verification) -> tuple[Any, Conversion]:
    """Call layer(*inputs) once; what it gave, and the conversion that goes on from there.

    Raises AssertionError and TypeError as TracedLayer.trace does, and whatever forward raises.
    """
    assert isinstance(layer, torch.nn.Module), (
        f"The type of 'layer' in {_TRACE} must be paddle.nn.Layer, but received {type(layer)}."
    )
    arguments = dict(inputs) if isinstance(inputs, dict) else list(inputs) if isinstance(inputs, _LISTS) else [inputs]
    # Numbers without a tensor are a mistake; beside one they are settings of the layer.
    settings = structure.FIXED if _has_tensor(arguments) else ()
    _check_tensors(arguments, "inputs", settings)
    before = Snapshot(layer)
    copies = _copies(arguments)
    started = time.perf_counter()
    outputs = structure.call(layer, arguments)
    _check_tensors(outputs, "outputs")
    first: Run | None = Run.of(layer, outputs, time.perf_counter() - started)
    after = later = Snapshot(layer, before)
    if not after.is_built_as(before):
        # The first call made sublayers or tensors, or gave them their shape: the graph is of the layer with them.
        before, first, later = after, None, _after_another_call(layer, copies, after)
    return outputs, Conversion(layer, copies, before, after, later, first, verification)


def _modes(layer: torch.nn.Module) -> list[tuple[torch.nn.Module, bool]]:
    return [(module, module.training) for module in layer.modules()]


def _verify_now(
    layer: torch.nn.Module, recorded: Trace, modes: list[tuple[torch.nn.Module, bool]], run: Any,
    thorough: bool, rtol: float, atol: float,
) -> VerificationReport:  # fmt: skip
    """Compare run with the layer as it is now, in the mode of the trace; the layer is as before then."""
    now = Snapshot(layer)
    try:
        for module, training in modes:
            module.training = training
        start = Snapshot(layer)
        later = _after_another_call(layer, recorded.inputs.rebuild(recorded.inputs.leaves), start)
        return verify(Comparer(layer, recorded, run, start, later, rtol, atol), None, thorough)
    finally:
        now.restore()


def _copies(arguments: Any) -> Any:
    given = structure.flatten_inputs(arguments)
    # A tensor that is given twice stays one tensor: forward may ask.
    own = {id(x): plain_copy(x).as_subclass(type(x)) for x in given.leaves}
    return given.rebuild([own[id(x)] for x in given.leaves])


def _after_another_call(layer: torch.nn.Module, inputs: Any, now: Snapshot) -> Snapshot:
    """What the layer holds after one call more; it is put back to now.

    A graph with a number in it that changes from call to call is right as long as every probe starts from one state.
    """
    try:
        with torch.no_grad():
            structure.call(layer, _copies(inputs))
        return Snapshot(layer, now)
    except Exception:
        # The trace will say what is wrong.
        return now
    finally:
        now.restore()


def _has_tensor(value: Any) -> bool:
    return any(isinstance(leaf, torch.Tensor) for leaf in _leaves(value))


def _check_tensors(value: Any, what: str, settings: tuple[type, ...] = ()) -> None:
    for leaf in _leaves(value):
        if not isinstance(leaf, (torch.Tensor, *settings)):
            raise TypeError(
                f"The type of 'each element of {what}' in {_TRACE} must be base.Variable, but received {type(leaf)}."
            )


def _leaves(value: Any) -> list[Any]:
    # pytree takes None for an empty node; here it is a leaf that is no tensor.
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    return [value]
