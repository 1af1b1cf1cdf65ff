"""prune: keep what the chosen outputs need.

Requires: a graph whose output is a tuple of nodes.
Ensures: a new graph; only the chosen feeds are left, in the chosen order; a write into a tensor that the outputs
depend on stays, and one into a chosen feed; every guard that the chosen feeds can answer, as the way that forward took
is in what stays, wherever it was asked for; and every random draw, as the later ones get other numbers without it.
"""

from __future__ import annotations

from typing import Any

from torch import fx

from fxtraced.framework.errors import PruneError
from fxtraced.passes.matching import name_of
from fxtraced.tracing.guards import check_guard
from fxtraced.tracing.regions import regions_of, written_values


def prune(graph: fx.Graph, feeds: list[str], fetches: dict[str, fx.Node]) -> fx.Graph:
    """A copy of graph that computes fetches (nodes of graph, by name) from the named feeds.

    Raises PruneError that lists every feed the fetches need and that is not chosen.
    """
    placeholders = {node.target: node for node in graph.nodes if node.op == "placeholder"}
    live = live_nodes(graph, [*fetches.values(), *_effects_of([placeholders[name] for name in feeds], graph)])
    missing = [name for name, node in placeholders.items() if node in live and name not in feeds]
    if missing:
        raise PruneError(
            f"FXT304 the chosen outputs {list(fetches)} also need the inputs {missing}, and only {feeds} "
            f"are fed. "
            "Feed these too, or choose other outputs. See docs/errors.md#fxt304"
        )
    pruned = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for name in feeds:
        copies[placeholders[name]] = pruned.node_copy(placeholders[name])
    for node in graph.nodes:
        if node in live and node not in copies and node.op != "output":
            copies[node] = pruned.node_copy(node, lambda n: copies[n])
    pruned.output(tuple(copies[node] for node in fetches.values()))
    return pruned


def live_nodes(graph: fx.Graph, fetches: list[fx.Node]) -> set[fx.Node]:
    """The nodes that fetches need, with the writes and guards that go with them."""
    live: set[fx.Node] = set()
    _add_with_ancestors(fetches, live)
    changed = True
    while changed:
        before = len(live)
        for node in graph.nodes:
            if node not in live and _belongs_to(node, live):
                _add_with_ancestors([node], live)
        changed = len(live) > before
    return live


def _effects_of(feeds: list[fx.Node], graph: fx.Graph) -> list[fx.Node]:
    """The writes into these feeds, the guards, and the random draws, as far as they need no other feeds."""
    chosen = set(feeds)
    found = []
    for node in graph.nodes:
        writes = node.meta.get("effect") == "write" and _written(node) & chosen
        if writes or node.target is check_guard or node.meta.get("draws"):
            needed: set[fx.Node] = set()
            _add_with_ancestors([node], needed)
            if all(x in chosen for x in needed if x.op == "placeholder"):
                found.append(node)
    return found


def _belongs_to(node: fx.Node, live: set[fx.Node]) -> bool:
    """True for a write into a live tensor's memory and for a guard on live tensors."""
    if node.meta.get("effect") == "write":
        bases = _written(node)
        memory = {base.meta["memory"] for base in bases if "memory" in base.meta}
        return bool(bases & live) or any(base.meta.get("memory") in memory for base in live)
    return node.target is check_guard and _needed_by_guard(node.args[0]) <= live  # type: ignore[arg-type]


def _add_with_ancestors(nodes: list[fx.Node], live: set[fx.Node]) -> None:
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node not in live:
            live.add(node)
            pending.extend(node.all_input_nodes)


def _written(node: fx.Node) -> set[fx.Node]:
    """The tensors that a write may change, and everything that they may be views of."""
    targets: Any = written_values(node) or node.kwargs.get("out")
    if targets is not None:
        pass
    elif name_of(node).endswith("_") or name_of(node) == "setitem":
        targets = node.args[0]
    else:
        targets = node.all_input_nodes
    found: set[fx.Node] = set()
    for target in targets if isinstance(targets, list | tuple) else [targets]:
        found |= _possible_bases(target)
    return found


def _possible_bases(node: fx.Node) -> set[fx.Node]:
    """A tensor and everything that it may be a view of: views take their base as the first tensor."""
    bases: set[fx.Node] = set()
    pending = [node]
    while pending:
        node = pending.pop()
        bases.add(node)
        pending += node.all_input_nodes if regions_of(node) else node.all_input_nodes[:1]
    return bases


def _needed_by_guard(node: fx.Node) -> set[fx.Node]:
    """The tensors whose sizes a condition asks for, and the feeds whose data it uses."""
    if node.op == "placeholder":
        return {node}
    if node.target in ("size", "dim", len):
        return set(node.all_input_nodes)
    needed: set[fx.Node] = set()
    for source in node.all_input_nodes:
        needed |= _needed_by_guard(source)
    return needed
