"""The concolic tracer: records torch calls while they run on real values."""

from __future__ import annotations

import functools
import itertools
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import fx

from fxtraced.framework.errors import (
    TraceError,
    UnsupportedValueError,
)
from fxtraced.tensor.shape import Shape
from fxtraced.tensor.tensor import Tensor, as_tensor, plain, plain_copy
from fxtraced.tracing import recording, torch_calls
from fxtraced.tracing.failures import note_failure
from fxtraced.tracing.guards import Guard, GuardBook
from fxtraced.tracing.literals import literal, literal_of_tensors
from fxtraced.tracing.nodes import describe, map_leaves, note_form, origin
from fxtraced.tracing.number_calls import NumberCalls
from fxtraced.tracing.refusals import (
    Refusals,
    refuse_assignment,
    refuse_autocast,
    refuse_calls,
    refuse_write,
    refuse_write_to_result,
)
from fxtraced.tracing.scalars import TracedScalar, negated
from fxtraced.tracing.scopes import Scope
from fxtraced.tracing.source import user_line
from fxtraced.tracing.state import Constant, StateRef
from fxtraced.tracing.values import TorchTracedTensor, TracedTensor, TracedValue, leaves_of, refuse_escaped

_OWN_FILES = (__file__, recording.__file__)
_PLAIN_LEAVES = (str, int, float, bool, complex, torch.dtype, torch.memory_format, torch.layout, type(None), type(...))


def _undisturbed(method: Callable[..., Any]) -> Callable[..., Any]:
    """The tracer's own torch calls must not come back to it through the mode."""

    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():
            return method(*args, **kwargs)

    return run


class ConcolicTracer:
    """Records a graph of torch calls, and computes each of them on real values as it goes.

    forward ── torch call ──► RecordingMode ──► call ──► record ──► node + value
            └─ look at a size ► TracedScalar ──► guard_truth ──► guard node
            └─ look at data ──► item ──► a guard if the data is fixed, a problem otherwise
    """

    def __init__(self, refs: list[StateRef], keep_values: bool = False):
        self._root = self.scope = Scope()
        self.region_guards: list[Guard] = []
        self.refusals = Refusals()
        self.number_calls = NumberCalls()
        self.state: dict[str, StateRef] = {}
        self.constants: dict[str, Constant] = {}
        self.finished = False
        self._keep_values = keep_values
        self.refs: dict[int, StateRef] = {}
        for ref in reversed(refs):
            self.refs[id(ref.get())] = ref
        # The tensors are kept alive with their ids.
        self._state_values: dict[int, tuple[torch.Tensor, TracedValue]] = {}
        self._sizes: dict[tuple[fx.Node, int], TracedScalar] = {}
        self._device: torch.device | None = None
        self._device_node: fx.Node | None = None

    @property
    def graph(self) -> fx.Graph:
        """The graph that is recorded now: the whole one, or that of a branch or loop."""
        return self.scope.graph

    @property
    def _book(self) -> GuardBook:
        return self.scope.book

    @property
    def guards(self) -> list[Guard]:
        """The guards so far, those of branches and loops last."""
        return [*self._root.book.guards, *self.region_guards]

    # Feeds and state

    @_undisturbed
    def add_feed(self, name: str, given: torch.Tensor) -> TracedValue:
        """A traced tensor for one input of the graph."""
        node = self.graph.placeholder(name)
        return self.wrap(node, plain_copy(given), fixed=False, ours=isinstance(given, Tensor))

    def feeds_are_complete(self, feeds: list[TracedValue]) -> None:
        """To be called after the last feed: tensors made in forward follow the first one's device."""
        if feeds:
            self._device = feeds[0].example.device
            self._device_node = self.graph.call_function(getattr, (feeds[0].node, "device"))

    @_undisturbed
    def state_value(self, tensor: torch.Tensor) -> TracedValue:
        """The traced value of a tensor that forward did not compute: the layer's state, or a constant."""
        known = self._state_values.get(id(tensor))
        if known is not None:
            return known[1]
        ref = self.refs.get(id(tensor))
        value = plain(tensor) if ref is not None and ref.kind == "parameter" else plain_copy(tensor)
        if ref is not None:
            self.state[ref.path] = ref
            node = self._root.graph.get_attr(ref.path)
        else:
            name = self._constant_name()
            self.constants[name] = Constant(name, plain(tensor))
            node = self._root.graph.get_attr(name)
        # Two tensors of the layer may be views of one memory.
        node.meta["memory"] = tensor.untyped_storage().data_ptr()
        traced = self.wrap(node, value, fixed=True, ours=isinstance(tensor, Tensor))
        self._state_values[id(tensor)] = (tensor, traced)
        return traced

    def was_read(self, tensor: torch.Tensor) -> bool:
        """True when forward used this tensor of the layer's state."""
        return id(tensor) in self._state_values

    # Calls

    @_undisturbed
    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """One torch function, method or attribute, as forward called it: record it or answer it."""
        name = getattr(func, "__name__", "")
        if name in ("__get__", "__set__", "__delete__"):
            return self._attribute_call(func, name, args)
        if name in ("__eq__", "__ne__") and (args[1] is None or isinstance(args[1], str)):
            return name == "__ne__"
        leaves = list(leaves_of((args, kwargs)))
        if self._book.has_provisional:
            self._book.withdraw(leaves, _calling_frame())
        tensors = [x for x in leaves if isinstance(x, torch.Tensor)]
        traced = any(isinstance(x, TracedValue | TracedScalar) for x in leaves)
        if name in torch_calls.LOOKS and tensors:
            return self._look(name, self.traced(tensors[0]), args)
        if name in torch_calls.COMPARING_LOOKS and len(tensors) == 2:
            return self._compare(name, args, kwargs)
        if name in torch_calls.LAYOUT and isinstance(args[0], TracedValue):
            return self._layout(name, *args, **kwargs)
        if name in torch_calls.SYMBOLIC and not tensors:
            return torch_calls.SYMBOLIC[name](*args)
        if name in torch_calls.FACTS or not (traced or tensors):
            return self._call_without_tensors(name, func, args, kwargs)
        refuse_calls(func, name)
        if name in ("size", "numel", "__len__") and len(tensors) == 1:
            return self._size_call(name, tensors[0], args)
        if name == "nonzero" and kwargs.get("as_tuple", args[1] if len(args) > 1 else False):
            return self.record("call_function", torch.where, (tensors[0],), {})
        if name == "requires_grad_":
            return args[0]
        if name in torch_calls.LITERALS and not any(isinstance(x, TracedValue) for x in leaves):
            return literal(self, func, args, kwargs)
        if name in torch_calls.LITERALS:
            return literal_of_tensors(self, name, args, kwargs)
        return self.record(*torch_calls.opcode(func, name, args), kwargs)

    @_undisturbed
    def record(self, kind: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Compute a call on the values, add its node, and return the traced result."""
        name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
        if self.finished:
            raise TraceError(
                f"FXT100 a traced tensor was used after the trace had ended, in {name}(): forward kept it in a "
                "global, a closure or another object. Return it from forward instead. See docs/errors.md#fxt100"
            )
        refuse_autocast(name, self._device)
        writes = torch_calls.writes_in_place(name, kwargs)
        if writes:
            for written in leaves_of(kwargs.get("out") if kwargs.get("out") is not None else args[:1]):
                if isinstance(written, torch.Tensor):
                    self._check_write(name, self.traced(written))
        if name in torch_calls.RESHAPING_WRITES:
            self._settle_sizes(self.traced(args[0]))
        values, value_kwargs = map_leaves(self.to_value, args), map_leaves(self.to_value, kwargs)
        inputs = [x for x in leaves_of((values, value_kwargs)) if isinstance(x, torch.Tensor)]
        versions = list(map(torch_calls.version, inputs))
        try:
            result = torch_calls.run(kind, target, values, value_kwargs)
        except Exception as error:
            note_failure(self, error, kind, target, (args, kwargs), values, value_kwargs)
            raise
        leaves = [x for x in leaves_of((args, kwargs)) if isinstance(x, torch.Tensor)]
        known = zip(leaves, inputs, versions, strict=True)
        changed = [leaf for leaf, x, version in known if torch_calls.version(x) != version]
        changed += torch_calls.updated_statistics(target, args, kwargs)
        for leaf in changed if not writes else []:
            self._check_write(name, self.traced(leaf))
        writes = writes or bool(changed)

        node_args, node_kwargs = map_leaves(self.to_node, args), map_leaves(self.to_node, kwargs)
        if name in torch_calls.FACTORIES and not inputs:
            self._settle_factory(result, node_kwargs)
        node = self.graph.create_node(kind, target, node_args, node_kwargs)
        node.meta["source"] = user_line()
        node.meta["view"] = name in torch_calls.MAYBE_VIEWS or torch_calls.shares_memory(result, inputs)
        if self._keep_values and isinstance(result, torch.Tensor):
            node.meta["value"] = result.clone()
        draws = torch_calls.draws(name, args, kwargs)
        if writes or draws:
            node.meta["effect"] = "write" if writes else "random"
            node.meta["draws"] = draws
        fixed = not draws and all(self.traced(x).fixed for x in leaves)
        # As with eager tensors: what comes of a Tensor is one.
        ours = any(isinstance(x, Tensor) for x in leaves)
        if writes and leaves and isinstance(result, torch.Tensor) and result is self.traced(leaves[0]).example:
            self.traced(leaves[0]).fixed = fixed
            note_form(node, result)
            if name in torch_calls.RANKED:
                self._guard_rank(node, result)
            return as_tensor(args[0]) if ours else args[0]
        if result is None and name in ("setitem", "__setitem__"):
            self.traced(args[0]).fixed = fixed
            return None
        return self._result(node, name, result, fixed, ours)

    # Sizes and guards

    @_undisturbed
    def size(self, traced: TracedValue, dim: int) -> TracedScalar:
        """One size of a traced tensor; its node is made when it is first used."""
        key = (traced.node, dim)
        known = self._sizes.get(key)
        value = traced.example.shape[dim]
        if known is not None and known.value == value:
            return known

        def node() -> fx.Node:
            made = traced.node.graph.call_method("size", (traced.node, dim))
            made.meta["number"] = int
            return made

        size = TracedScalar(self, value, f"{origin(traced.node)}.shape[{dim}]", node)
        self._sizes[key] = size
        return size

    def scalar_call(self, function: Callable[..., Any], args: tuple[Any, ...], text: str) -> TracedScalar:
        """A Python calculation with at least one traced number."""
        value = function(*(x.value if isinstance(x, TracedScalar) else x for x in args))
        node = self.graph.call_function(function, tuple(self.to_node(x) for x in args))
        node.meta["number"] = type(value)
        return TracedScalar(self, value, text, node)

    def guard_truth(self, scalar: TracedScalar) -> Guard:
        """Record that a traced bool was looked at and is what it is."""
        node = self.to_node(scalar)
        if scalar.value:
            return self._book.add(scalar.text, node)
        text, opposite = negated(scalar)
        if opposite and node is scalar.node:
            return self._book.add(text, self.graph.call_function(opposite, node.args))
        return self._book.add(text, self.graph.call_function(operator.not_, (node,)))

    def guard_index(self, scalar: TracedScalar, frame: types.FrameType) -> None:
        """A look through __index__: a guard, withdrawn when it turns out to be torch's argument parser."""
        guard = self.guard_truth(scalar == scalar.value)
        self._book.add_provisional(guard, scalar, frame)

    # Looks at data

    @_undisturbed
    def item(self, traced: TracedValue, how: str) -> Any:
        """The number in a one-element tensor: a traced one if it is fixed, otherwise a problem of this trace."""
        local = self.traced(traced)
        value = local.example.item()
        if not local.fixed:
            self.refusals.add_look(traced, how)
            return value
        number = self._number(self.graph.call_method("item", (local.node,)), value)
        number.text = describe(local.node)
        return number

    @_undisturbed
    def look_at_all(self, traced: TracedValue, how: str) -> np.ndarray:
        """The values of a tensor: guarded as a whole if they are fixed, otherwise a problem of this trace."""
        local = self.traced(traced)
        if not local.fixed:
            self.refusals.add_look(traced, how)
        else:
            value = local.example.clone()
            constant = self.traced(self.wrap(self.constant_node(value), value, fixed=True, ours=False))
            same = self.graph.call_function(torch.equal, (local.node, constant.node))
            same.meta["number"] = bool
            self._book.add(f"{describe(local.node)} == {value.tolist()}", same)
        return local.example.cpu().numpy().copy()

    def _look(self, name: str, traced: TracedValue, args: tuple[Any, ...]) -> Any:
        if name == "is_nonzero":
            return bool(traced)
        return getattr(traced, name)(*args[1:])

    def _compare(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        first, second = (self.traced(x) for x in args[:2])
        answer = getattr(torch, name)(first.example, second.example, *args[2:], **kwargs)
        if first.fixed and second.fixed:
            node = self.graph.call_function(getattr(torch, name), (first.node, second.node, *args[2:]), kwargs)
            node.meta["number"] = bool
            return bool(TracedScalar(self, answer, f"{name}({describe(first.node)}, {describe(second.node)})", node))
        self.refusals.add_look(first if not first.fixed else second, f"torch.{name}()")
        return answer

    # Parts of call

    def _attribute_call(self, func: Any, slot: str, args: tuple[Any, ...]) -> Any:
        name = func.__self__.__name__
        if slot == "__get__" and name == "T" and args[0].ndim > 2:
            return self.record("call_method", "permute", (args[0], tuple(reversed(range(args[0].ndim)))), {})
        if slot == "__get__" and name in torch_calls.TENSOR_ATTRIBUTES:
            kind, call, more = torch_calls.TENSOR_ATTRIBUTES[name]
            return self.record(kind, call, (args[0], *more), {})
        if slot == "__set__" and isinstance(args[1], TracedValue):
            return self._assign(name, args[0], args[1])
        target = args[0].example if isinstance(args[0], TracedValue) else args[0]
        return func(target, *args[1:])

    def _assign(self, name: str, target: torch.Tensor, value: TracedValue) -> None:
        """x.data = value makes x another tensor."""
        own = isinstance(target, TracedValue) and target.node.op.startswith("call") and target.node.graph is self.graph
        if name == "data" and own:
            value = self.traced(value)
            target.node, target.example, target.fixed = value.node, value.example, value.fixed  # type: ignore[attr-defined]
        elif name != "grad":
            refuse_assignment(name)

    def _call_without_tensors(self, name: str, func: Any, args: Any, kwargs: Any) -> Any:
        if name in torch_calls.LITERALS:
            return literal(self, func, args, kwargs)
        if name in torch_calls.FACTORIES:
            return self.record("call_function", func, args, kwargs)
        return func(*map_leaves(self.to_value, args), **map_leaves(self.to_value, kwargs))

    def _size_call(self, name: str, tensor: torch.Tensor, args: tuple[Any, ...]) -> Any:
        if not isinstance(tensor, TracedValue):
            return len(tensor) if name == "__len__" else getattr(tensor, name)(*args[1:])
        shape = tensor.shape
        if name == "numel":
            return shape.numel()
        if name == "__len__":
            return len(tensor)
        return shape[args[1]] if len(args) > 1 else shape

    def _layout(self, name: str, traced: TracedValue, *dim: int, **kwargs: Any) -> Any:
        """A stride, all of them, the offset, contiguity: what depends on sizes and layouts stays in the graph."""

        def number(value: int, *place: int) -> TracedScalar:
            node = self.graph.call_method(name, (self.traced(traced).node, *place), kwargs)
            node.meta["number"] = type(value)
            return TracedScalar(self, value, f"{origin(traced.node)}.{name}({', '.join(map(str, place))})", node)

        found = getattr(traced.example, name)(*dim, **kwargs)
        return tuple(number(x, i) for i, x in enumerate(found)) if isinstance(found, tuple) else number(found, *dim)

    def _settle_sizes(self, traced: TracedValue) -> None:
        """Before a tensor changes its own sizes: those asked for so far are of the tensor as it is now."""
        for key in [key for key in self._sizes if key[0] is traced.node]:
            _ = self._sizes.pop(key).node

    def constant_node(self, tensor: torch.Tensor) -> fx.Node:
        """A node for a tensor that is part of the graph."""
        name = self._constant_name()
        self.constants[name] = Constant(name, tensor)
        node = self._root.graph.get_attr(name)
        note_form(node, tensor)
        return node

    def _constant_name(self) -> str:
        taken = {ref.path.partition(".")[0] for ref in self.refs.values()} | set(self.constants)
        return next(name for i in itertools.count(len(self.constants)) if (name := f"constant_{i}") not in taken)

    def _settle_factory(self, result: torch.Tensor, node_kwargs: dict[str, Any]) -> None:
        """A new tensor follows the feeds' device; its dtype depends on no default and no rule of TorchScript's own."""
        node_kwargs["dtype"] = result.dtype
        if self._device_node is not None and result.device == self._device:
            node_kwargs["device"] = self.to_node(self._device)

    # Values, nodes, results

    def traced(self, tensor: Any) -> TracedValue:
        """A tensor as the present scope has it; refused when it belongs to another trace."""
        if not isinstance(tensor, TracedValue):
            tensor = self.state_value(tensor)
        return self.scope.local(tensor) if tensor.tracer is self else refuse_escaped(tensor)

    def _check_write(self, name: str, written: TracedValue) -> None:
        refuse_write_to_result(name, written.node)
        for tensor in self.scope.note_write(written.example):
            refuse_write(name, tensor, self._state_values.values(), self.refs)

    def wrap(self, node: fx.Node, value: torch.Tensor, fixed: bool, ours: bool) -> TracedValue:
        """The traced tensor of a node. ours: it has Paddle's methods, as the eager one would have."""
        note_form(node, value)
        return (TracedTensor if ours else TorchTracedTensor)(node, self, value, fixed)

    def to_value(self, leaf: Any) -> Any:
        if isinstance(leaf, TracedScalar):
            return leaf.value
        return self.traced(leaf).example if isinstance(leaf, torch.Tensor) else leaf

    def to_node(self, leaf: Any) -> Any:
        """The present scope's node of what forward gives to a call; plain values stay as they are."""
        if isinstance(leaf, TracedScalar):
            return self.scope.node(leaf.node, leaf)
        if isinstance(leaf, torch.Tensor):
            return self.traced(leaf).node
        if isinstance(leaf, torch.device):
            ours = leaf == self._device and self._device_node is not None
            return self.scope.node(self._device_node, leaf) if ours else leaf  # type: ignore[arg-type]
        if isinstance(leaf, np.generic):
            return leaf.item()
        if isinstance(leaf, bool):
            return bool(leaf)
        if isinstance(leaf, int):
            return int(leaf)
        if isinstance(leaf, _PLAIN_LEAVES):
            return leaf
        here = user_line()
        raise UnsupportedValueError(
            f"FXT104 a value of type {type(leaf)} reached a torch function"
            + (f" at {here}" if here else "")
            + "\n  A static graph holds tensors, numbers, strings, dtypes and devices, and lists of them. Turn it "
            "into a tensor before forward (paddle.to_tensor). See docs/errors.md#fxt104"
        )

    def _result(self, node: fx.Node, name: str, result: Any, fixed: bool, ours: bool) -> Any:
        if isinstance(result, torch.Tensor):
            if name in torch_calls.RANKED:
                self._guard_rank(node, result)
            return self.wrap(node, result, fixed, ours)
        if isinstance(result, list | tuple) and not isinstance(result, torch.Size):
            node.meta["number"] = None
            if name in torch_calls.COUNTED:
                self._guard_count(f"len({origin(node)})", self.graph.call_function(len, (node,)), len(result))
            items = [self.item_of(node, i, x, fixed, ours) for i, x in enumerate(result)]
            if type(result) in (list, tuple):
                return type(result)(items)
            # torch.return_types.max and its like take one sequence, named tuples take their fields.
            return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
        if isinstance(result, torch.Size):
            node.meta["number"] = None
            return Shape(
                self._number(self.graph.call_function(operator.getitem, (node, i)), x) for i, x in enumerate(result)
            )
        if isinstance(result, bool | int | float):
            return self._number(node, result)
        return result

    def _number(self, node: fx.Node, value: Any) -> TracedScalar:
        """A number that torch computed from tensors or sizes."""
        node.meta["number"] = type(value)
        return TracedScalar(self, value, describe(node), node)

    def item_of(self, node: fx.Node, index: int, value: Any, fixed: bool, ours: bool) -> Any:
        """The traced item of a node that gives several."""
        if isinstance(value, torch.Tensor):
            item = self.graph.call_function(operator.getitem, (node, index))
            item.meta["view"] = True
            return self.wrap(item, value, fixed, ours)
        if isinstance(value, list | tuple):
            return self._result(self.graph.call_function(operator.getitem, (node, index)), "", value, fixed, ours)
        return value

    def _guard_rank(self, node: fx.Node, result: torch.Tensor) -> None:
        self._guard_count(f"{origin(node)}.ndim", self.graph.call_method("dim", (node,)), result.ndim)

    def _guard_count(self, text: str, count: fx.Node, value: int) -> None:
        count.meta["number"] = int
        condition = self.graph.call_function(operator.eq, (count, value))
        self._book.add(f"{text} == {value}", condition)


def _calling_frame() -> Any:
    """The Python frame whose instruction led to the tracer: the first one outside of it and of its mode."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename in _OWN_FILES:
        frame = frame.f_back  # type: ignore[assignment]
    return frame
