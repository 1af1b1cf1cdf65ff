"""Plain torch modules within layers: they compute with torch's own tensors.

x.transpose(0, 1), x.max(1) or x.split(2) mean something else in Paddle than in the code of a torch module.
"""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.tensor import Tensor, as_paddle, as_torch

_ALIAS = "_is_a_tensors_alias"


def give_torch_tensors(module: torch.nn.Module) -> None:
    """Let a plain torch module see a torch.Tensor for each Tensor that it is called with, and return Tensors then.

    Lists and dicts of modules, which are not called themselves, have it done to their entries; Layers are left as they
    are. Two hooks do it, which are copied and pickled with the module.
    """
    if isinstance(module, torch.nn.ModuleList | torch.nn.ModuleDict):
        for child in module.children():
            give_torch_tensors(child)
    elif not hasattr(module, "full_name") and _to_torch not in module._forward_pre_hooks.values():
        module.register_forward_pre_hook(_to_torch, prepend=True, with_kwargs=True)
        module.register_forward_hook(_to_paddle, with_kwargs=True)


def _to_torch(module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
    if not any(isinstance(x, Tensor) for x in _leaves((args, kwargs))):
        return None
    args, kwargs = as_torch(args), as_torch(kwargs)
    for alias in _leaves((args, kwargs)):
        if isinstance(alias, torch.Tensor):
            setattr(alias, _ALIAS, True)
    return args, kwargs


def _to_paddle(module: torch.nn.Module, args: Any, kwargs: Any, outputs: Any) -> Any:
    if any(hasattr(x, _ALIAS) for x in _leaves((args, kwargs))):
        return as_paddle(outputs)
    return None


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    return [value]
