"""CompiledExecutable: a graph through torch.compile, for Python execution only."""

from __future__ import annotations

import threading

import torch
from torch import fx

from fxtraced.lowering.executable import Executable
from fxtraced.passes.pipeline import copy_graph
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.regions import Region, regions_of
from fxtraced.tracing.state import Constant, StateRef, Structure


class CompiledExecutable(Executable):
    """Runs a graph through torch.compile on the tensors that its layer holds now (BuildStrategy.build_cinn_pass)."""

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        self._structure = structure
        self._refs = dict(state)
        self._root = torch.nn.Module()
        self._lock = threading.Lock()
        self._graph = graph
        self._constant_tensors = {name: constant.tensor for name, constant in constants.items()}
        self._bind_anew()

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        for holder, key, tensor, memory in self._aliases:
            # The compiled graph holds aliases: a tensor that got other memory has left them behind.
            if holder.get(key) is not tensor or tensor.data_ptr() != memory:
                self._bind_anew()
                break
        self._structure.check()
        with torch.no_grad():
            # The compiler looks into a tensor subclass; it is given what it knows.
            return tuple(self._compiled(*[plain(x) for x in feeds]))

    def _bind_anew(self) -> None:
        with self._lock:
            tensors = {path: ref.get() for path, ref in self._refs.items()}
            self.device = next((tensor.device for tensor in tensors.values()), None)
            tensors.update({name: t.to(self.device or t.device) for name, t in self._constant_tensors.items()})
            root = torch.nn.Module()
            used = {str(node.target) for node in self._graph.nodes if node.op == "get_attr"}
            for path, tensor in tensors.items():
                if path in used:
                    _place(root, path, tensor)
            self._compiled = torch.compile(fx.GraphModule(root, with_submodules(self._graph, root)))
            self._aliases = [(ref.holder, ref.key, ref.get(), ref.get().data_ptr()) for ref in self._refs.values()]


def with_submodules(graph: fx.Graph, root: torch.nn.Module) -> fx.Graph:
    """A copy of graph in which the regions of branches and loops are submodules of root, as the compiler reads them."""
    graph = copy_graph(graph)
    for node in graph.nodes:
        if regions_of(node):
            with graph.inserting_before(node):
                node.args = tuple(_submodule(graph, root, x) if isinstance(x, Region) else x for x in node.args)
    return graph


def _submodule(graph: fx.Graph, root: torch.nn.Module, region: Region) -> fx.Node:
    inner = torch.nn.Module()
    name = f"fxtraced_region_{len(root._modules)}"
    root.add_module(name, fx.GraphModule(inner, with_submodules(region.graph, inner)))
    return graph.get_attr(name)


def _place(root: torch.nn.Module, path: str, tensor: torch.Tensor) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        if not hasattr(root, parent):
            root.add_module(parent, torch.nn.Module())
        root = getattr(root, parent)
    # A plain view of the same memory: the compiler must not meet our tensor subclass.
    root.register_buffer(name, plain(tensor))
