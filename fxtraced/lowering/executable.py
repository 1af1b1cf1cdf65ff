"""Executable: a scripted graph that follows the live state of its layer."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import fx

from fxtraced.lowering.script import call_scripted, compute_constants, script
from fxtraced.tracing.regions import all_nodes
from fxtraced.tracing.state import StateRef, Structure
from fxtraced.tracing.tracer import Constant


class Executable:
    """Runs a graph through TorchScript on the tensors that its layer holds now.

    The scripted module holds the layer's own tensors, so writes into them show at once. A tensor that the layer
    replaced by another is noticed before the next call and bound anew. Usable from many threads.
    """

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        structure.check()
        used = {str(node.target) for node in graph.nodes if node.op == "get_attr"}
        refs = {path: ref for path, ref in state.items() if path in used}
        tensors = {path: (ref.get(), ref.kind == "parameter") for path, ref in refs.items()}
        self._constants = [name for name in constants if name in used]
        tensors.update({name: (constants[name].tensor, False) for name in self._constants})
        # All in one module: TorchScript takes a while for each sublayer's own.
        self._places = {path: f"t{i}" for i, path in enumerate(tensors)}
        self._module = script(graph, tensors, places=self._places)
        self._forward = self._module._c._get_method("forward")
        torch._C._jit_pass_inline(self._forward.graph)
        compute_constants(self._forward)
        self._sources = {node.name: node.meta.get("source") for node in all_nodes(graph)}
        self._refs = refs
        self._structure = structure
        self._bound = [(ref.holder, ref.key, tensors[path][0]) for path, ref in refs.items()] + structure.entries
        self._lock = threading.Lock()
        self._is_on(next((tensor.device for tensor, _ in tensors.values()), None))

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs on these feeds, without gradients.

        Raises GuardError where a guard does not hold, ExecutionError where an operation fails, StaleGraphError when the
        layer is built otherwise today.
        """
        for holder, key, tensor in self._bound:
            if holder.get(key) is not tensor:
                self._bind_anew()
                break
        return call_scripted(self._forward, feeds, self._sources, self._on_cpu)

    def _bind_anew(self) -> None:
        with self._lock:
            self._structure.check()
            device = self.device
            for path, ref in self._refs.items():
                tensor = ref.get()
                self._module._c.setattr(self._places[path], tensor)
                device = tensor.device
            if device != self.device:
                self._move_constants(device)
                self._is_on(device)
            tensors = [(ref.holder, ref.key, ref.get()) for ref in self._refs.values()]
            self._bound = tensors + self._structure.entries_now()

    def _is_on(self, device: torch.device | None) -> None:
        self.device = device
        # A graph without tensors of its own runs where it is fed.
        self._on_cpu = device.type == "cpu" if device else not torch.cuda.is_available()

    def _move_constants(self, device: Any) -> None:
        for name in self._constants:
            place = self._places[name]
            self._module._c.setattr(place, getattr(self._module, place).to(device))
