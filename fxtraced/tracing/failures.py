"""A torch call that fails while forward is traced."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from fxtraced.tracing import torch_calls
from fxtraced.tracing.nodes import map_leaves
from fxtraced.tracing.scalars import TracedScalar
from fxtraced.tracing.values import TracedValue, leaves_of

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer


def note_failure(
    tracer: ConcolicTracer, cause: Exception, kind: str, target: Any, given: Any, values: Any, kwargs: Any
) -> None:
    """A call fails: forward may catch the error, so where it fails is asked for as any other fact is."""
    on_meta = functools.partial(map_leaves, lambda x: x.to("meta") if isinstance(x, torch.Tensor) else x)
    try:
        torch_calls.run(kind, target, on_meta(values), on_meta(kwargs))
        by_data = True
    except Exception as error:
        by_data = isinstance(error, NotImplementedError)
    for leaf in leaves_of(given):
        if isinstance(leaf, TracedScalar):
            tracer.guard_truth(leaf == leaf.value)
        elif isinstance(leaf, TracedValue) and by_data and not leaf.fixed:
            tracer.refusals.add_look(leaf, f"an operation that fails ({getattr(target, '__name__', target)})", cause)
        elif isinstance(leaf, TracedValue):
            for dim in range(leaf.example.ndim):
                tracer.guard_truth(tracer.size(leaf, dim) == leaf.example.shape[dim])
