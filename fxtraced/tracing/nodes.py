"""Nodes of a traced graph and the arguments of calls: mapping, describing, comparing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import SourceLine


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply function to the leaves of a call's arguments; sequences become plain lists and tuples."""
    if isinstance(value, tuple) and not isinstance(value, torch.Size):
        return tuple(map_leaves(function, x) for x in value)
    if isinstance(value, list | tuple):
        return [map_leaves(function, x) for x in value]
    if isinstance(value, dict):
        return {k: map_leaves(function, x) for k, x in value.items()}
    if isinstance(value, slice):
        return slice(
            map_leaves(function, value.start), map_leaves(function, value.stop), map_leaves(function, value.step)
        )
    return function(value)


def note_form(node: fx.Node, value: torch.Tensor) -> None:
    """Note the shape and dtype of a node's value."""
    node.meta["shape"] = tuple(value.shape)
    node.meta["dtype"] = value.dtype


def describe(node: fx.Node, depth: int = 4) -> str:
    """A node as an expression of the tensors and sizes that it comes from, for the text of a guard."""
    if "outer" in node.meta:
        return describe(node.meta["outer"], depth)
    if node.op in ("placeholder", "get_attr"):
        return str(node.target)
    if depth == 0:
        return node.name

    def text(value: Any) -> str:
        if isinstance(value, fx.Node):
            return describe(value, depth - 1)
        if isinstance(value, list | tuple):
            return f"[{', '.join(text(x) for x in value)}]"
        return repr(value)

    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    if name == "size":
        return f"{text(node.args[0])}.shape[{text(node.args[1])}]"
    if name == "getitem":
        index = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
        return f"{text(node.args[0])}[{', '.join(text(x) for x in index)}]"
    return f"{name}({', '.join(text(x) for x in node.args)})"


def origin(node: fx.Node, depth: int = 2) -> str:
    """A tensor as the call that made it, for the text of a guard: `conv2d(x)`, without parameters and settings."""
    if "outer" in node.meta:
        return origin(node.meta["outer"], depth)
    if node.op in ("placeholder", "get_attr"):
        return str(node.target)
    if depth == 0:
        return node.name
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    if name == "getitem":
        owner, index = node.args[:2]
        return f"{origin(owner, depth)}[{index if isinstance(index, int) else '...'}]"  # type: ignore[arg-type]
    tensors = _tensors_of(node)
    computed = [x for x in tensors if not _is_parameter(x)]
    return f"{name}({', '.join(origin(x, depth - 1) for x in computed or tensors)})"


def _tensors_of(node: fx.Node) -> list[fx.Node]:
    return [x for x in node.all_input_nodes if "number" not in x.meta and x.target is not getattr]


def _is_parameter(node: fx.Node) -> bool:
    """True for a tensor of the layer's own, also turned or cast."""
    inputs = _tensors_of(node)
    return node.op == "get_attr" or (len(inputs) == 1 and inputs[0].op == "get_attr")


def question(node: Any) -> Any:
    """What a condition asks, the same for two conditions that calculate the same from the same sizes."""
    if not isinstance(node, fx.Node) or node.op != "call_function" or "shape" in node.meta:
        return node
    return (node.target, *(question(x) for x in node.args))


def reads_state(node: fx.Node) -> bool:
    """True for what is calculated from values of the layer's own tensors or of constants, if only in part."""
    seen = {node}
    pending = [node]
    while pending:
        current = pending.pop()
        if current.op == "get_attr":
            return True
        # A size is not calculated from values.
        new = [x for x in current.all_input_nodes if x not in seen] if current.target != "size" else []
        seen.update(new)
        pending += new
    return False


def possible_bases(node: fx.Node) -> set[fx.Node]:
    """A tensor and everything whose memory it may have."""
    found: set[fx.Node] = set()
    pending = [node]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(node.all_input_nodes if node.meta.get("view") else ())
    return found


def source_of(node: fx.Node) -> SourceLine | None:
    """The user's line that a node comes from."""
    return node.meta.get("source")
