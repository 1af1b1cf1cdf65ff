"""lower_precision over the scripted graph of an archive: products in bfloat16, and what lies between them.

Which calls follow products into bfloat16, and which stay in float32, is as in passes/sink_casts.py. Attention with a
mask stays, as in passes/lower_attention.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch

from fxtraced.lowering.scripted import DTYPES, cast, dtypes_of, holds_tensors
from fxtraced.passes.partitioning import PRODUCTS
from fxtraced.passes.sink_casts import FOLLOWING

_FLOAT32, _BFLOAT16 = DTYPES[torch.float32], DTYPES[torch.bfloat16]
_PRODUCTS = frozenset(f"aten::{x}" for x in (*PRODUCTS, "_convolution"))
_FOLLOWING = frozenset(f"aten::{x}" for x in FOLLOWING)
# They ask for what is the same in every dtype.
_FORMS = frozenset(("aten::size", "aten::dim", "aten::numel", "aten::len", "prim::device"))


class _Place(NamedTuple):
    """An input of a node."""

    node: Any
    at: int

    @property
    def value(self) -> Any:
        return self.node.inputsAt(self.at)

    def put(self, value: Any) -> None:
        self.node.replaceInput(self.at, value)


class LowerPrecision:
    """Lowers a graph, in place. `count`: of the products in bfloat16; 0 for a graph that writes, which is as it was.

    graph: frozen, with tensors in float32 and bfloat16. feeds: for a call that shows the dtypes. Raises as
    call_scripted does.
    """

    def __init__(self, graph: Any, feeds: Sequence[torch.Tensor]):
        self._graph = graph
        # Values of the graph by name: in bfloat16, and, of those that are calculated in it now, in float32.
        self._narrow: dict[str, Any] = {}
        self._wide: dict[str, Any] = {}
        # Those that are calculated in it now, and casts to float32 of what is in it.
        self._replaced: set[str] = set()
        self._widened: set[str] = set()
        self.count = 0
        if any(map(_writes, _nodes_of(graph))):
            return
        values = [x for node in graph.nodes() for x in node.outputs() if _is_tensor(x)]
        values += [x for x in list(graph.inputs())[1:] if _is_tensor(x)]
        self._dtypes = dict(zip([x.debugName() for x in values], dtypes_of(graph, values, feeds), strict=True))
        for node in list(graph.nodes()):
            self._lower(node)
        self._keep(graph.return_node())
        torch._C._jit_pass_dce(graph)

    def _lower(self, node: Any) -> None:
        kind, places = node.kind(), _tensor_inputs(node)
        if kind in _FORMS or (kind == "prim::ListConstruct" and _is_read_by_cat(node)):
            return
        floats = [x for x in places if self._dtype(x.value) in (_FLOAT32, _BFLOAT16)]
        result = self._dtype(node.output()) if node.outputsSize() == 1 and floats else None
        if result not in (_FLOAT32, _BFLOAT16):
            self._keep(node)
        elif kind in _PRODUCTS or _is_attention(node):
            self._hold_narrow(node, floats)
            self.count += 1
        elif kind in _FOLLOWING and len(floats) == len(places) and all(self._is_narrow(x.value) for x in places):
            self._hold_narrow(node, floats)
        elif kind == "aten::to" and len(places) == 1:
            self._cast(node, places[0], result)
        else:
            self._keep(node)

    def _hold_narrow(self, node: Any, floats: list[_Place]) -> None:
        """Let a node take and give bfloat16."""
        for place in floats:
            place.put(self._in_bfloat16(place))
        name = node.output().debugName()
        if self._dtypes[name] == _FLOAT32:
            self._replaced.add(name)
            self._narrow[name] = node.output()

    def _cast(self, node: Any, place: _Place, result: int | None) -> None:
        value, name = place.value, node.output().debugName()
        if result == _BFLOAT16 and self._is_narrow(value):
            self._narrow[name] = self._in_bfloat16(place)
        elif result == _FLOAT32 and self._dtype(value) == _BFLOAT16:
            self._narrow[name] = self._in_bfloat16(place)
            self._widened.add(name)
        # Without effect where all read the other one.
        self._keep(node)

    def _keep(self, node: Any) -> None:
        """Let a node, with its branches and loops, take what it took."""
        for place in _tensor_inputs(node):
            self._widen(place, place.node)
        for place in _inner_inputs(node):
            self._widen(place, node)

    def _widen(self, place: _Place, before: Any) -> None:
        """Let an input have the dtype that it had, cast before a node."""
        value = place.value
        name = value.debugName()
        if name not in self._replaced:
            if self._dtype(value) == _BFLOAT16:
                place.put(self._narrow.get(name, value))
            return
        if name not in self._wide:
            with self._graph.insert_point_guard(before):
                self._wide[name] = cast(self._graph, value, torch.float32)
        place.put(self._wide[name])

    def _in_bfloat16(self, place: _Place) -> Any:
        value = place.value
        name = value.debugName()
        if name not in self._narrow and self._dtypes[name] == _FLOAT32:
            with self._graph.insert_point_guard(place.node):
                constant = value.toIValue() if value.node().kind() == "prim::Constant" else None
                self._narrow[name] = (
                    cast(self._graph, value, torch.bfloat16)
                    if constant is None
                    else self._graph.insertConstant(constant.bfloat16())
                )
        return self._narrow.get(name, value)

    def _is_narrow(self, value: Any) -> bool:
        """True for what comes out of a product, or from a cast to float32 of what is in bfloat16."""
        name = value.debugName()
        return self._dtypes[name] == _BFLOAT16 or name in self._replaced or name in self._widened

    def _dtype(self, value: Any) -> int | None:
        return self._dtypes.get(value.debugName())


def _is_tensor(value: Any) -> bool:
    return bool(value.type().kind() == "TensorType")


def _tensor_inputs(node: Any) -> list[_Place]:
    """The tensors that a node takes, those of a list that it alone reads among them."""
    if node.kind() == "aten::cat" and _is_read_by_cat(node.inputsAt(0).node()):
        node = node.inputsAt(0).node()
    return [_Place(node, i) for i, x in enumerate(node.inputs()) if _is_tensor(x)]


def _is_read_by_cat(node: Any) -> bool:
    if node.kind() != "prim::ListConstruct" or not holds_tensors(node.output()):
        return False
    uses = node.output().uses()
    return len(uses) == 1 and uses[0].user.kind() == "aten::cat"


def _inner_inputs(node: Any) -> Iterator[_Place]:
    """The tensors that the branches and loops of a node take; not those whose form they ask for."""
    for block in node.blocks():
        for inner in _nodes_of(block):
            if inner.kind() not in _FORMS:
                yield from _tensor_inputs(inner)


def _nodes_of(graph: Any) -> Iterator[Any]:
    """The nodes of a graph or block, those of its branches and loops among them."""
    for node in graph.nodes():
        yield node
        for block in node.blocks():
            yield from _nodes_of(block)


def _is_attention(node: Any) -> bool:
    mask = node.inputsAt(3).node() if node.kind() == "aten::scaled_dot_product_attention" else None
    return mask is not None and mask.kind() == "prim::Constant" and node.inputsAt(3).toIValue() is None


def _writes(node: Any) -> bool:
    return "!" in node.schema() and not node.kind().startswith("prim::")
