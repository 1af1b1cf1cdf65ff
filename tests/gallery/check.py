"""Holding an entry of the gallery to its verdict."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch

import fxtraced as paddle
from fxtraced.tensor.tensor import plain, plain_copy
from fxtraced.tracing.state import Snapshot, state_refs
from fxtraced.tracing.structure import flatten, leaves_as
from tests.gallery.entries import Entry, seed_everything

GuardError = paddle.errors.GuardError


SEED = 11


class Wrong(AssertionError):
    """The graph and the layer differ, or fail differently."""


def flat(value: Any) -> list[torch.Tensor]:
    """The tensors of nested inputs or outputs as plain copies."""
    return [plain_copy(x) for x in flatten(value).leaves]


def state(layer: torch.nn.Module, attributes: Any = None) -> dict[str, torch.Tensor]:
    """Parameters, buffers, and tensor attributes (these, or all)."""
    return {
        ref.path: plain_copy(ref.get())
        for ref in state_refs(layer)
        if ref.kind != "attribute" or attributes is None or ref.path in attributes
    }


def eager(layer: torch.nn.Module, inputs: list[Any], seed: int = SEED) -> Any:
    """The tensors that the layer gives, or the error it raises, with the random numbers of a seed."""
    seed_everything(seed)
    try:
        with torch.no_grad():
            return flat(layer(*inputs))
    except Exception as error:
        return error


def assert_same(what: str, expected: list[Any], got: list[Any]) -> None:
    """dtypes, shapes and values, within float32's rounding."""
    if len(expected) != len(got):
        raise Wrong(f"{what}: {len(expected)} tensors expected, got {len(got)}")
    for i, (a, b) in enumerate(zip(expected, got, strict=True)):
        if isinstance(b, np.ndarray):
            b = torch.from_numpy(b)
            b = b.view(torch.bfloat16) if a.dtype is torch.bfloat16 else b
        b = plain(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            raise Wrong(f"{what}[{i}]: {a.dtype}{list(a.shape)} expected, got {b.dtype}{list(b.shape)}")
        rtol, atol = (1e-2, 1e-2) if a.dtype in (torch.float16, torch.bfloat16) else (1e-4, 1e-5)
        wide = torch.complex128 if a.is_complex() else torch.float64
        if not torch.allclose(a.to(wide), b.to(wide), rtol=rtol, atol=atol, equal_nan=True):
            raise Wrong(f"{what}[{i}]: expected\n{a}\ngot\n{b}")


def compare(entry: Entry, what: str, layer: Any, twin: Any, run: Any, probe: int) -> bool:
    """Run a probe eagerly on twin and statically; True when a guard refused it.

    layer: who owns the static state; None for an archive.
    """
    what = f"{what}, probe {probe}"
    before = Snapshot(twin)
    given, fed = entry.inputs(probe), entry.inputs(probe)
    expected = eager(twin, given)
    seed_everything(SEED)
    try:
        got = run(fed)
    except GuardError:
        before.restore()
        return True
    except Exception as error:
        if isinstance(expected, Exception):
            before.restore()
            return False
        raise Wrong(f"{what}: the layer works, the graph raises {type(error).__name__}: {error}") from error
    if isinstance(expected, Exception):
        raise Wrong(f"{what}: the layer raises {type(expected).__name__}: {expected}, the graph works")
    assert_same(f"{what}, outputs", expected, got)
    if layer is not None:
        assert_same(f"{what}, inputs afterwards", flat(given), flat(fed))
        # A tensor kept as an attribute that forward never reads is not part of the graph.
        now = state(layer, getattr(layer, "read_by_the_graph", ()))
        wanted = state(twin)
        assert_same(f"{what}, state {list(now)}", [wanted[k] for k in now], list(now.values()))
    return False


def trace(entry: Entry, layer: Any, **options: Any) -> Any:
    seed_everything(SEED)
    return paddle.jit.TracedLayer.trace(layer, entry.inputs(0), **options)


def twin_of(entry: Entry, layer: Any) -> Any:
    return copy.deepcopy(layer) if entry.copies else entry.layer()


def every_pass() -> Any:
    """A strategy that switches on all that changes the graph."""
    strategy = paddle.static.BuildStrategy()
    for name in (
        "enable_inplace", "fuse_bn_act_ops", "fuse_bn_add_act_ops", "fuse_elewise_add_act_ops", "fuse_gemm_epilogue",
        "fuse_relu_depthwise_conv", "fused_attention", "fused_feedforward", "memory_optimize",
    ):  # fmt: skip
        setattr(strategy, name, True)
    return strategy


def check_refusal(entry: Entry) -> None:
    """The trace raises the code, and leaves the layer as one eager call does."""
    for verify in (True, False):
        layer = entry.layer()
        twin = twin_of(entry, layer)
        eager(twin, entry.inputs(0))
        try:
            trace(entry, layer, verify=verify)
        except Exception as error:
            code = (
                getattr(error, "code", "") if isinstance(error, paddle.errors.FxtracedError) else type(error).__name__
            )
            if code != entry.verdict:
                raise Wrong(
                    f"verify={verify}: {entry.verdict} expected, got {type(error).__name__}: {error}"
                ) from error
            after, now = state(twin), state(layer)
            assert_same("state after the refusal", list(after.values()), [now[k] for k in after])
        else:
            # Only verification can see a Python number that changes from call to call.
            if verify or entry.verdict != "FXT202":
                raise Wrong(f"verify={verify}: {entry.verdict} expected, but the trace went through")


def check_verdict(entry: Entry, directory: str) -> None:
    """Live, after a change of the parameters, and reloaded: what the layer gives, or GuardError where that is allowed."""
    for verify in (True, False):
        layer = entry.layer()
        twin = twin_of(entry, layer)
        first = entry.inputs(0)
        expected = eager(twin, first)
        fed = entry.inputs(0)
        seed_everything(SEED)
        outputs, traced = paddle.jit.TracedLayer.trace(layer, fed, verify=verify)
        assert_same("outputs of the trace", expected, flat(outputs))
        assert_same("inputs after the trace", flat(first), flat(fed))
        assert_same("state after the trace", list(state(twin).values()), list(state(layer).values()))
        if not verify:
            traced.set_strategy(every_pass())
        layer.__dict__["read_by_the_graph"] = tuple(traced.program.trace.state)
        guarded = _probes(entry, f"live, verify={verify}", layer, twin, traced)
        if (guarded and entry.verdict != "guarded") or (entry.verdict == "guarded" and not guarded):
            raise Wrong(f"verify={verify}: verdict {entry.verdict}, but {guarded} probes met a guard: {traced.guards}")
        if verify:
            _after_training(entry, layer, twin, traced)
            _reloaded(entry, layer, traced, directory)


def _probes(entry: Entry, what: str, layer: Any, twin: Any, traced: Any) -> int:
    guarded, kept = 0, []

    def run_numpy(fed: list[Any]) -> Any:
        results = traced(fed)
        kept.append((fed, results, [x.copy() for x in results]))
        return results

    for probe in range(len(entry.probes)):
        guarded += compare(entry, what, layer, twin, run_numpy, probe)
        guarded += compare(entry, f"{what}, tensors", layer, twin, lambda x: traced(x, return_numpy=False), probe)
    for _, results, copies in kept:
        for a, b in zip(results, copies, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"{what}: an earlier result changed")
    for fed, results, _ in kept:
        before = flat(fed)
        for array in results:
            # The caller's own array: what is done to it must not reach the graph or the inputs.
            if array.flags.writeable:
                array[...] = 1
        assert_same(f"{what}, inputs after the results were written", before, flat(fed))
    for probe in range(len(entry.probes)):
        guarded += compare(entry, f"{what}, after its results were written", layer, twin, traced, probe)
    return guarded


def _after_training(entry: Entry, layer: Any, twin: Any, traced: Any) -> None:
    with torch.no_grad():
        for model in (layer, twin):
            for parameter in model.parameters():
                plain(parameter.data).mul_(1.25)
    for probe in range(len(entry.probes)):
        compare(entry, "after a change of the parameters", layer, twin, traced, probe)


def _reloaded(entry: Entry, layer: Any, traced: Any, directory: str) -> None:
    if entry.archive != "same":
        try:
            traced.save_inference_model(directory)
        except paddle.errors.FxtracedError as error:
            code = str(error)[:6]
            if code == entry.archive:
                return
            raise
        raise Wrong(f"the archive was written; {entry.archive} expected")
    traced.save_inference_model(directory)
    twin = copy.deepcopy(layer).eval() if entry.copies else layer.eval()
    executor = paddle.static.Executor()
    program, feeds, fetches = paddle.static.load_inference_model(directory, executor)

    def run(fed: list[Any]) -> Any:
        feed = dict(zip(feeds, leaves_as(fed, traced.program.trace.inputs), strict=True))
        return executor.run(program, feed=feed, fetch_list=fetches)

    guarded = 0
    for probe in range(len(entry.probes)):
        for _ in range(2):
            guarded += compare(entry, "reloaded", None, twin, run, probe)
    if guarded and entry.verdict != "guarded":
        raise Wrong(f"reloaded: {guarded} probes met a guard")
    if len(fetches) > 1 and entry.theme != "random":
        for place in (0, len(fetches) - 1):
            _pruned(entry, layer, traced, directory, place)


def _pruned(entry: Entry, layer: Any, traced: Any, directory: str, place: int) -> None:
    """One output alone, fed with all inputs."""
    traced.save_inference_model(directory, fetch=[place])
    twin = copy.deepcopy(layer).eval() if entry.copies else layer.eval()
    program, _, _ = paddle.static.load_inference_model(directory)
    run = program.runnable(tuple(program.fetch_names))
    for probe in range(len(entry.probes)):
        expected = eager(twin, entry.inputs(probe))
        if isinstance(expected, Exception):
            continue
        try:
            got = run(*flat(leaves_as(entry.inputs(probe), traced.program.trace.inputs)))
        except GuardError:
            continue
        assert_same(f"output {place} alone, probe {probe}", [expected[place]], list(got))
