"""The state of a layer: where its tensors live, and a snapshot that puts everything back."""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fxtraced.framework.random import get_rng_state, set_rng_state
from fxtraced.tensor.tensor import plain, plain_copy

_CONTAINERS = (list, dict, set, OrderedDict)


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


def state_refs(layer: torch.nn.Module) -> list[StateRef]:
    """Every tensor of a layer by path: parameters, buffers and tensors assigned as plain attributes."""
    refs = []
    for prefix, module in layer.named_modules(remove_duplicate=True):
        for kind, holder in (
            ("parameter", module._parameters),
            ("buffer", module._buffers),
            ("attribute", module.__dict__),
        ):
            for key, value in holder.items():
                if isinstance(value, torch.Tensor):
                    refs.append(StateRef(f"{prefix}.{key}" if prefix else key, kind, holder, key))
    return refs


class Snapshot:
    """What a layer and the random generators hold now: `restore` puts it back, however often.

    Parameters' values are not copied (a forward that writes to one is refused); buffers, tensor attributes,
    Python attributes, containers among them (one level deep), hooks and training flags are.
    """

    def __init__(self, layer: torch.nn.Module):
        self._modules = []
        for module in layer.modules():
            attributes = dict(module.__dict__)
            contents = {k: v.copy() for k, v in attributes.items() if isinstance(v, _CONTAINERS)}
            self._modules.append((module, attributes, contents))
        self._tensors = [
            (ref.get(), plain_copy(ref.get())) for ref in state_refs(layer) if ref.kind != "parameter"
        ]
        self._rng = (get_rng_state(), random.getstate(), np.random.get_state())

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
                    plain(tensor.data).copy_(value)
        set_rng_state(self._rng[0])
        random.setstate(self._rng[1])
        np.random.set_state(self._rng[2])


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(plain(a), b)


def _refill(container: Any, content: Any) -> None:
    container.clear()
    container.extend(content) if isinstance(container, list) else container.update(content)
