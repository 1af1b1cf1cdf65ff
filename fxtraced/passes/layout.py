"""Channels last: what a graph needs whose four-dimensional tensors lie in memory with their channels last."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.matching import is_call
from fxtraced.tracing.regions import all_nodes

_LOOK_AT_LAYOUT = ("as_strided", "stride", "is_contiguous", "storage_offset", "data_ptr", "view_as")

# Calls whose result lies in memory as their first argument.
_KEEP_LAYOUT = ("relu", "relu6", "silu", "hardswish", "sigmoid", "leaky_relu", "gelu", "add", "add_into", "mul")

# Axes [N, C, H, W] with the channels last, and back.
CHANNELS_LAST, CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """A plain tensor [N, C, H, W] with its channels last in memory.

    torch's `contiguous` walks element by element, which takes longer than its shuffle of channels, with a whole
    image as the channels of one place.
    """
    n, c, h, w = tensor.size()
    if c == 1 or not tensor.numel() or not tensor.is_contiguous():
        return tensor.contiguous(memory_format=torch.channels_last)
    places = torch.channel_shuffle(tensor.view(n, 1, 1, c * h * w).permute(CHANNELS_FIRST), c)
    return places.permute(CHANNELS_LAST).reshape(n, h, w, c).permute(CHANNELS_FIRST)


def lies_channels_last(value: Any) -> bool:
    """True for an image [N, C, H, W] of a packed convolution or matrix product, also after activations and additions.

    Where it is of neither, it may lie in any way.
    """
    while is_call(value, *_KEEP_LAYOUT) and value.args[0].meta.get("shape") == value.meta["shape"]:
        value = value.args[0]
    if not isinstance(value, fx.Node):
        return False
    packed = torch.ops.mkldnn._convolution_pointwise
    is_turned = value.target is torch.permute and tuple(value.args[1]) == CHANNELS_FIRST  # type: ignore[arg-type]
    return is_turned or value.target in (packed.default, packed.binary)


def looks_at_layout(graph: fx.Graph) -> bool:
    """True for a graph whose results depend on how its tensors lie in memory."""
    return any(is_call(node, *_LOOK_AT_LAYOUT) or _views_another_dtype(node) for node in all_nodes(graph))


def _views_another_dtype(node: fx.Node) -> bool:
    return is_call(node, "view") and any(isinstance(x, torch.dtype) for x in (*node.args, *node.kwargs.values()))


def allow_channels_last(graph: fx.Graph) -> None:
    """Make fetches contiguous, and views into reshapes."""
    _keep_fetches_contiguous(graph)
    reshape_for_view(graph)


def reshape_for_view(graph: fx.Graph) -> None:
    """Make views into reshapes in a graph that writes nothing: view does not take every layout."""
    for node in all_nodes(graph):
        if node.op == "call_method" and node.target == "view" and not _views_another_dtype(node):
            node.target = "reshape"


def _keep_fetches_contiguous(graph: fx.Graph) -> None:
    output = graph.output_node()
    with graph.inserting_before(output):
        for value in dict.fromkeys(output.all_input_nodes):
            if len(value.meta.get("shape", ())) == 4 and value.op.startswith("call") and value.target != "contiguous":
                contiguous = graph.call_method("contiguous", (value,))
                contiguous.meta = dict(value.meta)
                output.replace_input_with(value, contiguous)
