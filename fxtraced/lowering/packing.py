"""Archives for one kind of device: weights that are laid out for oneDNN when the file is loaded.

A laid-out weight is opaque, and no file can hold it. So a submodule of the archive keeps the weight as it was before,
and its `__setstate__`, which TorchScript runs while it loads the file, in Python or in C++, lays it out and lets the
plain one go. All other derived weights are computed at the save.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.lowering.codegen import Writer
from fxtraced.lowering.derived import take_out
from fxtraced.passes.state_values import compute, is_packed

# The submodule, and the tensors of it that the graph reads.
MODULE = "fxtraced_packed"

Tensors = dict[str, tuple[torch.Tensor, bool]]


class Packing(NamedTuple):
    """What the submodule holds and does. plain: the weights in the file; names: of the tensors that they become."""

    plain: list[torch.Tensor]
    names: list[str]
    methods: str


def split_derived(graph: fx.Graph, tensors: Tensors) -> tuple[fx.Graph, Tensors, Packing | None]:
    """A lowered graph as one for an archive: reads tensors instead of derived calls.

    graph is changed in place. tensors: by path, each with whether it is a parameter; the new ones are what the graph
    reads now. Packing is None where nothing is laid out.
    """
    feeds = [node for node in graph.nodes if node.op == "placeholder"]
    own, results = take_out(graph)
    inputs = [node for node in graph.nodes if node.op == "placeholder" and node not in feeds]
    values: dict[fx.Node, Any] = {}
    packed: list[fx.Node] = []
    for node in own.nodes:
        if node.op == "get_attr":
            values[node] = tensors[str(node.target)][0]
        elif is_packed(node) or not all(x in values for x in node.all_input_nodes):
            packed.append(node)
        else:
            values[node] = compute(node, values)
    used = {str(node.target) for node in graph.nodes if node.op == "get_attr"}
    found: Tensors = {path: tensor for path, tensor in tensors.items() if path in used}
    opaque = [node for node in results if node not in values]
    names = {node: f"w{i}" for i, node in enumerate(opaque)}
    for node, result in zip(inputs, results, strict=True):
        path = f"{MODULE}.{names[result]}" if result in names else f"fxtraced_derived.{node.target}"
        with graph.inserting_before(node):
            weight = graph.get_attr(path)
        weight.meta = dict(node.meta)
        node.replace_all_uses_with(weight)
        graph.erase_node(node)
        if result in values:
            found[path] = (values[result], False)
    return graph, found, _packing(own, packed, values, names) if names else None


def _packing(own: fx.Graph, packed: list[fx.Node], values: dict[fx.Node, Any], names: dict[fx.Node, str]) -> Packing:
    kept = list(dict.fromkeys(x for node in packed for x in node.all_input_nodes if x in values))
    writer = Writer(fx.Graph(), {})
    writer.names.update({node: f"plain[{i}]" for i, node in enumerate(kept)})
    for node in packed:
        writer.write_operation(node)
    for node, name in names.items():
        writer.emit(f"self.{name} = {writer.value(node)}")
    return Packing([values[node] for node in kept], list(names.values()), _methods("\n".join(writer.lines)))


def _methods(lines: str) -> str:
    return f"""
def __getstate__(self) -> Tuple[List[Tensor], bool]:
    assert len(self.plain) > 0, {_SAVED_AGAIN!r}
    return self.plain, self.training

def __setstate__(self, state: Tuple[List[Tensor], bool]) -> None:
    plain = state[0]
    for weight in plain:
        assert weight.device.type == "cpu", {_ELSEWHERE!r}
{lines}
    self.plain = torch.jit.annotate(List[Tensor], [])
    self.training = state[1]
"""


_ELSEWHERE = (
    "FXT405 the archive was saved for target 'cpu' and is loaded on another device. Load it on the CPU, or save the "
    "static graph with target='portable'. See docs/errors.md#fxt405"
)
_SAVED_AGAIN = (
    "FXT405 the archive was saved for target 'cpu': its weights were laid out when it was loaded, and no file can hold "
    "them. Copy the file, or save the static graph again. See docs/errors.md#fxt405"
)
