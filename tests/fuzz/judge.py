"""The verdict on one random program."""

from __future__ import annotations

import copy
import os
import tempfile
import warnings
from dataclasses import dataclass, field
from typing import Any

import torch

import fxtraced as paddle
from fxtraced.tensor.tensor import plain_copy
from fxtraced.tracing.state import Snapshot, state_refs
from tests.fuzz.programs import Program
from tests.gallery.check import SEED, Wrong, assert_same, eager, flat
from tests.gallery.entries import seed_everything

WRONG = "SILENTLY WRONG"
UNCLEAR = "unclear error"
_STATE = {"steps", "memory", "seen", "bn"}


@dataclass
class Verdict:
    """What became of one program; findings are a promise broken."""

    label: str
    why: str = ""
    probes: dict[str, int] = field(default_factory=dict)

    @property
    def is_finding(self) -> bool:
        return self.label in (WRONG, UNCLEAR)


def judge(program: Program, archive: bool = True) -> Verdict | None:
    """Trace, run every probe twice, save, reload, run again; None where the layer itself does not run.

    The graph is made without verification, which would hide what the tracer misses; what is wrong then is given to
    verification, whose error counts as a catch.
    """
    layer = program.layer()
    twin = copy.deepcopy(layer)
    expected = eager(twin, program.tensors(0))
    again = eager(copy.deepcopy(twin), program.tensors(0))
    if isinstance(expected, Exception) or isinstance(again, Exception) or not expected:
        return None
    try:
        traced = _trace(program, layer, verify=False)
    except paddle.errors.FxtracedError as error:
        return Verdict("refused", error.code)
    except Exception as error:
        return Verdict(UNCLEAR, f"trace raises {type(error).__name__}: {error}")
    probes: dict[str, int] = {}
    try:
        assert_same("state after the trace", list(_state(twin).values()), list(_state(layer).values()))
        _probe(
            program,
            "live",
            layer,
            twin,
            lambda x: traced(x, return_numpy=False),
            probes,
            set(traced.program.trace.state),
        )
        if archive:
            _archive(program, layer, traced, probes)
    except Wrong as wrong:
        return Verdict(*_verified(program, str(wrong)), probes)
    except _Unclear as error:
        return Verdict(UNCLEAR, str(error), probes)
    odd = ("only the layer fails", *(label for label in probes if label.startswith("failed")), "guarded")
    labels = (label for label in odd if probes.get(label))
    return Verdict(next(labels, "right"), "", probes)


class _Unclear(Exception):
    """An error that is not of the family."""


def _trace(program: Program, layer: Any, verify: bool) -> Any:
    seed_everything(SEED)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return paddle.jit.TracedLayer.trace(layer, program.tensors(0), verify=verify)[1]


def _verified(program: Program, wrong: str) -> tuple[str, str]:
    try:
        _trace(program, program.layer(), verify=True)
    except paddle.errors.VerificationError:
        return "caught by verification", wrong
    return WRONG, wrong


def _probe(
    program: Program, what: str, layer: Any, twin: Any, run: Any, probes: dict[str, int], read: set[str]
) -> None:
    for probe in range(len(program.sizes)):
        for seed in (0, 1):
            label = _one(
                f"{what}, probe {probe} {program.sizes[probe]}", program, layer, twin, run, (probe, seed), read
            )
            probes[label] = probes.get(label, 0) + 1
            if label != "right" and layer is None and _STATE & set(program.attributes):
                # The archive may have written half of its state, and nothing puts it back.
                return


def _one(what: str, program: Program, layer: Any, twin: Any, run: Any, place: tuple[int, int], read: set[str]) -> str:
    given, fed = program.tensors(*place), program.tensors(*place)
    before = [Snapshot(x) for x in (layer, twin) if x is not None]
    expected = eager(twin, given)
    seed_everything(SEED)
    try:
        got = run(fed)
    except paddle.errors.FxtracedError as error:
        for snapshot in before:
            snapshot.restore()
        if isinstance(expected, Exception):
            return "both fail"
        return "guarded" if isinstance(error, paddle.errors.GuardError) else f"failed: {error.code}"
    except Exception as error:
        raise _Unclear(f"{what}: {type(error).__name__}: {error}") from error
    if isinstance(expected, Exception):
        for snapshot in before:
            snapshot.restore()
        return "only the layer fails"
    assert_same(f"{what}, outputs", expected, list(got))
    if layer is not None:
        assert_same(f"{what}, inputs afterwards", flat(given), flat(fed))
        now, wanted = _state(layer), _state(twin)
        paths = [path for path in now if path in read]
        assert_same(f"{what}, state {paths}", [wanted[k] for k in paths], [now[k] for k in paths])
    return "right"


def _archive(program: Program, layer: Any, traced: Any, probes: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        try:
            traced.save_inference_model(directory)
        except paddle.errors.FxtracedError:
            probes["not saved"] = 1
            return
        except Exception as error:
            raise _Unclear(f"save raises {type(error).__name__}: {error}") from error
        runner = paddle.static.load_inference_model(os.path.join(directory))[0]
        run = runner.runnable(tuple(runner.fetch_names))
        _probe(program, "reloaded", None, layer.eval(), lambda x: run(*flat(x)), probes, set())


def _state(layer: Any) -> dict[str, torch.Tensor]:
    return {ref.path: plain_copy(ref.get()) for ref in state_refs(layer)}
