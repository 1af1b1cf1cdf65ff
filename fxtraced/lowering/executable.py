"""Executable: a scripted graph that follows the live state of its layer."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import torch
from torch import fx

from fxtraced.framework.native import native
from fxtraced.lowering.direct import Direct, direct_function, multiply_at_once
from fxtraced.lowering.quick import Quick, quick_call
from fxtraced.lowering.script import call_scripted, compute_constants, script
from fxtraced.passes.state_values import has_effects
from fxtraced.tracing.compare import disagreements
from fxtraced.tracing.regions import all_nodes
from fxtraced.tracing.state import Constant, StateRef, Structure

_gradients_are_on, _set_gradients = torch._C.is_grad_enabled, torch._C._set_grad_enabled


class Executable:
    """Runs a graph through TorchScript on the tensors that its layer holds now.

    The scripted module holds the layer's own tensors, so writes into them show at once. A tensor that the layer
    replaced by another is noticed before the next call and bound anew. A graph of a few operations is a function of
    Python after its first call, which has compared the two. Usable from many threads.

    quick: after a call, what makes the next ones in one step, with the native module.
    """

    quick: Quick | None = None

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        structure.check()
        graph = multiply_at_once(graph)
        used = {str(node.target) for node in graph.nodes if node.op == "get_attr"}
        refs = {path: ref for path, ref in state.items() if path in used}
        tensors = {path: (ref.get(), ref.kind == "parameter") for path, ref in refs.items()}
        self._constants = [name for name in constants if name in used]
        tensors.update({name: (constants[name].tensor, False) for name in self._constants})
        # All in one module: TorchScript takes a while for each sublayer's own.
        self._places = {path: f"t{i}" for i, path in enumerate(tensors)}
        self._module = script(graph, tensors, places=self._places)
        self._candidate = direct_function(graph, self._places)
        self._direct: Direct | None = None
        self._tensors = SimpleNamespace(**{self._places[path]: tensor for path, (tensor, _) in tensors.items()})
        self._forward = self._module._c._get_method("forward")
        torch._C._jit_pass_inline(self._forward.graph)
        compute_constants(self._forward)
        self._sources = {node.name: node.meta.get("source") for node in all_nodes(graph)}
        self._refs = refs
        self._structure = structure
        self._bound = [(ref.holder, ref.key, tensors[path][0]) for path, ref in refs.items()] + structure.entries
        self._lock = threading.Lock()
        self._is_on(next((tensor.device for tensor, _ in tensors.values()), None))
        # What failed half-way could not be answered in another way.
        self._may_be_quick = native() is not None and not has_effects(graph)

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The outputs on these feeds, without gradients.

        Raises GuardError where a guard does not hold, ExecutionError where an operation fails, StaleGraphError when the
        layer is built otherwise today.
        """
        results = self._run(*feeds)
        if self.quick is None and self._may_be_quick and self._on_cpu:
            self.quick = quick_call(self._forward, (), feeds, places=self._bound)
        return results

    def _run(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        for holder, key, tensor in self._bound:
            if holder.get(key) is not tensor:
                self._bind_anew()
                break
        if self._direct is not None and self._on_cpu:
            # As call_scripted does; here it is a tenth of the call.
            had_gradients = _gradients_are_on()
            if had_gradients:
                _set_gradients(False)
            try:
                return self._direct(self._tensors, feeds)
            except Exception:
                # Nothing is left behind, and the scripted graph tells the error in the user's terms.
                pass
            finally:
                if had_gradients:
                    _set_gradients(True)
        results = call_scripted(self._forward, feeds, self._sources, self._on_cpu)
        if self._candidate is not None and self._on_cpu:
            self._prove(self._candidate, feeds, results)
        return results

    def _prove(self, function: Direct, feeds: tuple[torch.Tensor, ...], expected: tuple[torch.Tensor, ...]) -> None:
        """Let a function answer from now on that gives the same as the scripted graph."""
        self._candidate = None
        with torch.no_grad(), suppress(Exception), torch._C.DisableTorchFunctionSubclass():
            if not disagreements(expected, function(self._tensors, feeds), 0.0):
                self._direct = function

    def _bind_anew(self) -> None:
        with self._lock:
            self._structure.check()
            device = self.device
            for path, ref in self._refs.items():
                tensor = ref.get()
                self._put(path, tensor)
                device = tensor.device
            if device != self.device:
                self._move_constants(device)
                self._is_on(device)
            tensors = [(ref.holder, ref.key, ref.get()) for ref in self._refs.values()]
            self._bound = tensors + self._structure.entries_now()
            self.quick = None

    def _is_on(self, device: torch.device | None) -> None:
        self.device = device
        # A graph without tensors of its own runs where it is fed.
        self._on_cpu = device.type == "cpu" if device else not torch.cuda.is_available()

    def _move_constants(self, device: Any) -> None:
        for name in self._constants:
            self._put(name, getattr(self._module, self._places[name]).to(device))

    def _put(self, path: str, tensor: torch.Tensor) -> None:
        place = self._places[path]
        self._module._c.setattr(place, tensor)
        setattr(self._tensors, place, tensor)
