"""A program as text: one line an operation, with shapes and dtypes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from torch import fx

from fxtraced.framework.dtype import dtype_name
from fxtraced.tracing.guards import Guard, check_guard
from fxtraced.tracing.regions import cond, regions_of

if TYPE_CHECKING:
    from fxtraced.static.traced_program import TracedProgram


def program_text(program: TracedProgram, graph: fx.Graph | None = None) -> str:
    """The listing that print(program) shows; graph: what a pass has made of the program's graph."""
    graph = graph or program.trace.graph
    lines = ["Program"]
    lines += [f"  feed   {variable.name}: {_form(variable)}" for variable in program.feeds]
    lines += _operations(graph, {guard.node.name: guard for guard in program.guards})
    outputs: Any = graph.output_node().args[0]
    for variable, node in zip(program.fetches, outputs, strict=True):
        lines.append(f"  fetch  {variable.name}: {_form(variable)} = {_argument(node)}")
    return "\n".join(lines)


def _operations(graph: fx.Graph, guards: dict[str, Guard]) -> list[str]:
    """A line for each operation; those of a branch or loop are indented under its line."""
    lines = []
    for node in graph.nodes:
        if node.op in ("placeholder", "get_attr", "output"):
            continue
        if node.target is check_guard:
            guard = guards.get(node.name)
            lines.append(f"  guard  {guard.text if guard else node.args[0]}{_place(guard.source if guard else None)}")
        elif "shape" in node.meta:
            form = f"{dtype_name(node.meta['dtype'])}{list(node.meta['shape'])}"
            lines.append(f"  {node.name}: {form} = {_call(node)}{_place(node.meta.get('source'))}")
        elif regions_of(node):
            lines.append(f"  {node.name}{_place(node.meta.get('source'))}")
            for head, (region, _) in zip(_heads(node), regions_of(node), strict=True):
                inner = [*_operations(region.graph, guards), f"  gives {_argument(region.outputs)}"]
                lines += [f"    {head}:", *(f"    {line}" for line in inner)]
        elif node.users or "effect" in node.meta:
            lines.append(f"  {node.name} = {_call(node)}{_place(node.meta.get('source'))}")
    return lines


def _heads(node: fx.Node) -> tuple[str, str]:
    """What stands over the two regions of a branch or loop."""
    if node.target is cond:
        return f"if {_argument(node.args[0])}", "else"
    initial: Any = node.args[4]
    variables = [_argument(region.placeholders[: len(initial)]) for region, _ in regions_of(node)]
    return f"while, with {variables[0]} first {_argument(initial)}", f"do, with {variables[1]}"


def _form(variable: Any) -> str:
    return f"{dtype_name(variable.dtype)}{list(variable.shape)}"


def _call(node: fx.Node) -> str:
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    arguments = [_argument(x) for x in node.args] + [f"{k}={_argument(v)}" for k, v in node.kwargs.items()]
    return f"{name}({', '.join(arguments)})"


def _argument(value: Any) -> str:
    if isinstance(value, fx.Node):
        if "outer" in value.meta:
            return _argument(value.meta["outer"])
        is_given = value.op in ("get_attr", "placeholder") and "loop_var" not in value.meta
        return str(value.target) if is_given else value.name
    if isinstance(value, list | tuple):
        return f"[{', '.join(_argument(x) for x in value)}]"
    if isinstance(value, slice):
        start, stop = ("" if x is None else _argument(x) for x in (value.start, value.stop))
        return f"{start}:{stop}" + (f":{_argument(value.step)}" if value.step is not None else "")
    return repr(value)


def _place(source: Any) -> str:
    return f"  # {os.path.basename(source.file)}:{source.line}" if source else ""
