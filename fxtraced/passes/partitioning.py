"""Which graphs oneDNN's graph compiler gets, and how their images lie in memory.

The compiler takes convolutions, products and what surrounds them in partitions, each a call of its own (lowering/
partitions.py). It lays weights out and fuses by itself, so its graph has none of the passes that do.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import fx

from fxtraced.passes import onednn
from fxtraced.passes.layout import allow_channels_last, looks_at_layout
from fxtraced.passes.matching import argument, is_call, replace_value, unsqueezed
from fxtraced.passes.state_values import has_effects, products, state_values
from fxtraced.tensor.loops import attention, attention_written_out, fits_one_call, multiply_batches
from fxtraced.tracing.regions import regions_of

# Multiplications of a graph from which its compiled partitions save more than they cost: 20 microseconds a call.
WORTHWHILE = 1 << 20

# What two tensors meet in.
ELEMENTWISE = ("add", "sub", "subtract", "mul", "multiply", "div", "truediv", "maximum", "minimum")
# What a partition is built around.
PRODUCTS = tuple(
    """conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear matmul bmm mm addmm
    baddbmm""".split()
)
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
# Where one row has more inputs, oneDNN's product with an addition after it is not for it: from 1,025 on it writes past
# the end of memory of its own.
MOST_OF_ONE_ROW = 512


def can_be_partitioned(graph: fx.Graph, in_bfloat16: bool = False) -> bool:
    """True for a graph on a CPU whose convolutions and products make it pay, all in float32, that writes nothing.

    in_bfloat16: some may be in it. Branches, loops and random numbers are not for it, nor is a graph that looks at
    layouts.
    """
    if not onednn.is_available() or has_effects(graph) or looks_at_layout(graph):
        return False
    dtypes = (torch.float32, torch.bfloat16) if in_bfloat16 else (torch.float32,)
    if any(regions_of(node) or not _is_among(dtypes, node) for node in graph.nodes):
        return False
    return multiplications(graph) >= WORTHWHILE


def multiplications(graph: fx.Graph) -> int:
    """Those of the convolutions and linear calls with the layer's weights, at the sizes of the trace."""
    state = state_values(graph)
    return sum(_products(node, state) for node in graph.nodes)


def recurrent_multiplications(graph: fx.Graph) -> int:
    """Those of recurrent networks with the layer's weights, at the sizes of the trace.

    Predictors have calls for them.
    """
    state = state_values(graph)
    return sum(_recurrent_products(node, state) for node in graph.nodes if is_call(node, *RECURRENT))


def feed_channels_last(graph: fx.Graph) -> None:
    """Turn the images of a graph with convolutions to channels last, in place: partitions keep the layout they get.

    Between a partition and torch's own operations, images would otherwise be copied to channels first and back.
    """
    images = [node for node in graph.nodes if node.op == "placeholder" and len(node.meta.get("shape", ())) == 4]
    if not images or not any(is_call(node, "conv2d") for node in graph.nodes):
        return
    first = next(node for node in graph.nodes if node.op != "placeholder")
    with graph.inserting_before(first):
        for image in images:
            turned = graph.call_method("contiguous", (image,), {"memory_format": torch.channels_last})
            turned.meta = dict(image.meta)
            image.replace_all_uses_with(turned, delete_user_cb=lambda user, turned=turned: user is not turned)
    allow_channels_last(graph)


def attend_without_branches(graph: fx.Graph) -> None:
    """Let attention that looks at its scores be torch's one call, in place, where the sizes of the trace fit it.

    The compiler refuses a graph with arithmetic in a branch that was not taken. Whether the scores are finite is asked
    of the calls that `meta["bounded"]` names (lowering/freezing.py).
    """
    for node in [x for x in graph.nodes if x.target is attention]:
        q, k, v, mask, scale = node.args
        with graph.inserting_before(node):
            while mask is not None and len(mask.meta["shape"]) < 4:
                mask = unsqueezed(mask)
        sizes: Any = [x if x is None else torch.empty(x.meta["shape"], device="meta") for x in (q, k, v, mask)]
        if fits_one_call(*sizes):
            whole = torch.nn.functional.scaled_dot_product_attention
            replace_value(node, whole, (q, k, v), {"attn_mask": mask, "scale": scale}).meta["bounded"] = True
        else:
            replace_value(node, attention_written_out, (q, k, v, mask, scale))


def part_ways_that_meet(graph: fx.Graph) -> int:
    """Keep what follows a product in two ways that meet again out of its partition, in place; returns how often.

    oneDNN's compiler would never end on some of them, as on norm(y) + y, and takes all memory meanwhile.
    """
    parted = 0
    for node in list(graph.nodes):
        if is_call(node, *PRODUCTS) and _meet_again(node):
            _part_after(node)
            parted += 1
    return parted


def keep_scores(graph: fx.Graph) -> int:
    """Hide products of two results from the compiler where soft-max is not what follows, in place; returns how many.

    It has a fast call for whole attention, and a plain loop for scores by themselves, as of windows that are shifted.
    """
    state = state_values(graph)
    kept = 0
    for node in [x for x in graph.nodes if is_call(x, "matmul")]:
        a, b = argument(node, 0, "input"), argument(node, 1, "other")
        sizes = [tuple(x.meta.get("shape", ())) for x in (a, b)]
        if a in state or b in state or len(sizes[0]) < 3 or sizes[0][:-2] != sizes[1][:-2]:
            continue
        last = node
        while len(last.users) == 1 and is_call(next(iter(last.users)), *ELEMENTWISE):
            last = next(iter(last.users))
        if last is not node and not any(is_call(user, "softmax") for user in last.users):
            replace_value(node, multiply_batches, (a, b))
            kept += 1
    return kept


def part_sums_of_one_row(graph: fx.Graph) -> int:
    """Keep what is added to a product of one row with many inputs out of its partition, in place; returns how often.

    oneDNN's kernel for it writes where it must not.
    """
    parted = 0
    for node in list(graph.nodes):
        if not _is_long_row(node):
            continue
        if is_call(node, "addmm"):
            added, *factors = (argument(node, i, name) for i, name in enumerate(("input", "mat1", "mat2")))
            with graph.inserting_before(node):
                product = graph.call_function(torch.mm, tuple(factors))
                product.meta = dict(node.meta)
                scales = [argument(node, i, name, 1) for i, name in ((3, "beta"), (4, "alpha"))]
                product, added = (
                    x if scale == 1 else graph.call_function(torch.mul, (x, scale))
                    for x, scale in zip((product, added), reversed(scales), strict=True)
                )
                whole = graph.call_function(torch.add, (product, added))
            whole.meta = dict(node.meta)
            node.replace_all_uses_with(whole)
            graph.erase_node(node)
            _part_after(product)
        elif not _is_added(node):
            continue
        else:
            _part_after(node)
        parted += 1
    return parted


def _part_after(node: fx.Node) -> None:
    with node.graph.inserting_after(node):
        # An operation that the compiler does not know, and that copies nothing.
        alias = node.graph.call_function(torch.ops.aten.alias.default, (node,))
    alias.meta = dict(node.meta)
    node.replace_all_uses_with(alias, delete_user_cb=lambda user: user is not alias)


def _is_long_row(node: fx.Node) -> bool:
    """True for a product with one row of many inputs."""
    if not is_call(node, "linear", "matmul", "mm", "addmm") or "shape" not in node.meta:
        return False
    x: Any = argument(node, 1, "mat1") if is_call(node, "addmm") else argument(node, 0, "input")
    inputs = x.meta["shape"][-1]
    return inputs > MOST_OF_ONE_ROW and math.prod(node.meta["shape"][:-1]) == 1


def _ends_partition(node: fx.Node) -> bool:
    """True for the next product, for what the compiler does not know, such as a kernel's call, and for a size."""
    return isinstance(node.target, torch._ops.OpOverload) or is_call(node, *PRODUCTS) or "shape" not in node.meta


def _is_added(product: fx.Node) -> bool:
    """True when one of the calls that follow, up to the next products, adds a tensor."""
    seen = {product}
    pending = [product]
    while pending:
        for user in pending.pop().users:
            if user in seen or _ends_partition(user):
                continue
            if is_call(user, "add", "iadd") and all(isinstance(x, fx.Node) for x in user.args[:2]):
                return True
            seen.add(user)
            pending.append(user)
    return False


def _meet_again(product: fx.Node) -> bool:
    """True when two of the calls that follow, up to the next products, read the same value and meet."""
    seen: set[fx.Node] = set()
    pending = [product]
    while pending:
        for user in pending.pop().users:
            if _ends_partition(user):
                continue
            if user in seen:
                return True
            seen.add(user)
            pending.append(user)
    return False


def _products(node: fx.Node, state: set[fx.Node]) -> int:
    weight = argument(node, 1, "weight") if is_call(node, "conv2d", "linear") else None
    return products(node, weight) if weight in state else 0


def _recurrent_products(node: fx.Node, state: set[fx.Node]) -> int:
    given: tuple[Any, ...] = node.args
    # One over sequences of several lengths has these before the states.
    lists = [x for x in given[2:4] if isinstance(x, list | tuple) and state.issuperset(x)]
    matrices = [tuple(x.meta["shape"]) for x in lists[0] if len(x.meta["shape"]) == 2] if lists else []
    rows = math.prod(tuple(given[0].meta["shape"])[:-1])
    return rows * sum(map(math.prod, matrices))


def _is_among(dtypes: tuple[torch.dtype, ...], node: fx.Node) -> bool:
    """True for a node without floating-point numbers, too."""
    dtype = node.meta.get("dtype")
    return dtype is None or dtype in dtypes or not (dtype.is_floating_point or dtype.is_complex)
