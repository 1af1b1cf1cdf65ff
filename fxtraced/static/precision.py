"""Archives whose products with weights are in float16 or bfloat16, checked against float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.framework.dtype import convert_dtype, dtype_name
from fxtraced.framework.errors import PrecisionError
from fxtraced.lowering.script import outputs_of
from fxtraced.passes.lower_precision import lower_precision
from fxtraced.passes.pipeline import copy_graph
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.compare import difference

# How far outputs may be from float32, relative to their largest magnitude; the self-test allows the same.
TOLERANCE = {torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}


class Precision(NamedTuple):
    """The precision of an archive. tolerance: how far from float32 an output may be; None takes the dtype's own."""

    dtype: torch.dtype = torch.float32
    tolerance: float | None = None

    @staticmethod
    def of(dtype: Any, tolerance: float | None) -> Precision:
        """From arguments: dtype is "float16", "bfloat16", or None for the layer's own. Raises ValueError."""
        found = torch.float32 if dtype is None else convert_dtype(dtype)
        if found not in TOLERANCE:
            raise ValueError(
                f"save_inference_model: dtype must be 'float16', 'bfloat16' or None, but received {dtype!r}"
            )
        return Precision(found, tolerance)


def reduced(
    graph: fx.Graph,
    tensors: dict[str, tuple[torch.Tensor, bool]],
    feeds: list[torch.Tensor],
    fetches: list[str],
    precision: Precision,
    lower: Callable[[fx.Graph, torch.dtype], int] = lower_precision,
) -> tuple[fx.Graph, dict[str, tuple[torch.Tensor, bool]], dict[str, float]]:
    """The graph and its tensors in a precision, and for each fetch the largest difference from float32 on these feeds.

    tensors: each with whether it is a parameter. lower: the pass that reduces. Differences are
    relative to the fetch's largest magnitude.
    Raises PrecisionError when one is above the tolerance.
    """
    low = copy_graph(graph)
    lower(low, precision.dtype)
    dtypes = {str(node.target): node.meta["dtype"] for node in low.nodes if node.op == "get_attr"}
    low_tensors = {path: (plain(x).to(dtypes[path]), kind) for path, (x, kind) in tensors.items()}
    wide, narrow = outputs_of(graph, tensors, feeds), outputs_of(low, low_tensors, feeds)
    found = {name: difference(a, b, 0.0, 0.0).relative for name, a, b in zip(fetches, wide, narrow, strict=True)}
    allowed = TOLERANCE[precision.dtype] if precision.tolerance is None else precision.tolerance
    wrong = ", ".join(f"{name!r} by {value:.3g}" for name, value in found.items() if not value <= allowed)
    if wrong:
        raise PrecisionError(
            f"FXT404 the graph in {dtype_name(precision.dtype)} does not give what it gives in float32: {wrong} of the "
            f"output's scale, and {allowed:g} is allowed; nothing was written\n"
            "  Values may be too large for float16 (65504), and bfloat16 is coarse: try the other one, save without "
            "dtype, or give the tolerance that you accept. See docs/errors.md#fxt404"
        )
    return low, low_tensors, found
