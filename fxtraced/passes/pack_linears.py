"""pack_linears: large linear calls go to oneDNN with weights in its own layout, where that is faster.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; a linear call
with the activation that alone reads it is one oneDNN call, and its weight is derived: packed once. Which is faster
differs from CPU to CPU and is measured, once a process for each size; a small call stays, unmeasured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.state_values import derived_call, is_float32, products, state_values

# Multiplications from which a oneDNN call can pay.
_WORTHWHILE = 1 << 24
# The part of the present time that a packed call may take, and how often both are called to find out.
_GAIN, _ROUNDS = 0.95, 5

_measured: dict[tuple[Any, ...], bool] = {}


def pack_linears(graph: fx.Graph) -> int:
    """Replace linear calls by packed ones, in place; returns how many."""
    if not onednn.is_available():
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if _can_pack(node, state) and _pays(node)]
    for node in found:
        _pack(graph, node)
    return len(found)


def packed_weight(weight: Any, rows: int) -> Any:
    """A linear weight [out, in] as oneDNN wants it for this many rows; it computes any number."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)


def _pack(graph: fx.Graph, node: fx.Node) -> None:
    x, weight, bias = _operands(node)
    with graph.inserting_before(node):
        weight = derived_call(graph, packed_weight, (weight, _rows(node)), like=weight)
    following = onednn.activation_after(node)
    replaced = [node] if following is None else [node, following[0]]
    name, numbers, variant = onednn.Activation() if following is None else following[1]
    operation = torch.ops.mkldnn._linear_pointwise.default
    replace_calls(graph, replaced, operation, (x, weight, bias, name, numbers, variant))


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "linear"):
        return False
    x, weight, bias = _operands(node)
    if weight not in state or len(weight.meta["shape"]) != 2 or len(x.meta["shape"]) < 2:
        return False
    if bias is not None and (bias not in state or not is_float32(bias)):
        return False
    return is_float32(x, weight, node) and products(node, weight) >= _WORTHWHILE


def _pays(node: fx.Node) -> bool:
    """True when the packed call is faster on this machine, at the sizes of the trace."""
    following = onednn.activation_after(node)
    activation = onednn.Activation() if following is None else following[1]
    rows, outputs, inputs = _rows(node), *map(int, _operands(node)[1].meta["shape"])
    key = (rows, outputs, inputs, activation, torch.get_num_threads())
    if key not in _measured:
        x, weight, bias = (torch.full(shape, 0.5) for shape in ((rows, inputs), (inputs, outputs), (outputs,)))
        packed, transposed = packed_weight(weight.t(), rows), weight.t()
        packed_call = torch.ops.mkldnn._linear_pointwise.default
        rest: tuple[Any, ...] = () if following is None else following[0].args[1:]
        kwargs: dict[str, Any] = {} if following is None else dict(following[0].kwargs)
        finish: Callable[..., Any] = (lambda y: y) if following is None else following[0].target  # type: ignore[assignment]
        _measured[key] = _is_faster(
            lambda: packed_call(x, packed, bias, *activation),
            lambda: finish(torch.nn.functional.linear(x, transposed, bias), *rest, **kwargs),
        )
    return _measured[key]


def _is_faster(new: Callable[[], Any], present: Callable[[], Any]) -> bool:
    times: dict[Callable[[], Any], float] = {new: math.inf, present: math.inf}
    with torch.no_grad():
        for _ in range(_ROUNDS):
            for call in times:
                start = time.perf_counter()
                call()
                times[call] = min(times[call], time.perf_counter() - start)
    return times[new] < _GAIN * times[present]


def _operands(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 0, "input"), argument(node, 1, "weight"), argument(node, 2, "bias")


def _rows(node: fx.Node) -> int:
    return math.prod(map(int, node.meta["shape"][:-1]))
