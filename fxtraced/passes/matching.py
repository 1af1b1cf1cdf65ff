"""What passes ask of nodes."""

from __future__ import annotations

from typing import Any

from torch import fx

from fxtraced.tracing.nodes import possible_bases
from fxtraced.tracing.regions import all_nodes, regions_of

# Operations whose result is new memory, whatever their inputs are.
_FRESH = frozenset(
    """conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear linear_with_addition
    multiply_packed matmul bmm baddbmm addmm batch_norm layer_norm group_norm instance_norm add sub mul truediv div
    scaled_dot_product_attention max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d""".split()
)
# Uninitialised memory, and calls that may draw random numbers without saying so.
_NEVER_EQUAL = frozenset(
    """empty empty_like new_empty empty_strided new_empty_strided lstm gru rnn_tanh rnn_relu
    multi_head_attention_forward""".split()
)


def name_of(node: Any) -> str:
    """The plain name of what a node calls: add, conv2d, softmax; "" for what is no call."""
    if not isinstance(node, fx.Node) or not node.op.startswith("call"):
        return ""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")


def is_call(node: Any, *names: str) -> bool:
    """True for a call of one of these names."""
    return name_of(node) in names


def is_pure(node: fx.Node) -> bool:
    """True for a call that gives the same for the same arguments, and does nothing else."""
    return (
        node.op in ("call_function", "call_method")
        and "effect" not in node.meta
        and not regions_of(node)
        and name_of(node) not in _NEVER_EQUAL
    )


def argument(node: fx.Node, place: int, name: str, default: Any = None) -> Any:
    """An argument of a call, given by position or by name."""
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)


def writes(graph: fx.Graph) -> bool:
    """True for a graph that writes into a tensor, also in a branch or loop."""
    return any(node.meta.get("effect") == "write" for node in all_nodes(graph))


def given_away(graph: fx.Graph) -> set[fx.Node]:
    """The outputs and everything whose memory they may have: the caller may write into what he gets."""
    outputs: Any = graph.output_node().args[0]
    return set().union(*map(possible_bases, outputs))


def meta_of_view(value: fx.Node, shape: tuple[int, ...]) -> dict[str, Any]:
    """What is known of a view of a value. A draw, a write or a place in a loop is the value's own, not the view's."""
    kept = {key: value.meta[key] for key in ("dtype", "source") if key in value.meta}
    return {**kept, "shape": shape, "view": True}


def unsqueezed(value: fx.Node) -> fx.Node:
    """A value with one axis more, the first."""
    call = value.graph.call_method("unsqueeze", (value, 0))
    call.meta = meta_of_view(value, (1, *value.meta["shape"]))
    return call


def may_be_overwritten(value: Any, user: fx.Node) -> bool:
    """True when value is new memory that only user reads."""
    return (
        isinstance(value, fx.Node)
        and name_of(value) in _FRESH
        and "shape" in value.meta
        and "derived" not in value.meta
        and list(value.users) == [user]
    )


def replace_calls(
    graph: fx.Graph, replaced: list[fx.Node], target: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
) -> None:
    """Put one call in the place of several, of which the last gives its value."""
    last = replaced[-1]
    with graph.inserting_before(last):
        call = graph.call_function(target, args, kwargs)
    call.meta = dict(last.meta)
    last.replace_all_uses_with(call)
    for node in reversed(replaced):
        graph.erase_node(node)


def replace_value(node: fx.Node, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> fx.Node:
    """Put a call in the place of a node, and drop what nothing reads then; the call."""
    with node.graph.inserting_before(node):
        call = node.graph.call_function(target, args, kwargs)
    call.meta = dict(node.meta)
    node.replace_all_uses_with(call)
    erase_unused(node)
    return call


def erase_unused(node: fx.Node) -> None:
    """Erase a call that nothing reads, and what was there for it alone."""
    pending = [node]
    while pending:
        node = pending.pop()
        if node.op.startswith("call") and not node.users and "effect" not in node.meta and not node._erased:
            pending += node.all_input_nodes
            node.graph.erase_node(node)
