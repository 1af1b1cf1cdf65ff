"""simplify_views: turns, reshapes, copies and casts that come to nothing go.

Requires: nothing. Ensures: the same values bit for bit; in a graph that never writes, no permutation of a permutation,
no flattening whose only reader reshapes, no permutation, slice or expansion that changes nothing, no cat of one tensor,
no cat of all pieces of a split, no second contiguous, and no cast of a value to the dtype that it has whatever the
layer's tensors are. What the caller gets is memory of its own where it was before.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.passes.arithmetic import is_tensor
from fxtraced.passes.layout import looks_at_layout
from fxtraced.passes.matching import argument, erase_unused, given_away, is_call, is_pure, name_of, writes

_CASTS = {"to": None, "float": torch.float32, "double": torch.float64, "long": torch.int64, "int": torch.int32}
# What a reshape passes over when nothing else reads it: none of these fails at any size, as a reshape may.
_RESHAPES = ("flatten", "unsqueeze", "squeeze", "contiguous")


def simplify_views(graph: fx.Graph) -> int:
    """Drop views and copies without an effect, in place; returns how many."""
    if writes(graph) or looks_at_layout(graph):
        return 0
    outside = given_away(graph)
    of_inputs = _of_inputs(graph)
    changed = 0
    for node in list(graph.nodes):
        if node._erased or not is_tensor(node) or not node.op.startswith("call") or not is_pure(node):
            continue
        composed = _compose(node)
        changed += composed
        source = _same_as(node, of_inputs)
        if source is None or (node in outside and _is_copy(node)):
            continue
        if source.op in ("placeholder", "get_attr") and any(user.op == "output" for user in node.users):
            continue
        node.replace_all_uses_with(source)
        erase_unused(node)
        changed += not composed
    return changed


def _compose(node: fx.Node) -> bool:
    """Let a permutation or reshape take what the view before it takes; True when it did."""
    before = node.args[0] if node.args else None
    if not is_tensor(before) or not isinstance(before, fx.Node) or not is_pure(before) or not before.args:
        return False
    if is_call(node, "reshape") and is_call(before, *_RESHAPES) and list(before.users) == [node]:
        if not is_tensor(before.args[0]) or any(isinstance(x, torch.dtype | torch.memory_format) for x in before.args):
            return False
        node.args = (before.args[0], *node.args[1:])
        erase_unused(before)
        return True
    first, second = permutation_of(before), permutation_of(node)
    if first is None or second is None:
        return False
    source, dims = before.args[0], [first[i] for i in second]
    node.op, node.target, node.args, node.kwargs = "call_function", torch.permute, (source, dims), {}
    erase_unused(before)
    return True


def _same_as(node: fx.Node, of_inputs: set[fx.Node]) -> fx.Node | None:
    """The tensor that a call gives back as it is; None for another call."""
    source: Any = node.args[0] if node.args else None
    if is_call(node, "cat", "concat", "concatenate"):
        return _uncut(node)
    if not is_tensor(source):
        return None
    name = name_of(node)
    permutation = permutation_of(node)
    if permutation is not None:
        return source if permutation == sorted(permutation) else None
    if name == "getitem":
        index = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
        return source if all(x is ... or (isinstance(x, slice) and x == slice(None)) for x in index) else None
    if name == "expand":
        sizes = node.args[1] if isinstance(node.args[1], list | tuple) else node.args[1:]
        rank = len(source.meta["shape"])
        return source if len(sizes) == rank and all(_is_size(x, source, i) for i, x in enumerate(sizes)) else None
    if name == "contiguous" and len(node.args) == 1 and not node.kwargs:
        return source if is_call(source, "contiguous") and len(source.args) == 1 and not source.kwargs else None
    if name in _CASTS and source in of_inputs and not node.kwargs and len(node.args) == (2 if name == "to" else 1):
        wanted = node.args[1] if name == "to" else _CASTS[name]
        return source if wanted is source.meta["dtype"] else None
    return None


def _is_size(size: Any, source: fx.Node, dim: int) -> bool:
    """True for the -1 or the size that leave a dimension as it is."""
    if isinstance(size, fx.Node):
        rank = len(source.meta["shape"])
        return is_call(size, "size") and size.args[0] is source and size.args[1] in (dim, dim - rank)
    return bool(size == -1)


def _uncut(node: fx.Node) -> fx.Node | None:
    """What a cat puts together of one piece, or of all the pieces it was split into along the same axis."""
    pieces: Any = node.args[0]
    if not isinstance(pieces, list | tuple) or not all(map(is_tensor, pieces)):
        return None
    if len(pieces) == 1:
        return pieces[0]
    cut: Any = (
        pieces[0].args[0] if all(is_call(x, "getitem") and x.args[1] == i for i, x in enumerate(pieces)) else None
    )
    if not is_call(cut, "split", "chunk", "tensor_split") or any(x.args[0] is not cut for x in pieces):
        return None
    source = cut.args[0]
    axes = [argument(node, 1, "dim", 0), argument(cut, 2, "dim", 0)]
    # A guard has fixed how many pieces there are, and keeps the split where it fails at another size.
    counted = any(is_call(x, "len") for x in cut.users)
    if not counted or not is_tensor(source) or not all(isinstance(x, int) for x in axes):
        return None
    rank, whole = len(source.meta["shape"]), source.meta["shape"][axes[0]]
    same = axes[0] % rank == axes[1] % rank and sum(x.meta["shape"][axes[0]] for x in pieces) == whole
    return source if same else None


def permutation_of(node: Any) -> list[int] | None:
    """The axes that a permute, transpose or t takes from its tensor; None for another call."""
    if not isinstance(node, fx.Node) or not node.args or not is_tensor(node.args[0]) or node.kwargs:
        return None
    rank = len(node.args[0].meta["shape"])  # type: ignore[union-attr]
    given: list[Any] = [x for arg in node.args[1:] for x in (arg if isinstance(arg, list | tuple) else [arg])]
    if not all(isinstance(x, int) for x in given):
        return None
    axes = list(range(rank))
    if is_call(node, "permute"):
        return [x % rank for x in given] if len(given) == rank else None
    if is_call(node, "t") and rank <= 2:
        return axes[::-1]
    if is_call(node, "transpose", "swapaxes", "swapdims") and len(given) == 2 and rank:
        a, b = (x % rank for x in given)
        axes[a], axes[b] = axes[b], axes[a]
        return axes
    return None


def _is_copy(node: fx.Node) -> bool:
    """True for a call that gives memory of its own."""
    return is_call(node, "cat", "concat", "concatenate", "contiguous")


def _of_inputs(graph: fx.Graph) -> set[fx.Node]:
    """The values that no tensor of the layer goes into: their dtypes do not change with the layer's."""
    found: set[fx.Node] = set()
    for node in graph.nodes:
        # What a branch or loop takes from around it may come from the layer.
        is_feed = node.op == "placeholder" and not {"outer", "loop_var"} & node.meta.keys()
        if is_feed or (node.op.startswith("call") and found.issuperset(node.all_input_nodes)):
            found.add(node)
    return found
