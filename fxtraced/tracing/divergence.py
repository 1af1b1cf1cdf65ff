"""Finding the first operation where a graph leaves its layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from fxtraced.tensor.tensor import plain, plain_copy
from fxtraced.tracing.compare import difference
from fxtraced.tracing.nodes import source_of
from fxtraced.tracing.trace import Trace, trace


def first_divergence(
    layer: torch.nn.Module,
    recorded: Trace,
    inputs: list[Any],
    restore: Callable[[], None],
    agrees: Callable[[list[torch.Tensor]], bool],
    rtol: float,
    atol: float,
) -> str:
    """Trace the layer again on these inputs and name the first operation that is another one or gives another value.

    agrees: whether outputs, and the state as it is then, are what the layer's own call gave.
    """
    restore()
    again = trace(layer, inputs, keep_values=True, replaced=recorded.replaced)
    restore()
    values, seen = _run(recorded, again.inputs.leaves)
    then = [n for n in recorded.graph.nodes if n.op.startswith("call")]
    now = [n for n in again.graph.nodes if n.op.startswith("call")]
    for old, new in zip(then, now, strict=False):
        where = f" at {source_of(new) or source_of(old)}" if source_of(new) or source_of(old) else ""
        if old.target != new.target or _literals(old) != _literals(new):
            return f"{_call(old)} when traced, {_call(new)} on these inputs{where}"
        before, after = seen.get(old), new.meta.get("value")
        if isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor):
            apart = difference(after, before, rtol, atol)
            if apart.too_large:
                return f"{old.name} = {_call(old)}{where}: {apart}"
    if len(then) != len(now):
        return f"{len(then)} operations when traced, {len(now)} on these inputs"
    outputs: Any = recorded.graph.output_node().args[0]
    if agrees([values[node] for node in outputs]):
        return "none: node by node the graph gives what the layer gives, so TorchScript runs it otherwise; report this"
    return (
        "none that was recorded: traced again on these inputs, forward does the same operations with the same values. "
        "Its own call does something that is no torch call, or goes another way when it is not traced"
    )


def _run(recorded: Trace, leaves: list[torch.Tensor]) -> tuple[dict[fx.Node, Any], dict[fx.Node, torch.Tensor]]:
    """The values of all nodes, and copies of the tensors among them as they were before later writes."""
    values: dict[fx.Node, Any] = {}
    seen: dict[fx.Node, torch.Tensor] = {}
    feeds = iter(leaves)
    with torch.no_grad():
        for node in recorded.graph.nodes:
            args, kwargs = fx.map_arg((node.args, node.kwargs), lambda n: values[n])
            if node.op == "placeholder":
                values[node] = plain_copy(next(feeds))
            elif node.op == "get_attr":
                name = str(node.target)
                held = recorded.state[name].get() if name in recorded.state else recorded.constants[name].tensor
                values[node] = plain(held)
            elif node.op == "call_function":
                values[node] = node.target(*args, **kwargs)  # type: ignore[operator]
            elif node.op == "call_method":
                values[node] = getattr(args[0], str(node.target))(*args[1:], **kwargs)
            if isinstance(values.get(node), torch.Tensor):
                seen[node] = values[node].clone()
    return values, seen


def _literals(node: fx.Node) -> list[Any]:
    found: list[Any] = []
    fx.node.map_aggregate((node.args, node.kwargs), lambda x: found.append("node" if isinstance(x, fx.Node) else x))
    return [repr(x) for x in found]


def _call(node: fx.Node) -> str:
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    return f"{name}({', '.join(str(x) for x in node.args)})"
