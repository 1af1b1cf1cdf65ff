"""merge_common_subexpressions: what is calculated twice is calculated once.

Requires: nothing. Ensures: the same values bit for bit; of calls with equal arguments one is left, unless both reach
the caller, who may write into what he gets. A random draw stays, and so does a guard. In a graph that writes only sizes
are merged, and numbers calculated from sizes, and those only where no write gives a tensor other sizes.
"""

from __future__ import annotations

from typing import Any

from torch import fx

from fxtraced.passes.matching import given_away, is_pure, name_of, writes
from fxtraced.tracing.regions import all_nodes
from fxtraced.tracing.torch_calls import RESHAPING_WRITES

_SIZES = ("size", "dim", "numel")


def merge_common_subexpressions(graph: fx.Graph) -> int:
    """Replace calls by equal ones before them, in place; returns how many."""
    numbers_only = writes(graph)
    if numbers_only and any(name_of(node) in RESHAPING_WRITES for node in all_nodes(graph)):
        return 0
    outside = given_away(graph)
    first: dict[Any, fx.Node] = {}
    numbers: set[fx.Node] = set()
    merged = 0
    for node in list(graph.nodes):
        if not is_pure(node):
            continue
        if _is_number(node, numbers):
            numbers.add(node)
        elif numbers_only:
            continue
        known = first.setdefault((node.op, node.target, _key(node.args), _key(node.kwargs)), node)
        if known is node or (known in outside and node in outside):
            continue
        if node in outside:
            outside.add(known)
        node.replace_all_uses_with(known)
        graph.erase_node(node)
        merged += 1
    return merged


def _is_number(node: fx.Node, numbers: set[fx.Node]) -> bool:
    """True for a size and for what is calculated from sizes alone."""
    if "shape" in node.meta:
        return False
    if node.op == "call_method":
        return node.target in _SIZES
    return bool(node.all_input_nodes) and numbers.issuperset(node.all_input_nodes)


def _key(value: Any) -> Any:
    """Equal for equal arguments: 1, 1.0 and True are three, and so are 0.0 and -0.0."""
    if isinstance(value, fx.Node):
        return value
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_key, value))
    if isinstance(value, dict):
        return tuple((name, _key(x)) for name, x in sorted(value.items()))
    if isinstance(value, slice):
        return slice, _key(value.start), _key(value.stop), _key(value.step)
    return type(value), repr(value) if isinstance(value, float | complex) else value
