"""The state of a layer: where its tensors live, and a snapshot that puts everything back."""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import StaleGraphError
from fxtraced.framework.random import get_rng_state, set_rng_state
from fxtraced.tensor.tensor import plain, plain_copy
from fxtraced.tracing.attributes import Settings

_CONTAINERS = (list, dict, set, OrderedDict, deque)


@dataclass(frozen=True)
class StateRef:
    """A tensor of a layer: its dotted path, and the dict and key that hold it."""

    path: str
    kind: str  # "parameter", "buffer", "attribute"
    holder: dict[str, Any]
    key: str

    def get(self) -> torch.Tensor:
        """The tensor that is there now."""
        return self.holder[self.key]


@dataclass(frozen=True)
class Constant:
    """A tensor that is no state of the layer: a closure's, a global's, one made from literals."""

    name: str
    tensor: torch.Tensor


def state_refs(layer: torch.nn.Module) -> list[StateRef]:
    """Every tensor of a layer by path: parameters, buffers and tensors assigned as plain attributes."""
    refs = []
    for prefix, module in layer.named_modules(remove_duplicate=True):
        if _is_scripted(module):
            # Its tensors live in C++, and its calls cannot be traced.
            continue
        for kind, holder in (
            ("parameter", module._parameters),
            ("buffer", module._buffers),
            ("attribute", module.__dict__),
        ):
            for key, value in holder.items():
                if isinstance(value, torch.Tensor):
                    # Paddle keeps a tensor assigned as an attribute as a buffer that is not saved.
                    plain_attribute = kind == "buffer" and key in module._non_persistent_buffers_set
                    path = f"{prefix}.{key}" if prefix else key
                    refs.append(StateRef(path, "attribute" if plain_attribute else kind, holder, key))
    return refs


def _is_scripted(module: torch.nn.Module) -> bool:
    return type(module).__module__.startswith("torch.jit")


class Structure:
    """What a graph takes for granted about its layer: its sublayers, its settings, which paths hold the same tensor.

    entries: (dict, key, object) for every sublayer and for each setting that forward read; each must still be there. A
    graph of a layer that is built otherwise today would be silently wrong.
    """

    def __init__(self, layer: torch.nn.Module, refs: list[StateRef], settings: Settings):
        self.entries: list[tuple[dict[str, Any], str, Any]] = [
            (parent._modules, key, child)  # type: ignore[misc]
            for parent in layer.modules()
            if not _is_scripted(parent)
            for key, child in parent._modules.items()
        ]
        # What forward itself changes is no setting; verification looks after it.
        self._settings = [(m, key, value) for m, key, value in settings.values() if _is_still(m, key, value)]
        self.entries += [(module.__dict__, key, module.__dict__[key]) for module, key, _ in self._settings]
        first: dict[int, StateRef] = {}
        self._tied = []
        for ref in refs:
            canonical = first.setdefault(id(ref.get()), ref)
            if canonical is not ref:
                self._tied.append((canonical, ref))
        self.entries += [(ref.holder, ref.key, ref.get()) for _, ref in self._tied]

    def check(self) -> None:
        """Raise StaleGraphError when a sublayer or a setting is another one, or tied tensors were parted."""
        for holder, key, thing in self.entries:
            if isinstance(thing, torch.nn.Module) and holder.get(key) is not thing:
                raise StaleGraphError(
                    f"FXT107 the sublayer {key!r} ({type(thing).__name__}) was replaced or removed after the trace. "
                    f"The "
                    "static graph is of the layer as it was: trace again. See docs/errors.md#fxt107"
                )
        for module, key, value in self._settings:
            if not _is_still(module, key, value):
                raise StaleGraphError(
                    f"FXT107 forward reads {type(module).__name__}.{key}, which was {value!r} during the trace and is "
                    f"{module.__dict__.get(key)!r} now. The static graph is of the layer as it was: trace again. See "
                    "docs/errors.md#fxt107"
                )
        for canonical, ref in self._tied:
            if canonical.holder.get(canonical.key) is not ref.holder.get(ref.key):
                raise StaleGraphError(
                    f"FXT107 {canonical.path!r} and {ref.path!r} were one tensor during the trace and are two now. The "
                    "static graph is of the layer as it was: trace again. See docs/errors.md#fxt107"
                )

    def entries_now(self) -> list[tuple[dict[str, Any], str, Any]]:
        """The entries with the tensors that tied paths hold now."""
        return [(holder, key, holder.get(key)) for holder, key, _ in self.entries]


def _is_still(module: torch.nn.Module, key: str, value: Any) -> bool:
    now = module.__dict__.get(key)
    # Not-a-number is itself.
    return now is value or (type(now) is type(value) and now == value)


class Snapshot:
    """What a layer and the random generators hold now: `restore` puts it back, however often.

    Parameters' values are not copied (a forward that writes to one is refused); buffers, tensor attributes,
    Python attributes, containers among them (one level deep), hooks and training flags are.
    earlier: a snapshot whose tensors are held, too: forward may have returned a buffer that it replaced.
    """

    def __init__(self, layer: torch.nn.Module, earlier: Snapshot | None = None):
        self._modules = []
        # A lazy module changes its type in its first call.
        self._types = [(id(module), type(module)) for module in layer.modules()]
        for module in layer.modules():
            attributes = dict(module.__dict__)
            contents = {k: v.copy() for k, v in attributes.items() if isinstance(v, _CONTAINERS)}
            self._modules.append((module, attributes, contents))
        refs = state_refs(layer)
        # A parameter of a lazy module has no shape yet, and another type then.
        self._forms = {ref.path: ref.kind != "parameter" and (tuple(ref.get().shape), ref.get().dtype) for ref in refs}
        tensors = [ref.get() for ref in refs if ref.kind != "parameter"]
        tensors += [tensor for tensor, _ in earlier._tensors] if earlier else []
        self._tensors: list[tuple[torch.Tensor, torch.Tensor]] = [
            (tensor, plain_copy(tensor)) for tensor in {id(x): x for x in tensors}.values()
        ]
        self._rng = (get_rng_state(), random.getstate(), np.random.get_state())

    def is_built_as(self, other: Snapshot) -> bool:
        """True when both hold sublayers of the same types, and tensors of the same names, shapes and dtypes."""
        return self._types == other._types and self._forms == other._forms

    def restore(self) -> None:
        """Put everything back."""
        for module, attributes, contents in self._modules:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for key, content in contents.items():
                _refill(attributes[key], content)
        with torch.no_grad():
            for tensor, value in self._tensors:
                if not _same(tensor, value):
                    # Through .data: autograd's record of the eager call must stay valid.
                    plain(tensor).data.copy_(value)
        set_rng_state(self._rng[0])
        random.setstate(self._rng[1])
        np.random.set_state(self._rng[2])


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(plain(a), b)


def _refill(container: Any, content: Any) -> None:
    container.clear()
    container.extend(content) if isinstance(container, list | deque) else container.update(content)
