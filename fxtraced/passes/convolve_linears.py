"""convolve_linears: a linear call becomes a 1x1 convolution, where that is faster.

Requires: a graph for a CPU whose torch has oneDNN, before pack_linears. Ensures: same values within rounding at every
size; the rows of such a call, which is in float32, are the places of an image whose channels are last in memory, so
nothing is copied for it, and the addition or the activation that alone reads it comes before they are rows again.
oneDNN has kernels of its own for each: without AVX-512 its product takes up to a fourth longer. Which is faster is
measured.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from fxtraced.passes.linear import Site, linears, only_linear, rows
from fxtraced.passes.matching import replace_calls
from fxtraced.passes.measuring import choose
from fxtraced.passes.pack_convolutions import pack_convolution
from fxtraced.passes.pack_linears import pack_linears
from fxtraced.passes.state_values import derived_call, is_float32, packed_call, state_values
from fxtraced.tensor.loops import convolve_and_add, image_as_rows, rows_as_image

# How many times faster it must be.
_GAIN = 1.03
# Stride, padding, dilation and groups.
_SETTINGS: Any = ([1, 1], [0, 0], [1, 1], 1)


def convolve_linears(graph: fx.Graph) -> int:
    """Replace linear calls by convolutions, in place; returns how many."""
    state = state_values(graph)
    sites = [site for site in linears(graph, state) if is_float32(site.node)]
    variants = {"linear": pack_linears, "convolution": _convolve}
    chosen = choose([(("convolved", *site.key), site.nodes) for site in sites], state, variants, gain=_GAIN)
    found = [site.node for site, name in zip(sites, chosen, strict=True) if name == "convolution"]
    for node in found:
        # Each is looked at anew: the one before may have taken an addition that both could.
        convolve_packed(graph, node)
    return len(found)


def convolve(graph: fx.Graph, node: fx.Node) -> fx.Node:
    """Replace a linear call, and what can be made with it, by a convolution and that on images; the convolution."""
    site = Site.of(node)
    x, _, bias = site.linear
    last = site.nodes[-1]
    with graph.inserting_before(last):
        args = (_image_of(graph, x), _kernel(graph, site), bias, *_SETTINGS)
        convolution = value = graph.call_function(torch.nn.functional.conv2d, args)
        value.meta = _meta_of_image(node)
        if site.added:
            value = graph.call_function(operator.add, (value, _image_of(graph, site.added[1])))
        elif site.activation:
            value = graph.create_node(last.op, last.target, (value, *last.args[1:]), dict(last.kwargs))
        value.meta = _meta_of_image(last)
    replace_calls(graph, site.nodes, image_as_rows, (value, x))
    return convolution


def convolve_packed(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a linear call, and what can be made with it, by a oneDNN call."""
    site = Site.of(node)
    if not site.added:
        pack_convolution(graph, convolve(graph, node))
        return
    x, weight, bias = site.linear
    size = [1, int(x.meta["shape"][-1]), rows(node), 1]
    stride, padding, dilation, groups = _SETTINGS
    with graph.inserting_before(node):
        lay_out = torch.ops.mkldnn._reorder_convolution_weight.default
        settings = (padding, stride, dilation, groups, size)
        packed = packed_call(graph, lay_out, [_kernel(graph, site)], *settings, like=weight)
    replace_calls(graph, site.nodes, convolve_and_add, (x, site.added[1], packed, bias))


def as_kernel(weight: Any) -> Any:
    """A linear call's weight [out, in] as a convolution's [out, in, 1, 1]."""
    return weight.reshape(*weight.shape, 1, 1)


def _kernel(graph: fx.Graph, site: Site) -> fx.Node:
    weight = site.linear.weight
    kernel = derived_call(graph, as_kernel, (weight,), like=weight)
    kernel.meta["shape"] = (*weight.meta["shape"], 1, 1)
    return kernel


def _image_of(graph: fx.Graph, x: fx.Node) -> fx.Node:
    image = graph.call_function(rows_as_image, (x,))
    image.meta = {**_meta_of_image(x), "view": True}
    return image


def _meta_of_image(node: fx.Node) -> dict[str, Any]:
    return {**node.meta, "shape": (1, node.meta["shape"][-1], rows(node), 1)}


def _convolve(graph: fx.Graph) -> None:
    convolve_packed(graph, only_linear(graph))
