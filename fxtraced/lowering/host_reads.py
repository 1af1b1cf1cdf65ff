"""Which operations of a scripted graph need a tensor's data on the host before the next one can start."""

from __future__ import annotations

from typing import Any

# Known of a tensor without its data. Everything else that makes a number of a tensor reads it.
_KNOWN = {
    "aten::size", "aten::dim", "aten::numel", "aten::len", "aten::stride", "aten::storage_offset", "aten::sym_size",
    "aten::is_floating_point", "aten::is_complex", "aten::is_signed", "aten::is_contiguous", "aten::is_conj",
    "aten::is_neg", "aten::element_size", "aten::__is__", "aten::__isnot__",
}  # fmt: skip
# The size of what they give depends on the data.
_SIZED_BY_DATA = {
    "aten::nonzero", "aten::masked_select", "aten::argwhere", "aten::bincount", "aten::_unique2", "aten::unique_dim",
    "aten::unique_consecutive", "aten::_unique", "aten::nonzero_numpy", "prim::tolist",
}  # fmt: skip
_NUMBERS = {"IntType", "FloatType", "BoolType", "NumberType", "ComplexType"}


def host_reads(graph: Any) -> list[str]:
    """The kinds of these operations in an inlined TorchScript graph, each once, in order."""
    return list(dict.fromkeys(node.kind() for node in _nodes(graph) if _reads(node)))


def _nodes(block: Any) -> Any:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)


def _reads(node: Any) -> bool:
    kind = node.kind()
    if kind in _SIZED_BY_DATA:
        return True
    takes_tensor = any(x.type().kind() == "TensorType" for x in node.inputs())
    if kind == "aten::where" and sum(1 for _ in node.inputs()) == 1:
        return True
    if kind.startswith("prim::") or kind in _KNOWN or not takes_tensor:
        return False
    return any(_is_number(x.type()) for x in node.outputs())


def _is_number(kind: Any) -> bool:
    if kind.kind() == "ListType":
        return kind.getElementType().kind() in _NUMBERS
    return kind.kind() in _NUMBERS
