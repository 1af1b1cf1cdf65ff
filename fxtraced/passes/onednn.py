"""What oneDNN computes in one call: a convolution or linear with the addition and the activation after it."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.passes.matching import argument, name_of
from fxtraced.passes.state_values import is_float32

# Activations without an argument: torch's name, and oneDNN's.
_PLAIN = {"relu": "relu", "silu": "swish", "hardswish": "hardswish", "sigmoid": "sigmoid", "tanh": "tanh"}


class Activation(NamedTuple):
    """oneDNN's name of an activation, its numbers and its variant."""

    name: str = "none"
    numbers: tuple[float, ...] = ()
    variant: str = ""


def is_available() -> bool:
    """True when this torch has oneDNN, nobody switched it off, and the CPU is one that it is made for."""
    mkldnn = torch.backends.mkldnn
    return mkldnn.is_available() and bool(mkldnn.enabled) and "AVX" in torch.backends.cpu.get_cpu_capability()


def calculates_bfloat16() -> bool:
    """True when oneDNN is for this CPU, which calculates in bfloat16 itself: made of float32 it is slower than that."""
    has_it = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return is_available() and has_it and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def hides_nan(node: fx.Node) -> bool:
    """True for a oneDNN call that ends in relu or relu6, which are max(x, 0) there: 0 for not-a-number."""
    return isinstance(node.target, torch._ops.OpOverload) and any(x in ("relu", "hardtanh") for x in node.args)


def takes(node: fx.Node, *operands: Any) -> bool:
    """True when oneDNN can compute a product of these operands: all in float32, or in what a pass reduced it to.

    Products that the layer itself has in bfloat16 stay as they are: another kernel rounds them otherwise, by far more
    than folded weights do.
    """
    if is_float32(node, *operands):
        return True
    reduced = node.meta.get("reduced")
    dtypes = {x.meta.get("dtype") for x in operands}
    return reduced is torch.bfloat16 and dtypes == {reduced} and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def activation_after(node: fx.Node) -> tuple[fx.Node, Activation] | None:
    """The activation that alone reads a node, where oneDNN has it."""
    user = only_user(node)
    name = name_of(user)
    if name in _PLAIN:
        return user, Activation(_PLAIN[name])
    if name == "relu6":
        return user, Activation("hardtanh", (0.0, 6.0))
    if name == "gelu":
        return user, Activation("gelu", (), argument(user, 1, "approximate", "none"))
    slope = argument(user, 1, "negative_slope", 0.01) if name == "leaky_relu" else None
    return (user, Activation("leaky_relu", (float(slope),))) if isinstance(slope, int | float) else None


def addition_after(node: fx.Node) -> tuple[fx.Node, fx.Node] | None:
    """The addition that alone reads a node, and its other operand, a tensor of the same shape and dtype."""
    user = only_user(node)
    if user is None or user.target not in (operator.add, torch.add) or len(user.args) != 2 or user.kwargs:
        return None
    other = user.args[0] if user.args[1] is node else user.args[1]
    if other is node or not isinstance(other, fx.Node):
        return None
    same = all(node.meta[key] == other.meta.get(key) for key in ("shape", "dtype"))
    return (user, other) if same else None


def only_user(node: fx.Node, kind: str = "call_function") -> Any:
    """The call of this kind that alone reads this node; None when there are several."""
    users = list(node.users)
    return users[0] if len(users) == 1 and users[0].op == kind else None
