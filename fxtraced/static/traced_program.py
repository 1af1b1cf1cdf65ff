"""TracedProgram: the program behind a TracedLayer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import fx

from fxtraced.framework.errors import FetchError, SourceLine
from fxtraced.lowering.cpu import CpuExecutable
from fxtraced.lowering.executable import Executable
from fxtraced.lowering.freezing import LayerSource
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.passes.pipeline import PARTITIONING, copy_graph, for_partitions, optimise, rounds_otherwise
from fxtraced.passes.state_values import has_effects
from fxtraced.static.feeding import CPU
from fxtraced.static.plain import PlainExecutables, graph_with_outputs
from fxtraced.static.precision import TOLERANCE
from fxtraced.static.printing import program_text
from fxtraced.static.program import Program, Runnable, unknown_fetch
from fxtraced.static.stage import Stage
from fxtraced.static.strategy import BuildStrategy
from fxtraced.static.variable import Variable
from fxtraced.tensor.tensor import counts_writes, plain
from fxtraced.tracing.compare import ROUNDING
from fxtraced.tracing.guards import Guard
from fxtraced.tracing.regions import region_graphs
from fxtraced.tracing.report import VerificationReport
from fxtraced.tracing.trace import Trace


class _Built(NamedTuple):
    """What runs some fetches.

    optimised: gives the graph that takes every size, and how many places each pass changed.
    """

    run: Any
    optimised: Callable[[], tuple[fx.Graph, dict[str, int]]]

    def report(self) -> dict[str, int]:
        """How many places each pass changed, and of how many partitions the first call was made."""
        report = self.optimised()[1]
        return {**report, PARTITIONING: self.run.count} if isinstance(self.run, PartitionedExecutable) else report


class TracedProgram(Program):
    """A graph recorded from a layer; it shares the layer's parameters and buffers.

    guards: what forward asked about sizes. report: what the verification showed (None when it was off). verifier:
    compares something that runs with the layer as it is now; takes thorough, rtol and atol, too.
    """

    def __init__(self, trace: Trace, report: VerificationReport | None = None):
        self.trace = trace
        outputs: Any = trace.graph.output_node().args[0]
        self._output_nodes: list[fx.Node] = list(outputs)
        self.set_report(report)
        self._nodes = {node.name: node for node in trace.graph.nodes if "shape" in node.meta}
        self._nodes.update((node.target, node) for node in trace.graph.nodes if node.op == "placeholder")
        self._nodes.update(zip(trace.fetch_names, outputs, strict=True))
        self._first_state = next(iter(trace.state.values()), None)
        self._built: dict[Any, _Built] = {}
        self._last: _Built | None = None
        self._plain = PlainExecutables(trace)
        self._lock = threading.RLock()
        self.verifier: Callable[..., VerificationReport] | None = None

    def set_report(self, report: VerificationReport | None) -> None:
        """Take in what a verification showed: the sizes that worked at another value become -1."""
        self.report = report
        feeds = {str(node.target): node for node in self.trace.graph.nodes if node.op == "placeholder"}
        self._feed_forms = [self._form(name, feeds[name]) for name in self.trace.feed_names]
        outputs = zip(self.trace.fetch_names, self._output_nodes, strict=True)
        self._fetch_forms = [self._form(name, node) for name, node in outputs]

    # A Variable holds its program. The program holds none, so that weights laid out for its graph are free with it.
    @property
    def feeds(self) -> list[Variable]:  # type: ignore[override]
        return [Variable(*form, self) for form in self._feed_forms]

    @property
    def fetches(self) -> list[Variable]:  # type: ignore[override]
        return [Variable(*form, self) for form in self._fetch_forms]

    @property
    def output_structure(self) -> Any:
        """What forward returns, with the name of its fetch for each tensor."""
        return self.trace.outputs.rebuild(self.trace.fetch_names)

    @property
    def guards(self) -> list[Guard]:
        return self.trace.guards

    def list_vars(self) -> list[Variable]:
        inner = [
            Variable(node.name, tuple(node.meta["shape"]), node.meta["dtype"], self)
            for node in self.trace.graph.nodes
            if "shape" in node.meta and node.op not in ("get_attr", "placeholder")
        ]
        return self.feeds + inner + self.fetches

    def node(self, name: str) -> fx.Node:
        """The node of a variable by name. Raises FetchError when there is none."""
        if name not in self._nodes:
            if any(name == node.name for inner in region_graphs(self.trace.graph) for node in inner.nodes):
                raise FetchError(
                    f"FXT303 {name!r} is computed inside of a branch or loop and cannot be fetched: it does not exist "
                    "in every call. Return it from the branch. See docs/errors.md#fxt303"
                )
            raise unknown_fetch(name, list(self._nodes))
        return self._nodes[name]

    def runnable(self, fetches: tuple[str, ...], build_strategy: Any = None) -> Runnable:
        strategy = build_strategy or BuildStrategy()
        key = (fetches, repr(strategy))
        with self._lock:
            if key not in self._built:
                self._built[key] = self._build(fetches, strategy)
            self._last = self._built[key]
            return self._last.run

    @property
    def pass_report(self) -> dict[str, int]:
        """How many places each pass changed in the graph that was asked for last."""
        return self._last.report() if self._last else {}

    def prepare(self) -> None:
        """Build what runs the program's fetches, and make the first call of weights laid out for a CPU.

        Done after the verification, so that the user's first call is one like the next. It leaves nothing behind: a
        graph with such weights writes nothing, and the random state is kept.
        """
        run = self.runnable(tuple(self.fetch_names))
        feeds = list(map(plain, self.trace.inputs.leaves))
        with torch.random.fork_rng(devices=[]):
            if isinstance(run, PartitionedExecutable):
                run.prepare(feeds)
            elif isinstance(run, CpuExecutable):
                run(*feeds)

    def plain_runnable(self, fetches: tuple[str, ...], build_strategy: Any = None) -> Executable:
        """The same with no weights but the layer's own; verification compares this one."""
        return self._plain(self._nodes_of(fetches), build_strategy or BuildStrategy())

    def after(self, name: str, build_strategy: Any = None) -> Stage:
        """The graph after the pass of this name and those before it; after the last one of several.

        Raises ValueError that lists the passes where this one does not run under the strategy.
        """
        strategy = build_strategy or BuildStrategy()
        return Stage(self, *self._optimised(tuple(self.fetch_names), strategy)(until=name))

    def _optimised(self, fetches: tuple[str, ...], strategy: BuildStrategy) -> Callable[..., Any]:
        """Gives the graph after the passes and how many places each changed, computed when it is asked first."""
        device = self.device()
        is_lowered = device is not None and device.type == "cpu" and not strategy.build_cinn_pass
        kind, live = "cpu" if is_lowered else None, self._is_live()
        # It does not hold the program, which holds it.
        return partial(optimise, self.graph_of(fetches), strategy, kind, live)

    def _is_live(self) -> bool:
        """True when every write into the layer's tensors is noticed, so that new weights can follow."""
        return all(counts_writes(ref.get()) for ref in self.trace.state.values())

    def _build(self, fetches: tuple[str, ...], strategy: BuildStrategy) -> _Built:
        trace = self.trace
        optimised = cache(self._optimised(fetches, strategy))
        as_traced = cache(partial(self._plain, self._nodes_of(fetches), strategy))
        lowered = cache(partial(_lowered, trace, optimised, as_traced))
        if strategy.debug_graphviz_path:
            from fxtraced.static.graphviz import write_graphviz

            write_graphviz(optimised()[0], strategy.debug_graphviz_path)
        device = self.device()
        if device is not None and device.type == "cpu" and self._is_live():
            graph = for_partitions(self.graph_of(fetches), strategy)
            if graph is not None:
                source = LayerSource(graph, trace.state, trace.constants, trace.structure)
                in_bfloat16 = any(node.meta.get("dtype") is torch.bfloat16 for node in graph.nodes)
                return _Built(PartitionedExecutable(source, lowered, as_traced, _tolerance(in_bfloat16)), optimised)
        return _Built(lowered(), optimised)

    def graph_of(self, fetches: tuple[str, ...]) -> fx.Graph:
        """A copy of the graph with these outputs; every effect stays."""
        return graph_with_outputs(self.trace.graph, self._nodes_of(fetches))

    def _nodes_of(self, fetches: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.node(name).name for name in fetches)

    def may_alias(self, fetches: tuple[str, ...]) -> list[bool]:
        """For each fetch, whether its memory may also belong to a feed, the layer or another variable."""
        known = dict(zip(self.trace.fetch_names, self.trace.aliased, strict=True))
        return [known.get(name, True) for name in fetches]

    def written_feeds(self) -> list[str]:
        return self.trace.written

    def device(self) -> torch.device | None:
        if self._first_state is None:
            return None
        # A move leaves the tensor in its place, or puts another one there.
        tensor = self._first_state.get()
        return CPU if tensor.is_cpu else tensor.device

    def source(self, name: str) -> SourceLine | None:
        """The user's line that computes a variable."""
        return self.node(name).meta.get("source")

    def _form(self, name: str, node: fx.Node) -> tuple[str, tuple[int, ...], torch.dtype]:
        shape = tuple(node.meta["shape"])
        if self.report is not None:
            shape = self.report.shape_with_free_sizes(name, shape)
        return name, shape, node.meta["dtype"]

    def __str__(self) -> str:
        return program_text(self)

    __repr__ = __str__


def _tolerance(in_bfloat16: bool) -> float:
    """How far the graph after the passes may be from the one before, as a part of an output's scale."""
    return TOLERANCE[torch.bfloat16] if in_bfloat16 else ROUNDING


def _lowered(trace: Trace, optimised: Callable[[], Any], as_traced: Callable[[], Executable]) -> Executable:
    """What takes every size and follows every change of a weight."""
    graph, report = optimised()
    if has_effects(graph) or not rounds_otherwise(report):
        return as_traced()
    tolerance = _tolerance(bool(report.get("lower_precision")))
    return CpuExecutable(copy_graph(graph), trace.state, trace.constants, trace.structure, as_traced, tolerance)
