"""torch.tensor and its like: tensors from Python and NumPy data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fxtraced.tracing.nodes import map_leaves
from fxtraced.tracing.scalars import TracedScalar
from fxtraced.tracing.values import TracedValue, leaves_of

if TYPE_CHECKING:
    from fxtraced.tracing.tracer import ConcolicTracer


def literal(tracer: ConcolicTracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A tensor made from Python or NumPy data: a constant, copied where forward goes on to write into it."""
    if isinstance(args[0], np.ndarray) and args[0].dtype == object:
        # NumPy's way to hold traced sizes.
        func, args = torch.tensor, (args[0].tolist(), *args[1:])
    if any(isinstance(x, TracedScalar) for x in leaves_of(args)):
        return _literal_of_sizes(tracer, func, args[0], {**dict(zip(("dtype",), args[1:], strict=False)), **kwargs})
    result = func(*args, **kwargs)
    constant = tracer.wrap(tracer.constant_node(result), result, fixed=True, ours=False)
    fresh = tracer.record("call_function", torch.clone, (constant,), {})
    fresh.node.meta["fresh_constant"] = True
    return fresh


def _literal_of_sizes(tracer: ConcolicTracer, func: Any, data: Any, kwargs: dict[str, Any]) -> Any:
    """torch.tensor([n, 2.5]) with sizes in it: TorchScript wants numbers of one type, and the dtype."""
    dtype = func(map_leaves(tracer.to_value, data), **map_leaves(tracer.to_value, kwargs)).dtype
    kind = float if dtype.is_floating_point else bool if dtype is torch.bool else int

    def converted(leaf: Any) -> Any:
        if not isinstance(leaf, TracedScalar):
            return kind(leaf)
        if type(leaf.value) is kind:
            return leaf
        return tracer.scalar_call(kind, (leaf,), f"{kind.__name__}({leaf.text})")

    return tracer.record("call_function", torch.tensor, (map_leaves(converted, data),), {**kwargs, "dtype": dtype})


def literal_of_tensors(tracer: ConcolicTracer, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """torch.tensor([a, b]) of traced tensors: stacked, as the numbers in it cannot be read."""
    data = args[0]
    if isinstance(data, TracedValue):
        made = data if name == "as_tensor" else tracer.call(torch.clone, (data,), {})
    else:
        made = tracer.call(torch.stack, ([tracer.call(torch.as_tensor, (x,), {}) for x in data],), {})
    dtype = kwargs.get("dtype", args[1] if len(args) > 1 else None)
    return made if dtype is None or dtype == made.dtype else tracer.call(torch.Tensor.to, (made, dtype), {})
