"""pack_recurrent over the scripted graph of an archive: what passes/pack_recurrent.py does, for one choice of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fxtraced.lowering.scripted import cast, insert, insert_list, opaque, sizes_of
from fxtraced.passes import onednn
from fxtraced.passes.pack_recurrent import LSTM, PER_LAYER


def pack_recurrent(graph: Any, feeds: Sequence[torch.Tensor], dtype: torch.dtype = torch.float32) -> int:
    """Replace LSTM calls by one call for each layer and direction, in place, for feeds like these; how many LSTMs.

    dtype: float32, or bfloat16 to calculate in it between casts. Raises as call_scripted does.
    """
    found = [node for node in graph.nodes() if _can_pack(node)]
    if not found or not onednn.is_available():
        return 0
    sizes = sizes_of(graph, [node.inputsAt(0) for node in found], feeds)
    packed = 0
    for node, size in zip(found, sizes, strict=True):
        if len(size) == 3 and 0 not in size:
            _pack(graph, node, size, dtype)
            packed += 1
    return packed


def _can_pack(node: Any) -> bool:
    if node.kind() != "aten::lstm" or node.inputsSize() != 9:
        return False
    states, weights, *settings = (node.inputsAt(i) for i in range(1, 9))
    if states.node().kind() != "prim::ListConstruct" or any(x.node().kind() != "prim::Constant" for x in settings):
        return False
    weights = weights.toIValue()
    has_biases, layers, _, training, bidirectional, _ = (x.toIValue() for x in settings)
    return (
        weights is not None
        and has_biases is True
        and training is False
        and len(weights) == layers * (2 if bidirectional else 1) * PER_LAYER
        and all(x.dtype is torch.float32 for x in weights)
    )


def _pack(graph: Any, node: Any, size: tuple[int, ...], dtype: torch.dtype) -> None:
    states = list(node.inputsAt(1).node().inputs())
    weights, _, layers, _, _, bidirectional, batch_first = (node.inputsAt(i).toIValue() for i in range(2, 9))
    steps, batch, width = (size[1], size[0], size[2]) if batch_first else size
    directions = 2 if bidirectional else 1
    finals: list[Any] = []
    with graph.insert_point_guard(node):
        value = node.inputsAt(0)
        if dtype is not torch.float32:
            value, *states = (cast(graph, x, dtype) for x in (value, *states))
        weights = [x.to(dtype) for x in weights]
        value = insert(graph, "aten::transpose", value, 0, 1) if batch_first else value
        for layer in range(layers):
            value = insert(graph, "aten::contiguous", value, 0)
            results = []
            for direction in range(directions):
                at = layer * directions + direction
                own = weights[PER_LAYER * at : PER_LAYER * (at + 1)]
                start = [insert(graph, "aten::contiguous", insert(graph, "aten::select", s, 0, at), 0) for s in states]
                settings = direction == 1, layers, bidirectional
                results.append(_insert_layer(graph, value, own, start, settings, [steps, batch, width]))
            outputs = [result.outputsAt(0) for result in results]
            finals += results
            value = insert(graph, "aten::cat", _tensors(graph, outputs), 2) if bidirectional else outputs[0]
            width = weights[1].shape[1] * directions
        value = insert(graph, "aten::transpose", value, 0, 1) if batch_first else value
        whole = [value]
        for i in (1, 2):
            last = _tensors(graph, [final.outputsAt(i) for final in finals])
            whole.append(insert(graph, "aten::stack", last, 0))
        if dtype is not torch.float32:
            whole = [cast(graph, x, torch.float32) for x in whole]
    for output, value in zip(list(node.outputs()), whole, strict=True):
        output.replaceAllUsesWith(value)
    node.destroy()


def _insert_layer(
    graph: Any, x: Any, weights: Any, start: list[Any], settings: tuple[bool, int, bool], size: list[int]
) -> Any:
    """The call of one layer and direction on inputs [steps, batch, width] of this size."""
    reverse, layers, bidirectional = settings
    hidden = weights[1].shape[1]
    own = [x.contiguous() for x in weights[:2]]
    packed = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(*own, hidden, reverse, True, False, size)
    lengths = insert_list(graph, [], torch._C.ListType.ofInts())
    biases = [graph.insertConstant(x) for x in weights[2:]]
    further: tuple[Any, ...] = (LSTM, hidden, layers, True, bidirectional, False, False)
    inputs = [x, *(opaque(graph, x) for x in packed), *biases, *start, graph.insertConstant(reverse), lengths]
    inputs += map(graph.insertConstant, further)
    return graph.insertNode(graph.create("aten::mkldnn_rnn_layer", inputs, 4))


def _tensors(graph: Any, values: list[Any]) -> Any:
    return insert_list(graph, values, torch._C.ListType.ofTensors())
