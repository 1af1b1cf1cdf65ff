"""The executables of a trace with no weights but the layer's own."""

from __future__ import annotations

import threading
from typing import Any

from torch import fx

from fxtraced.lowering.compiled import CompiledExecutable
from fxtraced.lowering.executable import Executable
from fxtraced.passes.pipeline import copy_graph, optimise
from fxtraced.static.strategy import BuildStrategy
from fxtraced.tracing.trace import Trace


class PlainExecutables:
    """Makes them, each once. Usable from many threads.

    Executables with weights of their own hold it for what they cannot run. It does not hold the program.
    """

    def __init__(self, trace: Trace):
        self._trace = trace
        self._made: dict[Any, Executable] = {}
        self._lock = threading.Lock()

    def __call__(self, outputs: tuple[str, ...], strategy: BuildStrategy) -> Executable:
        """What gives these nodes of the trace's graph."""
        key = (outputs, repr(strategy))
        with self._lock:
            if key not in self._made:
                graph, _ = optimise(graph_with_outputs(self._trace.graph, outputs), strategy)
                kind = CompiledExecutable if strategy.build_cinn_pass else Executable
                self._made[key] = kind(graph, self._trace.state, self._trace.constants, self._trace.structure)
            return self._made[key]


def graph_with_outputs(graph: fx.Graph, outputs: tuple[str, ...]) -> fx.Graph:
    """A copy of a graph that gives these of its nodes; every effect stays."""
    graph = copy_graph(graph)
    nodes = {node.name: node for node in graph.nodes}
    graph.output_node().args = (tuple(nodes[name] for name in outputs),)
    return graph
