"""pack_recurrent: an LSTM goes to oneDNN layer by layer with weights in its own layout.

Requires: a graph for a CPU whose torch has oneDNN. Ensures: same values within rounding at every size; the weights of
each layer and direction are derived: packed once, where torch's own LSTM packs them anew in each call. One in training,
without biases, over sequences of several lengths, or of another dtype stays as it is, and so do GRU and simple
networks, for which torch has no such operation. One that lower_to_bfloat16 marked is calculated in bfloat16 between
casts.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.lower_precision import cast
from fxtraced.passes.matching import is_call
from fxtraced.passes.state_values import derived_call, is_float32, packed_call, state_values

# The number of an LSTM among torch's recurrent networks, and the tensors of a layer and direction.
LSTM, PER_LAYER = 2, 4


def pack_recurrent(graph: fx.Graph) -> int:
    """Replace LSTM calls by one call for each layer and direction, in place; returns how many LSTMs."""
    if not onednn.is_available():
        return 0
    state = state_values(graph)
    found = [node for node in graph.nodes if is_call(node, "lstm") and _can_pack(node, state)]
    for node in found:
        _pack(graph, node)
    return len(found)


def _can_pack(node: fx.Node, state: set[fx.Node]) -> bool:
    given: tuple[Any, ...] = node.args
    if len(given) != 9 or node.kwargs or not isinstance(given[1], list | tuple):
        return False
    x, states, weights, has_biases, layers, _, training, bidirectional, _ = given
    return (
        has_biases is True
        and training is False
        and len(weights) == layers * (2 if bidirectional else 1) * PER_LAYER
        and is_float32(x, *states, *weights)
        and state.issuperset(weights)
        and len(x.meta["shape"]) == 3
        and all(is_call(user, "getitem") for user in node.users)
    )


def _pack(graph: fx.Graph, node: fx.Node) -> None:
    given: tuple[Any, ...] = node.args
    x, states, weights, _, layers, _, _, bidirectional, batch_first = given
    directions = 2 if bidirectional else 1
    *size, width = map(int, x.meta["shape"])
    size = size[::-1] if batch_first else size
    finals: list[tuple[fx.Node, fx.Node]] = []
    dtype = node.meta.get("reduced", torch.float32)
    call, lay_out = graph.call_function, torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight.default
    with graph.inserting_before(node):
        if dtype is not torch.float32:
            x, *states = (cast(each, dtype) for each in (x, *states))
            weights = [cast(weight, dtype) for weight in weights]
        value = call(torch.transpose, (x, 0, 1)) if batch_first else x
        for layer in range(layers):
            outputs = []
            value = graph.call_method("contiguous", (value,))
            for direction in range(directions):
                at = layer * directions + direction
                own = weights[PER_LAYER * at : PER_LAYER * (at + 1)]
                hidden = int(own[1].meta["shape"][1])
                form = (hidden, direction == 1, True, False, [*size, width])
                both = packed_call(graph, lay_out, own[:2], *form, like=own[0])
                packed = [derived_call(graph, operator.getitem, (both, i), like=own[i]) for i in range(2)]
                start = [graph.call_method("contiguous", (call(torch.select, (s, 0, at)),)) for s in states]
                settings: Any = (direction == 1, [], LSTM, hidden, layers, True, bidirectional, False, False)
                result = call(torch.mkldnn_rnn_layer, (value, *packed, *own[2:], *start, *settings))
                outputs.append(call(operator.getitem, (result, 0)))
                finals.append((call(operator.getitem, (result, 1)), call(operator.getitem, (result, 2))))
            value = call(torch.cat, (outputs, 2)) if bidirectional else outputs[0]
            width = hidden * directions
        value = call(torch.transpose, (value, 0, 1)) if batch_first else value
        whole = [value, *(call(torch.stack, ([final[i] for final in finals], 0)) for i in range(2))]
        if dtype is not torch.float32:
            whole = [graph.call_method("to", (each, torch.float32)) for each in whole]
    for user in list(node.users):
        result = whole[user.args[1]]  # type: ignore[index]
        result.meta = dict(user.meta)
        user.replace_all_uses_with(result)
        graph.erase_node(user)
    graph.erase_node(node)
