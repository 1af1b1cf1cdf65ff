"""Wrappers of torch.nn.functional as the operators that they end in.

TorchScript compiles a wrapper with its checks and branches into every call of it. The operator alone is a node instead
of dozens, and other readers of TorchScript know it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import fx
from torch.nn import functional as F


class Operator(NamedTuple):
    """What a wrapper ends in when every argument that is not in `arguments` has its default.

    arguments: the wrapper's parameters in the operator's order; "stride/kernel_size" is the second where the first is
    None, and a capital letter or digit begins a constant. given: the parameter that must not be None.
    """

    name: str
    arguments: str = "input"
    given: str = ""


_POOL = "input kernel_size stride/kernel_size padding dilation ceil_mode"
_OPERATORS: dict[Any, Operator] = {
    F.adaptive_avg_pool2d: Operator("torch._C._nn.adaptive_avg_pool2d", "input output_size"),
    F.adaptive_avg_pool3d: Operator("torch._C._nn.adaptive_avg_pool3d", "input output_size"),
    F.batch_norm: Operator(
        "torch.batch_norm", "input weight bias running_mean running_var False momentum eps True", given="running_mean"
    ),
    F.celu: Operator("torch.celu", "input alpha"),
    F.elu: Operator("torch._C._nn.elu", "input alpha"),
    F.embedding: Operator("torch.embedding", "weight input padding_idx/-1 scale_grad_by_freq sparse"),
    F.glu: Operator("torch._C._nn.glu", "input dim"),
    F.hardsigmoid: Operator("torch._C._nn.hardsigmoid"),
    F.hardswish: Operator("torch._C._nn.hardswish"),
    F.hardtanh: Operator("torch._C._nn.hardtanh", "input min_val max_val"),
    F.layer_norm: Operator("torch.layer_norm", "input normalized_shape weight bias eps"),
    F.leaky_relu: Operator("torch._C._nn.leaky_relu", "input negative_slope"),
    F.log_softmax: Operator("torch.log_softmax", "input dim dtype", given="dim"),
    F.max_pool1d: Operator("torch.max_pool1d", _POOL),
    F.max_pool2d: Operator("torch.max_pool2d", _POOL),
    F.max_pool3d: Operator("torch.max_pool3d", _POOL),
    F.mish: Operator("torch._C._nn.mish"),
    F.pad: Operator("torch._C._nn.pad", "input pad mode value"),
    F.relu: Operator("torch.relu"),
    F.relu6: Operator("torch._C._nn.relu6"),
    F.selu: Operator("torch.selu"),
    F.sigmoid: Operator("torch.sigmoid"),
    F.silu: Operator("torch._C._nn.silu"),
    F.softmax: Operator("torch.softmax", "input dim dtype", given="dim"),
    F.tanh: Operator("torch.tanh"),
}


def canonical_call(
    target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], text: Callable[[Any], str]
) -> str | None:
    """The text of the operator's call that means target(*args, **kwargs); None where the wrapper does more.

    text: the source text of a value.
    """
    if target is torch.unflatten and not kwargs:
        return _unflatten(text, *args)
    if target is F.interpolate:
        return _interpolate(text, **_signature(target).bind(*args, **kwargs).arguments)
    operator = _OPERATORS.get(target)
    if operator is None:
        return None
    bound = _signature(target).bind(*args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    words = [word.split("/") for word in operator.arguments.split()]
    used = {name for word in words for name in word}
    others = (p for name, p in _signature(target).parameters.items() if name not in used)
    if (operator.given and given[operator.given] is None) or any(given[p.name] != p.default for p in others):
        return None

    def written(word: list[str]) -> str:
        name = next((x for x in word if x not in given or given[x] is not None), word[0])
        return text(given[name]) if name in given else name

    return f"{operator.name}({', '.join(map(written, words))})"


def _unflatten(text: Callable[[Any], str], x: fx.Node, dim: int, sizes: Any) -> str | None:
    """unflatten as a reshape to as many sizes: other readers know its rank then. -1 does not work for both alike."""
    if not isinstance(sizes, list | tuple) or -1 in sizes:
        return None
    rank = len(x.meta["shape"])
    kept = [f"{text(x)}.size({i})" for i in range(rank)]
    kept[dim % rank : dim % rank + 1] = map(text, sizes)
    return f"torch.reshape({text(x)}, [{', '.join(kept)}])"


# By mode and number of axes, and whether align_corners is an argument.
_UPSAMPLING = {
    ("nearest", 3): ("upsample_nearest1d", False),
    ("nearest", 4): ("upsample_nearest2d", False),
    ("nearest", 5): ("upsample_nearest3d", False),
    ("linear", 3): ("upsample_linear1d", True),
    ("bilinear", 4): ("upsample_bilinear2d", True),
    ("trilinear", 5): ("upsample_trilinear3d", True),
    ("bicubic", 4): ("upsample_bicubic2d", True),
}


def _interpolate(
    text: Callable[[Any], str],
    input: fx.Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    **others: Any,
) -> str | None:
    """The operator of one mode: the wrapper names those of all, and older versions of torch do not know the newest."""
    axes = len(input.meta["shape"]) - 2
    name, has_corners = _UPSAMPLING.get((mode, axes + 2), ("", False))
    given = scale_factor if size is None else size
    values = list(given) if isinstance(given, list | tuple) else [given] * axes
    plain = all(isinstance(x, int | float) or x.meta.get("number") is int for x in values if x is not None)
    one_of_two = (size is None) != (scale_factor is None) and len(values) == axes
    if not name or not one_of_two or any(others.values()) or not plain or isinstance(align_corners, fx.Node):
        return None
    if size is None and not all(isinstance(x, int | float) for x in values):
        return None
    written = f"[{', '.join(text(x if size is not None else float(x)) for x in values)}]"
    sizes, scales = ("None", written) if size is None else (written, "None")
    corners = f"{bool(align_corners)}, " if has_corners else ""
    return f"torch._C._nn.{name}({text(input)}, {sizes}, {corners}{scales})"


@cache
def _signature(target: Any) -> inspect.Signature:
    # Pooling chooses between two functions by return_indices; the one without indices has the parameters.
    return inspect.signature(getattr(F, f"_{target.__name__}", target))
