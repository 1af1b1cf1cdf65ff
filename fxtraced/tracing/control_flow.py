"""Recording paddle.static.nn.cond and while_loop as branches and loops of the graph.

cond ──► record each function into a region, on copies ──► add one node, computed on the real values
         (the one that is taken comes last: what it leaves in Python is what the eager call leaves)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.framework.errors import ControlFlowError, FxtracedError, GuardError
from fxtraced.framework.random import get_rng_state, set_rng_state
from fxtraced.tensor.tensor import Tensor
from fxtraced.tracing import regions, structure
from fxtraced.tracing.nodes import map_leaves, possible_bases
from fxtraced.tracing.regions import Region, Way, watched_ways
from fxtraced.tracing.scalars import TracedScalar
from fxtraced.tracing.scopes import Scope
from fxtraced.tracing.source import user_line
from fxtraced.tracing.structure import Flat
from fxtraced.tracing.values import TracedValue, leaves_of

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer


@dataclass(frozen=True)
class _Recorded:
    """A function as a region: what it captured, what it returned, and the tensors among that as values of the region.

    view: what it returned may be, or share memory with, a tensor from outside.
    """

    region: Region
    captured: tuple[Any, ...]
    returned: Flat
    tensors: list[TracedValue]
    view: bool


def record_cond(
    tracer: ConcolicTracer, pred: torch.Tensor, true_fn: Callable[[], Any], false_fn: Callable[[], Any], ways: Any
) -> Any:
    """The result of true_fn() or false_fn() as the example's pred has it; both are recorded.

    pred: one element. ways: the roles of the two functions, for messages and the verification's report.
    Raises ControlFlowError when they return tensors of different structure, dtype or number of dimensions.
    """
    with _noted(tracer):
        holds = _holds(tracer.traced(pred))
        source = user_line()
        functions = {True: (Way(ways[0], source), true_fn), False: (Way(ways[1], source), false_fn)}
        recorded = {key: _record_region(tracer, *functions[key], runs=key is holds) for key in (not holds, holds)}
        true, false = recorded[True], recorded[False]
        _check_same(true, false, f"{ways[0]} and {ways[1]} (at {source})")
        results = _add_node(
            tracer, regions.cond, (pred, true.region, true.captured, false.region, false.captured), [true, false]
        )
        return _returned(true.returned, results)


def record_while_loop(
    tracer: ConcolicTracer,
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: list[Any],
    named_after: Callable[..., Any],
) -> list[Any]:
    """What loop_vars are when cond(*loop_vars) no longer holds; cond and body are recorded once.

    cond gives a tensor of one element, body a list. named_after: the function whose parameters name the variables.
    Raises ControlFlowError when body returns tensors of another structure, dtype or number of dimensions.
    """
    with _noted(tracer):
        source = user_line()
        given = structure.flatten(loop_vars)
        tensors = tuple(x for x in given.leaves if isinstance(x, torch.Tensor))
        names = structure.parameter_names(named_after)
        test = _record_region(tracer, Way("", source), cond, True, given, names)
        runs = _holds(test.tensors[0])
        step = _record_region(tracer, Way("body of while_loop", source), body, runs, given, names)
        initial = _Recorded(step.region, (), given, [tracer.traced(x) for x in tensors], False)
        _check_same(initial, step, f"loop_vars and what body of while_loop returns (at {source})")
        _check_written_loop_vars(step, len(tensors), source)
        results = _add_node(
            tracer, regions.while_loop, (test.region, test.captured, step.region, step.captured, tensors), [test, step]
        )
        return _returned(given, results)


def _holds(pred: TracedValue) -> bool:
    with torch._C.DisableTorchFunction():
        return bool(pred.example)


@contextmanager
def _noted(tracer: ConcolicTracer) -> Iterator[None]:
    """A refusal counts also where forward catches it."""
    try:
        yield
    except ControlFlowError as refusal:
        tracer.refusals.note(refusal)
        raise


def _record_region(
    tracer: ConcolicTracer,
    way: Way,
    function: Callable[..., Any],
    runs: bool,
    loop_vars: Flat | None = None,
    names: list[str] | None = None,
) -> _Recorded:
    """Record function(*loop_vars). runs: the example takes this way, so that the eager call has run the function."""
    with _region_scope(tracer, way) as scope:
        arguments = () if loop_vars is None else _loop_vars_inside(tracer, scope, loop_vars, names or [])
        number = len(scope.inputs)
        try:
            returned = structure.flatten(function(*arguments))
        except FxtracedError:
            raise
        except Exception as error:
            if runs:
                raise
            raise ControlFlowError(
                f"FXT108 {way} fails while it is recorded: {type(error).__name__}: {error}\n"
                "  The given inputs do not take this way, and it is recorded on their values all the same. Let it work "
                "on them, too, or trace with inputs that take it. See docs/errors.md#fxt108"
            ) from error
        tensors = [tracer.traced(x) for x in returned.leaves if isinstance(x, torch.Tensor)]
        scope.graph.output(tuple(x.node for x in tensors))
        region = Region(scope.graph, way, frozenset(scope.written))
        return _Recorded(region, tuple(scope.inputs[number:]), returned, tensors, _may_be_from_outside(scope, tensors))


@contextmanager
def _region_scope(tracer: ConcolicTracer, way: Way) -> Iterator[Scope]:
    """What is recorded within it goes into a region; random generators and the layer stay as they are."""
    held = [(ref, ref.holder.get(ref.key)) for ref in tracer.refs.values()]
    generators = get_rng_state()
    outer = tracer.scope
    tracer.scope = Scope(outer)
    try:
        yield tracer.scope
        for guard in tracer.scope.book.guards:
            guard.inside = way.title
        tracer.region_guards += tracer.scope.book.guards
    finally:
        tracer.scope = outer
        set_rng_state(generators)
    for ref, tensor in held:
        if ref.holder.get(ref.key) is not tensor:
            raise ControlFlowError(
                f"FXT108 {way} assigns the {ref.kind} {ref.path!r}\n"
                "  In a static graph the assignment would happen whether this way is taken or not. Return the tensor "
                "and assign it afterwards, or write into the buffer (paddle.assign(value, buffer)). "
                "See docs/errors.md#fxt108"
            )


def _loop_vars_inside(tracer: ConcolicTracer, scope: Scope, given: Flat, names: list[str]) -> Any:
    inside = []
    assert scope.parent is not None
    for leaf, path in zip(given.leaves, given.paths, strict=True):
        if isinstance(leaf, torch.Tensor):
            name = names[path[0]] if path[0] < len(names) else "loop_var"
            known = leaf if isinstance(leaf, TracedValue) else tracer.state_value(leaf)
            inside.append(scope.add_loop_var(name, scope.parent.local(known)))
        else:
            inside.append(leaf)
    return given.rebuild(inside)


def _may_be_from_outside(scope: Scope, tensors: list[TracedValue]) -> bool:
    bases = set().union(*(possible_bases(x.node) for x in tensors))
    return any(node.op == "placeholder" and "shape" in node.meta for node in bases)


def _check_same(first: _Recorded, second: _Recorded, which: str) -> None:
    """Both give the same structure, tensors of the same dtypes and numbers of dimensions, and the same other values."""
    a, b = first.returned, second.returned
    if a.spec != b.spec:
        forms = [flat.rebuild([_told(x) for x in flat.leaves]) for flat in (a, b)]
        _refuse_different(which, f"{forms[0]} and {forms[1]}")
    for path, x, y in zip(a.paths, a.leaves, b.leaves, strict=True):
        tensors = [isinstance(leaf, torch.Tensor) for leaf in (x, y)]
        same = all(tensors) or x is y
        if not same and not any(tensors) and not isinstance(x, TracedScalar):
            same = type(x) is type(y) and x == y
        if not same:
            place = f" at [{', '.join(map(str, path))}]" if path else ""
            _refuse_different(which, f"{_told(x)} and {_told(y)}{place}. A graph chooses between tensors (paddle.full)")
    for x, y in zip(first.tensors, second.tensors, strict=True):
        forms = [f"{dtype_name(t.example.dtype)}{list(t.example.shape)}" for t in (x, y)]
        if x.example.dtype != y.example.dtype or x.example.ndim != y.example.ndim:
            _refuse_different(which, f"tensors of other dtypes or numbers of dimensions: {forms[0]} and {forms[1]}")


def _told(value: Any) -> str:
    return "a tensor" if isinstance(value, torch.Tensor) else "a size" if type(value) is TracedScalar else repr(value)


def _refuse_different(which: str, how: str) -> NoReturn:
    raise ControlFlowError(
        f"FXT108 incompatible values of {which}: {how}\n"
        "  What follows in the graph is the same whichever way is taken. See docs/errors.md#fxt108"
    )


def _check_written_loop_vars(step: _Recorded, number: int, source: Any) -> None:
    """Refuse a body that writes into a loop variable which may be a tensor from outside from the second round on."""
    placeholders = step.region.placeholders
    captured = {node for node in placeholders[number:] if "shape" in node.meta}
    bases = set().union(*(possible_bases(node) for node in step.region.outputs))
    if bases & captured and any(place < number for place in step.region.written):
        raise ControlFlowError(
            f"FXT108 body of while_loop writes into a loop variable and returns a tensor from outside of the loop (at "
            f"{source})\n  From the second round on the write could go into that tensor. Return a copy of it "
            "(clone()). See docs/errors.md#fxt108"
        )


def _add_node(tracer: ConcolicTracer, target: Any, args: tuple[Any, ...], parts: list[_Recorded]) -> list[TracedValue]:
    """The node of a branch or loop, computed on the values of the example; its results."""
    leaves = [x for x in leaves_of(args) if isinstance(x, torch.Tensor)]
    with torch._C.DisableTorchFunction():
        known = [tracer.traced(x) for x in leaves]
        given = map_leaves(lambda x: x if isinstance(x, Region) else tracer.to_value(x), args)
        try:
            with watched_ways() as taken:
                values = target(*given)
        except GuardError as error:
            raise ControlFlowError(
                f"FXT108 a size that a branch or loop at {user_line()} looks at is another one in a later round: "
                f"{error}\n  Compute with the size and do not look at it. See docs/errors.md#fxt108"
            ) from error
        node = tracer.graph.call_function(
            target, map_leaves(lambda x: x if isinstance(x, Region) else tracer.to_node(x), args)
        )
        inner = [node for part in parts for node in part.region.graph.nodes]
        draws = any(node.meta.get("draws") for node in inner)
        written = regions.written_values(node)
        view = any(part.view for part in parts)
        node.meta.update(source=user_line(), view=view, number=None, taken=taken, draws=draws)
        if written or draws:
            node.meta["effect"] = "write" if written else "random"
        for traced in known:
            traced.fixed = traced.fixed and traced.node not in written
        fixed = not draws and all(traced.fixed for traced in known)
        ours = any(isinstance(x, Tensor) for x in leaves)
        return [tracer.item_of(node, i, value, fixed, ours) for i, value in enumerate(values)]


def _returned(form: Flat, results: list[TracedValue]) -> Any:
    """The structure that a function returned around the results."""
    tensors = iter(results)
    return form.rebuild([next(tensors) if isinstance(x, torch.Tensor) else x for x in form.leaves])
