"""A graph of a few operations as a function of Python.

A scripted method takes 3 microseconds before its first operation, which is longer than a small one takes itself. For
more than a few operations TorchScript is ahead: it goes from one to the next in half the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import torch
from torch import fx

from fxtraced.lowering.codegen import forward_source
from fxtraced.passes.matching import argument, is_call
from fxtraced.passes.pipeline import copy_graph
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.state_values import has_effects

# Python and TorchScript take the same time at six (scripts/bench_overhead.py).
_MOST_OPERATIONS = 4
# A call of a torch function whose arguments are values, tensors of the module and literals, and nothing that is read or
# called: text that means the same in both languages, whatever methods the values have. Each piece ends where no longer
# one fits, so that there is one way to match, and one that does not is found out at once.
_PIECES = (
    r"(?:self|torch)\.\w+(?![\w.])",
    r"[A-Za-z_]\w*(?![\w.])",
    r"\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])",
    r"[\[\]=, -]",
)
_ARGUMENTS = f"(?:{'|'.join(_PIECES)})*"
_SIGNATURE = re.compile(r"def forward\(self, (.+)\):")
_OPERATION = re.compile(rf"    \w+ = torch\.([\w.]+)\({_ARGUMENTS}\)")

Direct = Callable[..., Any]


def direct_function(graph: fx.Graph, places: dict[str, str]) -> Direct | None:
    """A function of an object with the graph's tensors as attributes, as `places` names them, and of a tuple of feeds.

    It gives what the scripted graph gives, to the bit, and always a tuple. None for a graph that is too long, has
    effects or has anything but plain calls of torch functions.
    """
    # Of two calls one may be the transposition that a product takes in.
    calls = sum(node.op.startswith("call") for node in graph.nodes)
    if calls > 2 * _MOST_OPERATIONS or has_effects(graph):
        return None
    source = forward_source(graph, places=places)
    signature, *lines, result = source.splitlines()
    operations = [_OPERATION.fullmatch(line) for line in lines]
    feeds = _SIGNATURE.fullmatch(signature)
    if not feeds or len(lines) > _MOST_OPERATIONS or not all(found and _is_torchs(found[1]) for found in operations):
        return None
    if len(graph.output_node().args[0]) == 1:  # type: ignore[arg-type]
        result += ","
    scope: dict[str, Any] = {"torch": torch}
    exec("\n".join(["def forward(self, feeds):", f"    {feeds[1]}, = feeds", *lines, result]), scope)
    return scope["forward"]


def multiply_at_once(graph: fx.Graph) -> fx.Graph:
    """A copy of graph whose linear calls of rows with a transposed weight and a bias are what torch makes of them."""
    graph = copy_graph(graph)
    for node in list(graph.nodes):
        if not is_call(node, "linear"):
            continue
        x, weight, bias = (argument(node, i, name) for i, name in enumerate(("input", "weight", "bias")))
        if bias is not None and is_call(weight, "t") and len(x.meta["shape"]) == len(weight.meta["shape"]) == 2:
            # It keeps its name, by which an error tells the user's line.
            node.op, node.target = "call_function", torch.addmm
            node.args, node.kwargs = (bias, x, weight.args[0]), {}
    remove_dead_code(graph)
    return graph


def _is_torchs(path: str) -> bool:
    """True for a function that torch has in Python, too."""
    try:
        return callable(attrgetter(path)(torch))
    except AttributeError:
        return False
