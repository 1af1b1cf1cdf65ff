"""One trace: a layer and example inputs in, a graph with its guards and state out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import StateWriteError, TraceError
from fxtraced.tracing import structure
from fxtraced.tracing.attributes import settings_read
from fxtraced.tracing.factories import sizes_one_by_one
from fxtraced.tracing.guards import Guard
from fxtraced.tracing.nodes import possible_bases
from fxtraced.tracing.number_calls import NumberCalls
from fxtraced.tracing.recording import RecordingMode
from fxtraced.tracing.state import Constant, StateRef, Structure, state_refs
from fxtraced.tracing.structure import Flat
from fxtraced.tracing.tracer import ConcolicTracer
from fxtraced.tracing.values import TracedValue


@dataclass
class Trace:
    """What one trace recorded.

    graph: placeholders are the feeds; the output is the tuple of the flattened outputs.
    values: what the traced run computed, in the order of the fetches (plain tensors).
    aliased: for each fetch, whether it may share memory with a feed, the layer's state or another fetch.
    written: the feeds that forward may write into.
    number_calls: what made numbers of sizes. replaced: what would have, and was replaced.
    """

    graph: fx.Graph
    feed_names: list[str]
    fetch_names: list[str]
    inputs: Flat
    outputs: Flat
    guards: list[Guard]
    state: dict[str, StateRef]
    constants: dict[str, Constant]
    values: list[torch.Tensor]
    aliased: list[bool]
    written: list[str]
    training: bool
    structure: Structure
    number_calls: NumberCalls
    replaced: NumberCalls


def trace(
    layer: torch.nn.Module,
    inputs: Any,
    keep_values: bool = False,
    mode: RecordingMode | None = None,
    replaced: NumberCalls | None = None,
) -> Trace:
    """Run layer(*inputs) on traced values and record it.

    inputs: a list, or a dict by parameter, of tensors in any nesting; they are copied first, so a forward that writes
    into them does no harm. keep_values: note every operation's value on its node (meta["value"]). mode: what records;
    by default a new one. replaced: builtins that give traced numbers in this trace.
    The layer's Python state and buffers are left as the run leaves them: the caller restores a Snapshot.
    Raises the errors of fxtraced.errors.TraceError, and whatever forward itself raises.
    """
    flat_inputs = structure.flatten_inputs(inputs)
    refs = state_refs(layer)
    mode = mode or RecordingMode(ConcolicTracer(refs, keep_values))
    tracer = mode.tracer
    names = structure.feed_names(layer, flat_inputs.paths)
    feeds = [tracer.add_feed(name, x) for name, x in zip(names, flat_inputs.leaves, strict=True)]
    tracer.feeds_are_complete(feeds)
    replaced = replaced or NumberCalls()
    before = {ref.path: ref.get() for ref in refs}
    try:
        with torch.no_grad(), sizes_one_by_one(), settings_read(layer) as settings, replaced.replaced(), mode:
            outputs = structure.call(layer, flat_inputs.rebuild(feeds))
    except Exception as error:
        # forward worked a moment ago: what the trace found wrong says more than what came of it.
        tracer.refusals.raise_all(error)
        raise
    tracer.refusals.raise_all()

    flat_outputs = structure.flatten(outputs)
    results = [_output_value(tracer, x) for x in flat_outputs.leaves]
    results = _record_state_writes(tracer, refs, before, results)
    tracer.graph.output(tuple(x.node for x in results))
    tracer.finished = True
    values = [x.example for x in results]
    return Trace(
        graph=tracer.graph,
        feed_names=names,
        fetch_names=structure.fetch_names(outputs, flat_outputs.paths),
        inputs=flat_inputs,
        outputs=Flat(values, flat_outputs.paths, flat_outputs.spec),
        guards=tracer.guards,
        state=tracer.state,
        constants=tracer.constants,
        values=values,
        aliased=_aliased(tracer, feeds, results),
        written=_written(tracer.graph),
        training=layer.training,
        structure=Structure(layer, refs, settings),
        number_calls=tracer.number_calls,
        replaced=replaced,
    )


def _record_state_writes(
    tracer: ConcolicTracer, refs: list[StateRef], before: dict[str, torch.Tensor], results: list[TracedValue]
) -> list[TracedValue]:
    """A buffer or attribute that forward replaced by another tensor becomes a write at the end of the graph.

    What shares memory with such a buffer, new values and outputs alike, is copied before the first write. Returns the
    outputs.
    """
    writes = []
    for ref in refs:
        now, old = ref.holder.get(ref.key), before[ref.path]
        if now is old or not isinstance(now, torch.Tensor):
            continue
        if ref.kind == "attribute" and not tracer.was_read(old):
            continue
        if ref.kind == "parameter" or now.shape != old.shape or now.dtype != old.dtype:
            refusal = StateWriteError(
                f"FXT103 forward replaces the {ref.kind} {ref.path!r} ({list(old.shape)}, {old.dtype}) by a tensor of "
                f"{list(now.shape)}, {now.dtype}\n"
                "  A static graph can only write a new value of the same shape and dtype into a buffer. Return the "
                "tensor instead. See docs/errors.md#fxt103"
            )
            tracer.refusals.refuse(refusal)
            continue
        writes.append((tracer.state_value(old), now if isinstance(now, TracedValue) else tracer.state_value(now)))
    written = {_memory(target.example) for target, _ in writes}

    def apart(value: TracedValue) -> TracedValue:
        shares = _memory(value.example) in written
        return tracer.record("call_function", torch.clone, (value,), {}) if shares else value

    values = [apart(value) for _, value in writes]
    results = [apart(value) for value in results]
    for (target, _), value in zip(writes, values, strict=True):
        tracer.record("call_method", "copy_", (target, value), {})
    return results


def _output_value(tracer: ConcolicTracer, leaf: Any) -> TracedValue:
    if not isinstance(leaf, torch.Tensor):
        raise TraceError(
            f"FXT100 forward returned a {type(leaf)} where the eager call had returned a tensor. Return tensors in the "
            "same structure in every call. See docs/errors.md#fxt100"
        )
    return tracer.traced(leaf)


def _aliased(tracer: ConcolicTracer, feeds: list[TracedValue], results: list[TracedValue]) -> list[bool]:
    taken = [_memory(x.example) for x in feeds] + [_memory(x.example) for _, x in tracer._state_values.values()]
    taken += [_memory(c.tensor) for c in tracer.constants.values()]
    seen = [_memory(x.example) for x in results]
    bases = [possible_bases(x.node) for x in results]
    return [
        memory in taken
        or seen.count(memory) > 1
        or any(node.op in ("placeholder", "get_attr") for node in own)
        or any(own & other for other in bases if other is not own)
        for memory, own in zip(seen, bases, strict=True)
    ]


def _written(graph: fx.Graph) -> list[str]:
    writes = [node for node in graph.nodes if node.meta.get("effect") == "write"]
    bases = set().union(*(possible_bases(x) for node in writes for x in node.all_input_nodes))
    return [str(node.target) for node in graph.nodes if node.op == "placeholder" and node in bases]


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
