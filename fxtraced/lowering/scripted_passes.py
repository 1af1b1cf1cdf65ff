"""Passes over the scripted graph of an archive for oneDNN's graph compiler.

They do what those of their names in passes/partitioning.py and passes/partition_linears.py do.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from fxtraced.framework.native import native
from fxtraced.lowering.scripted import holds_tensors, insert, opaque, sizes_of
from fxtraced.passes import onednn
from fxtraced.passes.calculate_linears import calculate_linear, no_bias, numbers_of
from fxtraced.passes.calculate_recurrent import in_blocks
from fxtraced.passes.convolve_linears import as_kernel
from fxtraced.passes.fastest_linear import Case, fastest
from fxtraced.passes.layout import CHANNELS_FIRST, CHANNELS_LAST
from fxtraced.passes.linear import WORTHWHILE
from fxtraced.passes.partitioning import MOST_OF_ONE_ROW, PRODUCTS

# What a convolution's partition takes in after it, of one operand.
_ACTIVATIONS = tuple(f"aten::{x}" for x in ("relu", "gelu", "silu", "hardswish", "sigmoid", "tanh", "leaky_relu"))
# What a kernel takes in.
_KERNELS = {
    f"aten::{name}": onednn.Activation(other)
    for name, other in (("relu", "relu"), ("silu", "swish"), ("hardswish", "hardswish"), ("sigmoid", "sigmoid"))
} | {"aten::gelu": onednn.Activation("gelu", (), "none")}


def part_ways_that_meet(graph: Any) -> int:
    """Keep what follows a product in two ways that meet again out of its partition, in place; returns how often."""
    meeting = [node for node in graph.nodes() if _is_product(node) and _meet_again(node)]
    for node in meeting:
        _part_after(graph, node)
    return len(meeting)


def part_sums_of_one_row(graph: Any, feeds: Sequence[torch.Tensor]) -> int:
    """Keep what is added to a product of one row with many inputs out of its partition, in place; returns how often.

    For feeds like these. Raises as call_scripted does.
    """
    found = [node for node in graph.nodes() if node.kind() == "aten::addmm" or (_is_of_rows(node) and _is_added(node))]
    values = [(node.output(), node.inputsAt(1 if node.kind() == "aten::addmm" else 0)) for node in found]
    sizes = iter(sizes_of(graph, [value for pair in values for value in pair], feeds) if found else [])
    parted = 0
    for node in found:
        result, inputs = next(sizes), next(sizes)
        if math.prod(result[:-1]) != 1 or inputs[-1] <= MOST_OF_ONE_ROW:
            continue
        if node.kind() == "aten::addmm":
            added, left, right, beta, alpha = node.inputs()
            with graph.insert_point_guard(node):
                product = insert(graph, "aten::mm", left, right)
                scaled = insert(graph, "aten::mul", added, beta)
                whole = insert(graph, "aten::add", scaled, product, alpha)
            node.output().replaceAllUsesWith(whole)
            node.destroy()
            node = product.node()
        _part_after(graph, node)
        parted += 1
    return parted


def _part_after(graph: Any, node: Any) -> None:
    value = node.output()
    alias = graph.create("aten::alias", [value], 1)
    alias.output().setType(value.type())
    alias.insertAfter(node)
    value.replaceAllUsesAfterNodeWith(alias, alias.output())


def lay_out_as_partitions_do(graph: Any, feeds: Sequence[torch.Tensor], is_float: Sequence[bool]) -> None:
    """Turn the images among the feeds to channels last and the results back, for feeds of these sizes, in place.

    Partitions keep the layout that they get. As the graphs of layers for them, this one gives one output more: the sum
    of all numbers in the feeds that is_float names.
    """
    totals = []
    values = list(graph.inputs())[1:]
    first = next(iter(graph.nodes()), graph.return_node())
    with graph.insert_point_guard(first):
        for value, feed, counts in zip(values, feeds, is_float, strict=True):
            if not counts:
                continue
            uses = list(value.uses())
            turned, total = _turned(graph, value, feed)
            totals.append(total)
            for use in uses:
                use.user.replaceInputWith(value, turned)
    with graph.insert_point_guard(graph.return_node()):
        whole = next(graph.outputs())
        is_tuple = whole.node().kind() == "prim::TupleConstruct"
        results = [insert(graph, "aten::contiguous", x, 0) for x in (whole.node().inputs() if is_tuple else [whole])]
        total = functools.reduce(lambda a, b: insert(graph, "aten::add", a, b, 1), totals) if totals else None
        results.append(graph.insertConstant(0.0) if total is None else total)
    graph.eraseOutput(0)
    for result in results:
        graph.registerOutput(result)
    graph.makeMultiOutputIntoTuple()


def _turned(graph: Any, value: Any, feed: torch.Tensor) -> tuple[Any, Any]:
    """A float32 value like this feed, channels last where it is an image, and the sum of its numbers."""
    if feed.ndim != 4 or native() is None:
        total = insert(graph, "aten::sum", value, None)
        return (_channels_last(graph, value, feed) if feed.ndim == 4 else value), total
    # One look does both.
    node = graph.insertNode(graph.create("fxtraced::turned", [value], 2))
    image, total = node.outputs()
    return image, total


def _channels_last(graph: Any, image: Any, feed: torch.Tensor) -> Any:
    """What channels_last of passes/layout.py gives for an image like this feed."""
    n, c, h, w = feed.shape
    if c == 1 or not feed.numel():
        return insert(graph, "aten::contiguous", image, 2)
    flat = insert(graph, "aten::reshape", image, [n, 1, 1, c * h * w])
    places = insert(graph, "aten::channel_shuffle", insert(graph, "aten::permute", flat, list(CHANNELS_FIRST)), c)
    rows = insert(graph, "aten::reshape", insert(graph, "aten::permute", places, list(CHANNELS_LAST)), [n, h, w, c])
    return insert(graph, "aten::permute", rows, list(CHANNELS_FIRST))


def drop_assertions(graph: Any) -> int:
    """Drop the guards and the checks of the feeds, in place, and what only they needed; returns how many.

    Requires: the graph is called for the sizes alone with which they held. The compiler looks at the whole graph once
    for each of them.
    """
    found = [node for node in graph.nodes() if _is_assertion(node)]
    for node in found:
        node.destroy()
    torch._C._jit_pass_dce(graph)
    return len(found)


def _is_assertion(node: Any) -> bool:
    if node.kind() != "prim::If" or node.outputsSize():
        return False
    kinds = {inner.kind() for block in node.blocks() for inner in block.nodes()}
    return kinds == {"prim::RaiseException"}


class _Site(NamedTuple):
    """A linear call with a weight of the module.

    addition: of a tensor, where it alone reads the call. activation: where there is no such addition, the one that
    alone reads it.
    """

    node: Any
    weight: torch.Tensor
    addition: Any = None
    activation: Any = None

    @property
    def x(self) -> Any:
        return self.node.inputsAt(0)

    @property
    def after(self) -> str:
        """What follows, as fastest_linear.Case has it."""
        follower = self.addition or self.activation
        return follower.kind().partition("::")[2] if follower else ""

    @property
    def other(self) -> Any:
        """What is added; the call's input where nothing is."""
        if self.addition is None:
            return self.x
        first, second = self.addition.inputsAt(0), self.addition.inputsAt(1)
        # A value is another object each time that it is asked for; its name is its own.
        return second if first.debugName() == self.node.output().debugName() else first


def partition_linears(graph: Any, feeds: Sequence[torch.Tensor]) -> dict[str, int]:
    """Replace linear calls by 1x1 convolutions, products of MKL and calls of a kernel where those are faster, in place.

    For feeds like these. Returns how many became a "convolution", how many "mkl" and how many a "kernel". Raises as
    call_scripted does.
    """
    changed = {"convolution": 0, "mkl": 0, "kernel": 0}
    sites = [site for node in graph.nodes() if (site := _site(node))]
    if not sites or not onednn.is_available():
        return changed
    sizes = iter(sizes_of(graph, [value for site in sites for value in (site.x, site.other)], feeds))
    large = []
    for site in sites:
        size, other = next(sizes), next(sizes)
        outputs, inputs = site.weight.shape
        case = Case(math.prod(size[:-1]), outputs, inputs, site.after)
        if len(size) > 1 and math.prod(case[:3]) >= WORTHWHILE:
            large.append((site.node, case, [*size[:-1], case.outputs], list(other)))
    module = native()
    width = module.width() if module else 0
    kernel = functools.partial(calculate_linear, width=width) if width else None
    ways = fastest([case for _, case, _, _ in large], kernel)
    for (node, case, result, added), way in zip(large, ways, strict=True):
        # Looked at anew: the one before may have taken an addition that both could.
        site = _site(node)
        if site.addition and added != result:
            site = site._replace(addition=None)
        if way == "convolution":
            _convolve(graph, site, result)
        elif way == "mkl":
            _multiply(graph, site, case.rows)
        elif way == "kernel":
            _calculate(graph, site, width)
        else:
            continue
        changed[way] += 1
    return changed


def _site(node: Any) -> Any:
    """The _Site of a linear call with a weight of the module, in float32; None for another node."""
    if node.kind() != "aten::linear":
        return None
    weight, bias = node.inputsAt(1), node.inputsAt(2)
    if weight.node().kind() != "prim::Constant" or bias.node().kind() != "prim::Constant":
        return None
    value = weight.toIValue()
    if value.dtype is not torch.float32 or value.ndim != 2:
        return None
    uses = node.output().uses()
    user = uses[0].user if len(uses) == 1 else None
    if user is not None and user.kind() == "aten::add" and user.inputsAt(2).toIValue() == 1:
        site = _Site(node, value, addition=user)
        return site if holds_tensors(site.other) else _Site(node, value)
    return _Site(node, value, activation=user if user is not None and user.kind() in _ACTIVATIONS else None)


def _convolve(graph: Any, site: _Site, size: list[int]) -> None:
    """Put a convolution, and that which is made with it, in the place of a linear call whose result has this size."""
    node, last = site.node, site.addition or site.activation or site.node
    with graph.insert_point_guard(last):
        kernel = as_kernel(site.weight)
        image = _image(graph, site.x)
        settings = ([1, 1], [0, 0], [1, 1], 1)
        value = insert(graph, "aten::conv2d", image, kernel, node.inputsAt(2), *settings)
        if site.addition:
            other = site.other
            last.replaceInputWith(other, _image(graph, other))
    if last is not node:
        last.replaceInputWith(node.output(), value)
        value = last.output()
    # There is no way to ask for the node after one.
    place = graph.create("prim::Constant", 1)
    place.insertAfter(last)
    with graph.insert_point_guard(place):
        turned = insert(graph, "aten::permute", value, list(CHANNELS_LAST))
        rows = insert(graph, "aten::reshape", turned, size)
    place.destroy()
    last.output().replaceAllUsesAfterNodeWith(rows.node(), rows)
    node.destroy()


def _multiply(graph: Any, site: _Site, rows: int) -> None:
    """Put a product of MKL in the place of a linear call with so many rows."""
    node = site.node
    with graph.insert_point_guard(node):
        packed = opaque(graph, torch.ops.mkl._mkl_reorder_linear_weight(site.weight.contiguous(), rows))
        value = insert(graph, "mkl::_mkl_linear", site.x, packed, node.inputsAt(1), node.inputsAt(2), rows)
    node.output().replaceAllUsesWith(value)
    node.destroy()


def _calculate(graph: Any, site: _Site, width: int) -> None:
    """Put a call of the kernel in the place of a linear call and what follows it, if the kernel has that."""
    node, follower = site.node, site.addition or site.activation
    kind = site.activation.kind() if site.activation else ""
    activation = _KERNELS.get(kind, onednn.Activation())
    if activation.variant and site.activation.inputsAt(1).toIValue() != activation.variant:
        activation = onednn.Activation()
    last = follower if site.addition or activation.name != "none" else node
    bias = node.inputsAt(2).toIValue()
    bias = no_bias(site.weight) if bias is None else bias
    with graph.insert_point_guard(last):
        added = site.other if site.addition else None
        laid_out = in_blocks(site.weight, 1, width)
        value = insert(graph, "fxtraced::linear", site.x, laid_out, bias, added, numbers_of(activation))
    last.output().replaceAllUsesWith(value)
    if last is not node:
        last.destroy()
    node.destroy()


def _image(graph: Any, x: Any) -> Any:
    rows = insert(graph, "aten::flatten", x, 0, -2)
    image = insert(graph, "aten::unsqueeze", insert(graph, "aten::unsqueeze", rows, 1), 0)
    return insert(graph, "aten::permute", image, list(CHANNELS_FIRST))


def _is_product(node: Any) -> bool:
    name = node.kind().rpartition("::")[2]
    return name in PRODUCTS or name == "_convolution"


def _is_of_rows(node: Any) -> bool:
    return node.kind() in ("aten::linear", "aten::matmul", "aten::mm")


def _is_added(product: Any) -> bool:
    seen: set[str] = set()
    pending = [product]
    while pending:
        for use in pending.pop().output().uses():
            user = use.user
            if user.kind() == "prim::Return" or _is_product(user) or user.outputsSize() != 1:
                continue
            if user.kind() in ("aten::add", "aten::add_") and all(holds_tensors(user.inputsAt(i)) for i in (0, 1)):
                return True
            name = user.output().debugName()
            if name not in seen and holds_tensors(user.output()):
                seen.add(name)
                pending.append(user)
    return False


def _meet_again(product: Any) -> bool:
    # A node is another object each time that it is asked for; the name of its first output is its own.
    seen: set[str] = set()
    pending = [product]
    while pending:
        for output in pending.pop().outputs():
            for use in output.uses() if holds_tensors(output) else ():
                user = use.user
                if user.kind() == "prim::Return" or _is_product(user) or not user.outputsSize():
                    continue
                name = next(iter(user.outputs())).debugName()
                if name in seen:
                    return True
                seen.add(name)
                pending.append(user)
    return False
