"""calculate_recurrent: LSTMs, GRUs and simple networks are calculated by kernels of the native module, layer by layer.

Requires: a graph for a CPU that the module has kernels for; before pack_recurrent, which takes what stays, and the
passes that lay linear weights out. Ensures: same values within rounding at every size, also of sequences of several
lengths; all inputs of a layer are one linear call, and its weights are derived. One in training, without biases or of
another dtype stays as it is. With several threads, what is not over sequences of several lengths is measured: a kernel
uses a thread for each direction, and for some rows where there are many.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.framework.native import native
from fxtraced.passes.matching import is_call
from fxtraced.passes.measuring import Changes, choose
from fxtraced.passes.pack_recurrent import PER_LAYER, pack_recurrent
from fxtraced.passes.state_values import derived_call, is_float32, state_values

# The operation's numbers of what a step does, and how many gates that has.
_CELLS = {"lstm": (0, 4), "gru": (1, 3), "rnn_tanh": (2, 1), "rnn_relu": (3, 1)}


class _Site(NamedTuple):
    """A recurrent network: counts are the rows of each step, of sequences of several lengths."""

    node: fx.Node
    x: fx.Node
    counts: fx.Node | None
    states: list[fx.Node]
    weights: list[fx.Node]
    layers: int
    directions: int
    batch_first: bool

    @property
    def cell(self) -> tuple[int, int]:
        """Its number, and how many gates it has."""
        return _CELLS[self.node.target.__name__]  # type: ignore[union-attr]

    @property
    def key(self) -> tuple[Any, ...]:
        """All that decides how long it takes."""
        shapes = [tuple(map(int, x.meta["shape"])) for x in (self.x, *self.weights)]
        return "recurrent", self.cell[0], self.layers, self.directions, self.batch_first, *shapes


def calculate_recurrent(graph: fx.Graph) -> int:
    """Replace recurrent networks by calls of kernels, in place; returns how many."""
    module = native()
    width = module.width() if module is not None else 0
    if not width:
        return 0
    state = state_values(graph)
    sites = _sites(graph, state)
    if torch.get_num_threads() > 1:
        others = [site for site in sites if site.counts is None]
        variants: Changes = {"others": pack_recurrent, "kernel": partial(_calculate_alone, width=width)}
        chosen = choose([(site.key, _nodes(site.node)) for site in others], state, variants)
        slower = [site for site, way in zip(others, chosen, strict=True) if way == "others"]
        sites = [site for site in sites if site not in slower]
    _calculate_all(graph, sites, state, width)
    return len(sites)


def _calculate_alone(graph: fx.Graph, width: int) -> None:
    """The same for a graph of one network that is measured."""
    state = state_values(graph)
    _calculate_all(graph, _sites(graph, state), state, width)


def _calculate_all(graph: fx.Graph, sites: list[_Site], state: set[fx.Node], width: int) -> None:
    for found in sites:
        # What one reads may be what another gave before it was replaced.
        site = _site(found.node, state)
        assert site is not None
        _calculate(graph, site, width)


def _sites(graph: fx.Graph, state: set[fx.Node]) -> list[_Site]:
    return [site for node in graph.nodes if (site := _site(node, state)) is not None]


def _nodes(network: fx.Node) -> list[fx.Node]:
    """A network and what reads it, its outputs last."""
    return [network, *sorted(network.users, key=lambda user: -int(user.args[1]))]  # type: ignore[arg-type]


def _site(node: fx.Node, state: set[fx.Node]) -> _Site | None:
    given: tuple[Any, ...] = node.args
    if not is_call(node, *_CELLS) or len(given) != 9 or node.kwargs:
        return None
    # Over sequences of several lengths, which torch has packed, the second one is how many rows each step has.
    is_packed = not isinstance(given[3], bool)
    counts = given[1] if is_packed else None
    x, before, weights, has_biases, layers, _, training, bidirectional = (given[0], *given[2 if is_packed else 1 :][:7])
    states = before if isinstance(before, list | tuple) else [before]
    directions = 2 if bidirectional else 1
    fits = (
        has_biases is True
        and training is False
        and len(states) == (2 if is_call(node, "lstm") else 1)
        and len(weights) == layers * directions * PER_LAYER
        and is_float32(x, *states, *weights)
        and "reduced" not in node.meta
        and state.issuperset(weights)
        and len(x.meta["shape"]) == (2 if is_packed else 3)
        and all(is_call(user, "getitem") for user in node.users)
    )
    batch_first = not is_packed and given[8] is True
    return _Site(node, x, counts, list(states), list(weights), layers, directions, batch_first) if fits else None


def _calculate(graph: fx.Graph, site: _Site, width: int) -> None:
    number, gates = site.cell
    value, finals = site.x, list[fx.Node]()
    call = graph.call_function
    with graph.inserting_before(site.node):
        for layer in range(site.layers):
            first = layer * site.directions
            own = site.weights[PER_LAYER * first : PER_LAYER * (first + site.directions)]
            of_inputs, of_states, biases = own[0::PER_LAYER], own[1::PER_LAYER], [own[2::PER_LAYER], own[3::PER_LAYER]]
            hidden = int(of_states[0].meta["shape"][1])
            rows = len(of_inputs) * gates * -(-hidden // width) * width
            weight = _derived(
                graph, input_weight, (gates, width, of_inputs), (rows, int(of_inputs[0].meta["shape"][1]))
            )
            bias = _derived(graph, input_bias, (gates, width, *biases), (rows,))
            # Their shapes are for no pass to see.
            packed = _derived(graph, state_weight, (gates, width, of_states), ())
            own_bias = _derived(graph, state_bias, (width, biases[1]), ()) if gates == _CELLS["gru"][1] else None
            product = call(torch.nn.functional.linear, (value, weight, bias))
            product.meta = {"shape": (*value.meta["shape"][:-1], rows), "dtype": torch.float32}
            settings = (first, number, site.batch_first)
            states = (site.states[0], site.states[-1])
            result = call(_operation(), (product, site.counts, packed, own_bias, *states, *settings))
            value = call(operator.getitem, (result, 0))
            value.meta = {"shape": (*site.x.meta["shape"][:-1], hidden * site.directions), "dtype": torch.float32}
            finals.append(result)
        whole = [value]
        for place in range(1, len(site.states) + 1):
            whole.append(call(torch.cat, ([call(operator.getitem, (result, place)) for result in finals],)))
    for user in list(site.node.users):
        result = whole[user.args[1]]  # type: ignore[index]
        result.meta = dict(user.meta)
        user.replace_all_uses_with(result)
        graph.erase_node(user)
    graph.erase_node(site.node)


def _operation() -> Any:
    return torch.ops.fxtraced.recurrent_layer.default


def _derived(graph: fx.Graph, function: Callable[..., Any], args: tuple[Any, ...], shape: tuple[int, ...]) -> fx.Node:
    node = derived_call(graph, function, args, like=args[-1][0])
    node.meta["shape"] = shape
    return node


def input_weight(gates: int, width: int, weights: list[torch.Tensor]) -> torch.Tensor:
    """The weights [gates * hidden, inputs] of each direction as one, [directions * blocks * gates * width, inputs]."""
    return torch.cat([in_blocks(x, gates, width).permute(0, 2, 3, 1).flatten(0, 2) for x in weights]).contiguous()


def input_bias(gates: int, width: int, inputs: list[torch.Tensor], states: list[torch.Tensor]) -> torch.Tensor:
    """What is added to the inputs' product: both biases of each direction, [directions * blocks * gates * width].

    A GRU's for the state of the third gate is added before that gate is multiplied.
    """
    whole = []
    for of_input, of_state in zip(inputs, states, strict=True):
        added = of_input + of_state
        if gates == _CELLS["gru"][1]:
            added.chunk(gates)[-1].copy_(of_input.chunk(gates)[-1])
        whole.append(in_blocks(added, gates, width).flatten())
    return torch.cat(whole)


def state_weight(gates: int, width: int, weights: list[torch.Tensor]) -> torch.Tensor:
    """The weights [gates * hidden, hidden] of each direction, [directions, blocks, hidden, gates, width]."""
    return torch.stack([in_blocks(x, gates, width) for x in weights])


def state_bias(width: int, biases: list[torch.Tensor]) -> torch.Tensor:
    """The bias of the state in a GRU's third gate, [directions, blocks * width]."""
    return torch.stack([in_blocks(x.chunk(3)[-1], 1, width).flatten() for x in biases])


def in_blocks(weight: torch.Tensor, gates: int, width: int) -> torch.Tensor:
    """[gates * hidden, ...] as [blocks, ..., gates, width]: blocks of `width` places, the last filled up with zeros."""
    hidden = weight.shape[0] // gates
    blocks = -(-hidden // width)
    parts = weight.reshape(gates, hidden, -1)
    if hidden % width:
        parts = torch.nn.functional.pad(parts, (0, 0, 0, blocks * width - hidden))
    return parts.reshape(gates, blocks, width, -1).permute(1, 3, 0, 2).contiguous()
