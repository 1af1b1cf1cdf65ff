"""What passes over the scripted graph of an archive, which has no traced one, have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fxtraced.lowering.script import call_scripted

# As TorchScript counts them.
DTYPES = {torch.float32: 6, torch.bfloat16: 15}


def holds_tensors(value: Any) -> bool:
    """True for a tensor, and a list or tuple of tensors."""
    return "Tensor" in str(value.type())


def insert(graph: Any, kind: str, *inputs: Any) -> Any:
    """Insert a call with one result, of values and constants, where the graph inserts; the result."""
    values = [x if isinstance(x, torch._C.Value) else graph.insertConstant(x) for x in inputs]
    return graph.insertNode(graph.create(kind, values, 1)).output()


def cast(graph: Any, value: Any, dtype: torch.dtype) -> Any:
    """Insert a cast of a value where the graph inserts; its result."""
    return insert(graph, "aten::to", value, DTYPES[dtype], False, False, None)


def insert_list(graph: Any, values: Sequence[Any], kind: Any) -> Any:
    """Insert a list of values, which torch's type of lists `kind` names; the list."""
    node = graph.create("prim::ListConstruct", list(values), 1)
    node.output().setType(kind)
    return graph.insertNode(node).output()


def opaque(graph: Any, tensor: torch.Tensor) -> Any:
    """Insert a weight in oneDNN's or MKL's layout; its value. No other constant can hold one, nor can a file."""
    node = graph.insertNode(graph.create("prim::ConstantMKLDNNTensor", 1))
    node.t_("value", tensor)
    return node.output()


def sizes_of(graph: Any, values: list[Any], feeds: Sequence[torch.Tensor]) -> list[tuple[int, ...]]:
    """The sizes of these values of the graph in a call with these feeds."""
    sizes = _asked(graph, values, feeds, "aten::size", torch._C.ListType.ofInts())
    return [tuple(x) for x in sizes]


def dtypes_of(graph: Any, values: list[Any], feeds: Sequence[torch.Tensor]) -> list[int]:
    """The dtypes of these values of the graph in a call with these feeds, as TorchScript counts them."""
    return _asked(graph, values, feeds, "prim::dtype", torch._C.IntType.get())


def _asked(graph: Any, values: list[Any], feeds: Sequence[torch.Tensor], kind: str, result: Any) -> list[Any]:
    """What an operation with a result of this type gives for values of the graph in a call with these feeds."""
    copy = graph.copy()
    places = {output.debugName(): (i, j) for i, x in enumerate(graph.nodes()) for j, output in enumerate(x.outputs())}
    inputs = {x.debugName(): i for i, x in enumerate(graph.inputs())}
    nodes, given = list(copy.nodes()), list(copy.inputs())
    while list(copy.outputs()):
        copy.eraseOutput(0)
    for value in values:
        name = value.debugName()
        i, j = places.get(name, (-1, 0))
        found = given[inputs[name]] if i < 0 else nodes[i].outputsAt(j)
        # The answer and not the tensor: all of them would be held at once.
        answer = copy.create(kind, [found], 1)
        if i < 0:
            copy.prependNode(answer)
        else:
            answer.insertAfter(nodes[i])
        answer.output().setType(result)
        copy.registerOutput(answer.output())
    copy.makeMultiOutputIntoTuple()
    copy.eraseInput(0)
    forward = torch._C._create_function_from_graph("asked", copy)
    return list(call_scripted(forward, tuple(feeds), as_it_is=True))
