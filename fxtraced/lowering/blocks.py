"""Branches and loops as blocks of TorchScript: `if` and `while` around the operations of their regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import fx

from fxtraced.tracing.regions import Region, regions_of

if TYPE_CHECKING:
    from fxtraced.lowering.codegen import Writer


def write_cond(writer: Writer, node: fx.Node) -> None:
    """if bool(pred): ... else: ..., each of which gives the node's tuple."""
    heads = (f"if bool({writer.value(node.args[0])}):", "else:")
    for head, (region, values) in zip(heads, regions_of(node), strict=True):
        writer.emit(head)
        with writer.block():
            results = _write_region(writer, region, [writer.value(x) for x in values])
            writer.emit(f"{writer.name(node)} = {_tuple(results)}" if results else "pass")


def write_while_loop(writer: Writer, node: fx.Node) -> None:
    """A loop with one copy of its condition, which decides in each round whether the body runs."""
    (cond, cond_inputs), (body, body_inputs) = regions_of(node)
    initial: Any = node.args[4]
    variables = [writer.new_name(x.name) for x in cond.placeholders[: len(initial)]]
    for variable, value in zip(variables, initial, strict=True):
        writer.emit(f"{variable} = {writer.value(value)}")
    goes_on = writer.new_name(f"{node.name}_goes_on")
    writer.emit(f"{goes_on} = True")
    writer.emit(f"while {goes_on}:")
    with writer.block():
        (holds,) = _write_region(writer, cond, variables + [writer.value(x) for x in cond_inputs[len(initial) :]])
        writer.emit(f"{goes_on} = bool({holds})")
        writer.emit(f"if {goes_on}:")
        with writer.block():
            results = _write_region(writer, body, variables + [writer.value(x) for x in body_inputs[len(initial) :]])
            writer.emit(f"{', '.join(variables)} = {', '.join(results)}" if variables else "pass")
    writer.emit(f"{writer.name(node)} = {_tuple(variables)}")


def _write_region(writer: Writer, region: Region, inputs: list[str]) -> list[str]:
    """The operations of a region, whose placeholders are these texts; the texts of its results."""
    writer.names.update(zip(region.placeholders, inputs, strict=True))
    writer.write_operations(region.graph)
    return [writer.value(x) for x in region.outputs]


def _tuple(texts: list[str]) -> str:
    return f"({', '.join(texts)},)" if texts else "()"
