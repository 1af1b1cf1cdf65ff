"""What a graph computes from the layer's own tensors alone.

A pass that wants new weights inserts calls with `derived_call`. Lowering takes them out of the graph, computes them
once, and again when a tensor behind them changed (lowering/derived.py): such a weight is as live as the layer's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from fxtraced.tracing.regions import all_nodes, regions_of


def state_values(graph: fx.Graph) -> set[fx.Node]:
    """The tensors of a graph that come from parameters, buffers and constants only.

    Empty for a graph that writes or draws random numbers: what it writes may be the state, also by way of a feed; a
    failed call could not be computed again with the plain weights; and a tensor's layout would show in the results.
    """
    found: set[fx.Node] = set()
    if has_effects(graph):
        return found
    for node in graph.nodes:
        inputs = node.all_input_nodes
        computed = node.op.startswith("call") and "effect" not in node.meta and not regions_of(node)
        if "shape" in node.meta and (node.op == "get_attr" or (computed and inputs and found.issuperset(inputs))):
            found.add(node)
    return found


def has_effects(graph: fx.Graph) -> bool:
    """True for a graph that writes or draws random numbers, also in a branch or loop."""
    return any(node.meta.get("effect") in ("write", "random") for node in all_nodes(graph))


def derived_call(graph: fx.Graph, function: Callable[..., Any], args: tuple[Any, ...], like: fx.Node) -> fx.Node:
    """A call that lowering takes out of the graph: function of values of the state; shape and dtype as of `like`."""
    node = graph.call_function(function, args)
    node.meta = {"shape": like.meta["shape"], "dtype": like.meta["dtype"], "derived": True}
    return node


def packed_call(graph: fx.Graph, function: Any, weights: list[fx.Node], *settings: Any, like: fx.Node) -> fx.Node:
    """A derived call of one of oneDNN's or MKL's operations that lay out weights, of weights and settings.

    Its results are opaque: no file can hold them.
    """
    whole = []
    for weight in weights:
        whole.append(graph.call_method("contiguous", (weight,)))
        whole[-1].meta = {"shape": weight.meta["shape"], "dtype": weight.meta["dtype"]}
    call = derived_call(graph, function, (*whole, *settings), like=like)
    call.meta["packed"] = True
    return call


def compute(node: fx.Node, values: dict[fx.Node, Any]) -> Any:
    """What a call gives for these values of the nodes before it."""
    args, kwargs = fx.map_arg((node.args, node.kwargs), lambda n: values[n])
    if node.op == "call_method":
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    return node.target(*args, **kwargs)  # type: ignore[operator]


def is_packed(node: fx.Node) -> bool:
    """True for a call of packed_call."""
    return "packed" in node.meta


def is_float32(*values: Any) -> bool:
    """True for tensors of float32."""
    return all(isinstance(x, fx.Node) and x.meta.get("dtype") is torch.float32 for x in values)


def products(node: fx.Node, weight: fx.Node) -> int:
    """The multiplications of a convolution or linear call at the sizes of the trace."""
    return math.prod(node.meta["shape"]) * math.prod(tuple(weight.meta["shape"])[1:])
