"""weight_norm and spectral_norm: a weight that is computed from others before each forward."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.layer.norm import spectral_normalised
from fxtraced.tensor.common import torch_method
from fxtraced.tensor.tensor import Parameter


class _WeightNorm:
    """A forward pre-hook that sets weight = g * v / |v|; the norm is over all dimensions but dim (all for None)."""

    def __init__(self, name: str, dim: int | None):
        self.name, self.dim = name, dim

    def weight(self, layer: Any) -> Any:
        g, v = getattr(layer, f"{self.name}_g"), getattr(layer, f"{self.name}_v")
        return v * (_shaped(g, v.ndim, self.dim) / _shaped(self.norm(v), v.ndim, self.dim))

    def norm(self, v: Any) -> Any:
        if self.dim is None:
            return torch.linalg.vector_norm(v)
        # Of each slice, even of one element: no dimensions at all would mean all of them.
        return torch.linalg.vector_norm(torch.flatten(torch.movedim(torch.unsqueeze(v, -1), self.dim, 0), 1), dim=1)

    def __call__(self, layer: Any, inputs: Any) -> None:
        layer.__dict__[self.name] = self.weight(layer)


def _shaped(value: Any, ndim: int, dim: int | None) -> Any:
    return value if dim is None else torch.reshape(value, [-1 if d == dim else 1 for d in range(ndim)])


def weight_norm(layer: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace the parameter `name` by `name_g` and `name_v`, from which it is computed before each forward.

    dim is the axis that keeps a norm of its own; None takes one norm of the whole. Returns the layer.
    """
    if any(isinstance(hook, _WeightNorm) and hook.name == name for hook in layer._forward_pre_hooks.values()):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    weight = layer._parameters.pop(name)
    axis = None if dim in (None, -1) else dim % weight.ndim
    hook = _WeightNorm(name, axis)
    with torch.no_grad():
        layer.add_parameter(f"{name}_v", Parameter(weight.detach().clone(), weight.requires_grad))
        layer.add_parameter(f"{name}_g", Parameter(hook.norm(weight.detach()), weight.requires_grad))
    hook(layer, ())
    layer.register_forward_pre_hook(hook)
    return layer


def remove_weight_norm(layer: Any, name: str = "weight") -> Any:
    """Undo weight_norm, with the weight it gives now. Raises ValueError when there is none."""
    for key, hook in layer._forward_pre_hooks.items():
        if isinstance(hook, _WeightNorm) and hook.name == name:
            weight = hook.weight(layer).detach()
            layer.__dict__.pop(name, None)
            for suffix in ("_g", "_v"):
                del layer._parameters[name + suffix]
            layer.add_parameter(name, Parameter(weight))
            del layer._forward_pre_hooks[key]
            return layer
    raise ValueError(f"weight_norm of '{name}' not found in {layer}")


class _SpectralNorm:
    """A forward pre-hook that sets weight = weight_orig / sigma."""

    def __init__(self, name: str, dim: int, iterations: int, eps: float):
        self.name, self.dim, self.iterations, self.eps = name, dim, iterations, eps

    def __call__(self, layer: Any, inputs: Any) -> None:
        original, u, v = (getattr(layer, self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        if layer.training:
            matrix = torch.flatten(torch.movedim(torch.detach(original), self.dim, 0), 1)
            for _ in range(self.iterations):
                torch_method(v, "copy_", F.normalize(torch.mv(torch.t(matrix), u), dim=0, eps=self.eps))
                torch_method(u, "copy_", F.normalize(torch.mv(matrix, v), dim=0, eps=self.eps))
            u, v = torch.clone(u), torch.clone(v)
        layer.__dict__[self.name] = spectral_normalised(original, u, v, self.dim, 0, self.eps)


def spectral_norm(
    layer: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Replace the parameter `name` by `name_orig`, divided by its largest singular value before each forward.

    dim is the output axis: 1 for Linear and transposed convolutions, else 0. Returns the layer.
    """
    if n_power_iterations <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
    if any(isinstance(hook, _SpectralNorm) and hook.name == name for hook in layer._forward_pre_hooks.values()):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if type(layer).__name__ == "Linear" or type(layer).__name__.endswith("Transpose") else 0
    weight = layer._parameters.pop(name)
    layer.add_parameter(f"{name}_orig", weight)
    rows = weight.shape[dim]
    for suffix, size in (("_u", rows), ("_v", torch.numel(weight) // rows)):
        start = F.normalize(torch.randn(size, dtype=weight.dtype, device=weight.device), dim=0)
        layer.register_buffer(name + suffix, start)
    hook = _SpectralNorm(name, dim, n_power_iterations, eps)
    hook(layer, ())
    layer.register_forward_pre_hook(hook)
    return layer
