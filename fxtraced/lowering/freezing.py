"""Frozen: a scripted forward with its weights as constants, which oneDNN's graph compiler can take apart.

It comes from a traced graph and the tensors that the layer holds now, or from the module of an archive.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import fx

from fxtraced.framework.errors import LoweringError, SourceLine
from fxtraced.framework.native import native
from fxtraced.lowering.derived import computed, form_of, makes_nan, take_out
from fxtraced.lowering.script import frozen_forward, function_of, script
from fxtraced.lowering.scripted import holds_tensors
from fxtraced.lowering.scripted_kernels import calculate_by_kernels, calculate_images
from fxtraced.lowering.scripted_passes import (
    drop_assertions,
    lay_out_as_partitions_do,
    part_sums_of_one_row,
    part_ways_that_meet,
    partition_linears,
)
from fxtraced.lowering.scripted_precision import LowerPrecision
from fxtraced.lowering.scripted_recurrent import pack_recurrent
from fxtraced.lowering.watch import Watch
from fxtraced.passes.matching import is_call
from fxtraced.passes.partitioning import ELEMENTWISE
from fxtraced.passes.pipeline import copy_graph
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.guards import check_guard
from fxtraced.tracing.regions import all_nodes
from fxtraced.tracing.state import Constant, StateRef, Structure


class CannotBePartitioned(Exception):
    """Why the partitions of a graph are of no use."""


class Frozen(NamedTuple):
    """forward gives the outputs and, last, the sum of all numbers that it was fed: not finite where one is not.

    packed: weights that it takes after the feeds. lines: the user's line of each value, for errors. holds:
    whether the weights are still those that it was made of. laid_out: how many products of MKL and LSTMs have weights
    laid out for them, or are calculated by kernels, which pay where the compiler takes no part of the graph.
    """

    forward: Any
    packed: list[torch.Tensor]
    lines: dict[str, SourceLine | None]
    holds: Callable[[], bool]
    laid_out: int = 0


class Source(Protocol):
    """What gives a Frozen whenever it is asked."""

    def freeze(self, feeds: Sequence[torch.Tensor]) -> Frozen | None:
        """A Frozen of this moment for feeds like these; None where not-a-number is among the weights.

        Raises CannotBePartitioned.
        """

    def marks(self) -> Any:
        """Something that differs when the weights changed in between."""


class LayerSource:
    """A Source: a graph on the tensors that its layer holds. Nothing changes the graph."""

    def __init__(
        self, graph: fx.Graph, state: dict[str, StateRef], constants: dict[str, Constant], structure: Structure
    ):
        self._graph, self._structure = graph, structure
        used = [str(node.target) for node in graph.nodes if node.op == "get_attr"]
        self._places: dict[str, tuple[dict[str, Any], str]] = {
            path: (state[path].holder, state[path].key) if path in state else ({path: constants[path].tensor}, path)
            for path in dict.fromkeys(used)
        }
        self._lines = {node.name: node.meta.get("source") for node in all_nodes(graph)}
        self._by_kernels = sum(str(node.target).startswith("fxtraced.") for node in graph.nodes)

    def freeze(self, feeds: Sequence[torch.Tensor]) -> Frozen | None:
        self._structure.check()
        # What changes while it is read here is seen as changed at the next call.
        watch = Watch(list(self._places.values()), self._structure.entries)
        tensors = self._tensors()
        if any(form_of(x) is None for x in tensors.values()):
            raise CannotBePartitioned("a tensor of the layer does not count its writes, or is not on the CPU")
        if any(map(makes_nan, tensors.values())):
            return None
        try:
            forward, packed = _frozen(self._graph, {path: plain(x) for path, x in tensors.items()})
            by_kernels = self._by_kernels + calculate_images(forward.graph, [*feeds, *packed])
        except (RuntimeError, IndexError, LoweringError) as error:
            # Memory may not suffice, or a table hold other indices: the graph as it was traced tells that better.
            raise CannotBePartitioned(f"it cannot be frozen: {error}") from error
        return Frozen(forward, packed, self._lines, watch.holds, by_kernels)

    def marks(self) -> Any:
        return [(id(x), x._version) for x in self._tensors().values()]

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {path: holder[key] for path, (holder, key) in self._places.items()}


class ArchiveSource:
    """A Source: the module of an archive, whose weights stay as they are.

    ranks: of the feeds, None for one that is not float32. in_bfloat16: calculate products in it, and what lies between.
    """

    def __init__(self, module: torch.jit.ScriptModule, ranks: Sequence[int | None], in_bfloat16: bool = False):
        self._module, self._ranks, self._in_bfloat16 = module, ranks, in_bfloat16
        self._graph: Any = None

    def freeze(self, feeds: Sequence[torch.Tensor]) -> Frozen | None:
        if self._graph is None:
            self._graph = self._frozen_graph()
        graph = self._graph.copy()
        if self._in_bfloat16 and not LowerPrecision(graph, feeds).count:
            raise CannotBePartitioned("no product is calculated in bfloat16")
        dtype = torch.bfloat16 if self._in_bfloat16 else torch.float32
        laid_out = calculate_by_kernels(graph, feeds, self._in_bfloat16)
        laid_out += pack_recurrent(graph, feeds, dtype)
        drop_assertions(graph)
        # Before there are convolutions that were linear calls.
        laid_out += calculate_images(graph, feeds)
        linears = partition_linears(graph, feeds)
        laid_out += linears["mkl"] + linears["kernel"]
        part_ways_that_meet(graph)
        part_sums_of_one_row(graph, feeds)
        is_float = [rank is not None for rank in self._ranks]
        lay_out_as_partitions_do(graph, feeds, is_float)
        return Frozen(function_of(graph), [], {}, _always, laid_out)

    def marks(self) -> Any:
        return None

    def _frozen_graph(self) -> Any:
        tensors = [*self._module.parameters(), *self._module.buffers()]
        dtypes = (torch.float32, torch.bfloat16) if self._in_bfloat16 else (torch.float32,)
        if any(x.is_floating_point() and x.dtype not in dtypes for x in tensors):
            raise CannotBePartitioned("it is in another precision")
        if any(map(makes_nan, tensors)):
            raise CannotBePartitioned("not-a-number is among the weights")
        graph = frozen_forward(self._module).graph
        if any(list(node.blocks()) and any(map(holds_tensors, node.outputs())) for node in graph.nodes()):
            raise CannotBePartitioned("a branch or a loop gives tensors")
        if next(graph.inputs()).uses():
            raise CannotBePartitioned("the graph reads or writes its module")
        return graph


def _always() -> bool:
    return True


def _frozen(graph: fx.Graph, tensors: dict[str, torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
    """The scripted forward of a graph with its tensors as constants, but for those that it takes after the feeds.

    It has no guards: it is called only with the sizes and the state with which it was compared with the graph as it was
    traced. The compiler would look at the whole graph once for each of them.
    """
    graph = copy_graph(graph)
    for node in list(graph.nodes):
        if node.target is check_guard:
            graph.erase_node(node)
    remove_dead_code(graph)
    feeds = [node for node in graph.nodes if node.op == "placeholder"]
    own, results = take_out(graph)
    derived = [node for node in graph.nodes if node.op == "placeholder" and node not in feeds]
    values = computed(own, results, tensors)
    tensors = dict(tensors)
    packed = []
    for node, value in zip(derived, values, strict=True):
        if value.layout is not torch.strided:
            packed.append(value)
            continue
        path = f"fxtraced_derived_{node.target}"
        tensors[path] = value
        with graph.inserting_before(node):
            weight = graph.get_attr(path)
        weight.meta = dict(node.meta)
        node.replace_all_uses_with(weight)
        graph.erase_node(node)
    packed += _take_out_operands(graph, tensors)
    held = {str(node.target): (tensors[str(node.target)], False) for node in graph.nodes if node.op == "get_attr"}
    _add_total(graph, feeds)
    module = script(graph, held, places={path: f"t{i}" for i, path in enumerate(held)})
    return frozen_forward(module), packed


def _take_out_operands(graph: fx.Graph, tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Make weights that are added, multiplied and the like inputs after all others; returns them.

    The compiler refuses a product whose result meets a constant.
    """
    taken = []
    found = [x for x in graph.nodes if x.op == "get_attr" and any(is_call(y, *ELEMENTWISE) for y in x.users)]
    # Dense weights that were inputs are constants among those that still are.
    last = [node for node in graph.nodes if node.op == "placeholder"][-1:]
    with graph.inserting_before(last[0].next if last else next(iter(graph.nodes))):
        operands = [graph.placeholder(f"operand_{node.name}") for node in found]
    for node, operand in zip(found, operands, strict=True):
        operand.meta = dict(node.meta)
        node.replace_all_uses_with(operand)
        graph.erase_node(node)
        # Where one that is added to a product has its axes turned, oneDNN adds other elements of it.
        taken.append(tensors[str(node.target)].contiguous())
    return taken


def _add_total(graph: fx.Graph, feeds: list[fx.Node]) -> None:
    """Let a graph give one output more: the sum of all numbers that it is fed, which is finite where scores are, too.

    There it costs less than before the call: an image is read to be turned anyway.
    """
    output = graph.output_node()
    feeds = [node for node in feeds if node.meta.get("dtype") is torch.float32]
    total: Any
    with graph.inserting_before(output):
        # An image that is turned is in the caches then.
        turned = {node.args[0]: node for node in graph.nodes if node.target == "contiguous"}
        sums = [_sum(graph, feed, turned.get(feed)) for feed in feeds]
        sums += _bounds_of_scores(graph)
        total = sums[0] if sums else 0.0
        if len(sums) > 1:
            # The compiler refuses to add single numbers.
            total = graph.call_function(torch.sum, (graph.call_function(torch.stack, (sums,)),))
    output.args = ((*output.args[0], total),)  # type: ignore[misc]


def _bounds_of_scores(graph: fx.Graph) -> list[fx.Node]:
    """Numbers that are finite where each row of attention's scores has a finite one."""
    found = [node for node in graph.nodes if node.meta.get("bounded")]
    if not found:
        return []
    norms = [graph.call_function(torch.linalg.vector_norm, (x,)) for node in found for x in node.args[:2]]
    largest = graph.call_function(torch.stack, (norms,))
    masks = [mask for node in found if (mask := node.kwargs["attn_mask"]) is not None]
    return [
        # No product of a row of q and one of k is larger than the square of the larger norm.
        graph.call_function(torch.dot, (largest, largest)),
        *(graph.call_function(torch.sum, (graph.call_function(torch.amax, (x, -1)),)) for x in dict.fromkeys(masks)),
    ]


def _sum(graph: fx.Graph, feed: fx.Node, turned: fx.Node | None) -> fx.Node:
    """The sum of all numbers of a feed; with the native module, one look turns an image and adds."""
    if turned is None or native() is None or turned.kwargs.get("memory_format") is not torch.channels_last:
        return graph.call_function(torch.sum, (feed if turned is None else turned,))
    with graph.inserting_before(turned):
        both = graph.call_function(torch.ops.fxtraced.turned.default, (feed,))
        image, total = (graph.call_function(operator.getitem, (both, i)) for i in (0, 1))
    image.meta = dict(turned.meta)
    turned.replace_all_uses_with(image)
    graph.erase_node(turned)
    return total
