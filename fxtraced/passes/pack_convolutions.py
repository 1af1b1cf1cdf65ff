"""pack_convolutions: two-dimensional convolutions go to oneDNN with weights in its own layout.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; each convolution
with the addition and the activation that alone read it is one oneDNN call, and its weight is derived: packed once.
Tensors between convolutions are channels last in memory, fetches are not. A graph that looks at layouts stays as it is,
and one of small convolutions, as a oneDNN call costs more than it saves there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.matching import argument, is_call, replace_calls
from fxtraced.passes.state_values import derived_call, is_float32, products, state_values
from fxtraced.tracing.regions import all_nodes

# Multiplications in an average convolution below which nothing is gained.
_WORTHWHILE = 1 << 20
_LOOK_AT_LAYOUT = ("as_strided", "stride", "is_contiguous", "storage_offset", "data_ptr", "view_as")


def pack_convolutions(graph: fx.Graph) -> int:
    """Replace convolutions by oneDNN calls, in place; returns how many."""
    if not onednn.is_available() or _looks_at_layout(graph):
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if _can_pack(node, state)]
    if sum(products(node, argument(node, 1, "weight")) for node in found) < _WORTHWHILE * max(len(found), 1):
        return 0
    for node in found:
        _pack(graph, node)
    _keep_fetches_contiguous(graph)
    _reshape_for_view(graph)
    return len(found)


def packed_weight(
    weight: Any, padding: list[int], stride: list[int], dilation: list[int], groups: int, size: list[int]
) -> Any:
    """A convolution's weight as oneDNN wants it for inputs of this size; it computes inputs of any size."""
    return torch.ops.mkldnn._reorder_convolution_weight(weight.contiguous(), padding, stride, dilation, groups, size)


def _pack(graph: fx.Graph, node: fx.Node) -> None:
    x, weight, bias = (argument(node, i, name) for i, name in enumerate(("input", "weight", "bias")))
    stride, padding, dilation = (_pair(x) for x in _settings(node))
    groups = argument(node, 6, "groups", 1)
    size = list(map(int, x.meta["shape"]))
    with graph.inserting_before(node):
        weight = derived_call(graph, packed_weight, (weight, padding, stride, dilation, groups, size), like=weight)
    replaced = [node]
    added = onednn.addition_after(node)
    if added is not None:
        replaced.append(added[0])
    activation = onednn.activation_after(replaced[-1])
    # After an addition oneDNN has this one only.
    if activation is not None and (added is None or activation[1].name == "relu"):
        replaced.append(activation[0])
    else:
        activation = None
    _, (name, numbers, variant) = activation or (None, onednn.Activation())
    convolution = (weight, bias, padding, stride, dilation, groups)
    operation = torch.ops.mkldnn._convolution_pointwise
    if added is None:
        replace_calls(graph, replaced, operation.default, (x, *convolution, name, numbers, variant))
    else:
        last = None if activation is None else name
        replace_calls(graph, replaced, operation.binary, (x, added[1], *convolution, "add", 1.0, last, (), None))


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    if not is_call(node, "conv2d"):
        return False
    x, weight, bias = (argument(node, i, name) for i, name in enumerate(("input", "weight", "bias")))
    groups = argument(node, 6, "groups", 1)
    return (
        is_float32(x, weight, node)
        and len(x.meta["shape"]) == 4
        and weight in state
        and products(node, weight) > 0
        and (bias is None or (bias in state and is_float32(bias)))
        and isinstance(groups, int)
        and all(map(_is_pair, _settings(node)))
    )


def _settings(node: fx.Node) -> tuple[Any, Any, Any]:
    return argument(node, 3, "stride", 1), argument(node, 4, "padding", 0), argument(node, 5, "dilation", 1)


def _is_pair(value: Any) -> bool:
    """True for plain numbers; a padding may be a text, and a size of a tensor."""
    return all(isinstance(x, int) for x in (value if isinstance(value, list | tuple) else [value]))


def _pair(value: Any) -> list[int]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return values * 2 if len(values) == 1 else values


def _looks_at_layout(graph: fx.Graph) -> bool:
    return any(is_call(node, *_LOOK_AT_LAYOUT) for node in all_nodes(graph))


def _keep_fetches_contiguous(graph: fx.Graph) -> None:
    output = graph.output_node()
    with graph.inserting_before(output):
        for value in dict.fromkeys(output.all_input_nodes):
            if len(value.meta.get("shape", ())) == 4 and value.op.startswith("call"):
                contiguous = graph.call_method("contiguous", (value,))
                contiguous.meta = dict(value.meta)
                output.replace_input_with(value, contiguous)


def _reshape_for_view(graph: fx.Graph) -> None:
    """view does not take every layout; as nothing is written, reshape is the same."""
    for node in all_nodes(graph):
        to_dtype = any(isinstance(x, torch.dtype) for x in (*node.args, *node.kwargs.values()))
        if node.op == "call_method" and node.target == "view" and not to_dtype:
            node.target = "reshape"
