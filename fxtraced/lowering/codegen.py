"""A graph as the source text of a TorchScript `forward`."""

from __future__ import annotations

import cmath
import functools
import keyword
import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import LoweringError
from fxtraced.lowering.arguments import Text, scriptable
from fxtraced.lowering.blocks import write_cond, write_while_loop
from fxtraced.lowering.canonical import canonical_call
from fxtraced.passes.functionalize_writes import with_items
from fxtraced.passes.fuse_addition import add_into
from fxtraced.passes.matching import name_of
from fxtraced.passes.pack_linears import linear_with_addition
from fxtraced.tensor import loops
from fxtraced.tracing import regions
from fxtraced.tracing.guards import check_guard

_INFIX: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.matmul: "@",
    operator.and_: "&",
    operator.or_: "|",
    operator.lshift: "<<",
    operator.rshift: ">>",
    operator.xor: "^",
    operator.eq: "==",
    operator.ne: "!=",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}
_PREFIX: dict[Any, str] = {operator.neg: "-", operator.invert: "~", operator.not_: "not ", operator.pos: "+"}
_NAMED: dict[Any, str] = {
    math.floor: "math.floor",
    math.ceil: "math.ceil",
    math.isnan: "math.isnan",
    len: "len",
    int: "int",
    float: "float",
    abs: "abs",
    operator.abs: "torch.abs",
}
# Functions of two operands whose result's dtype is promoted from both.
_PROMOTING = frozenset("add sub subtract mul multiply bitwise_and bitwise_or bitwise_xor remainder pow".split())
_RESERVED = frozenset({"self", "torch", "math", "loops", "assert"})


def forward_source(
    graph: fx.Graph, feed_checks: bool = False, places: dict[str, str] | None = None, refuse_nan: bool = False
) -> str:
    """The text of `def forward(self, ...)` that computes graph in TorchScript.

    The result is a Tensor when the graph has one output and a tuple of Tensors otherwise. feed_checks adds assertions
    on every feed's rank and dtype, for callers that do not check them. places: where the module has the tensors that
    the graph knows by another path. refuse_nan: with assertions on the values of float32 feeds.
    """
    return Writer(graph, places or {}).write(feed_checks, refuse_nan)


class Writer:
    """Writes a graph line by line; branches and loops are blocks of the same function.

    lines: what was written. names: the texts of the nodes so far. A region's node may have the name of one of the graph
    around it, as passes name what they make; in the text every value has a name of its own.
    """

    def __init__(self, graph: fx.Graph, places: dict[str, str]):
        self._graph = graph
        self._places = places
        self.lines: list[str] = []
        self._depth = 1
        self.names = {node: _name(node) for node in graph.nodes if node.op != "get_attr"}
        self._used = set(self.names.values())
        self._layers: dict[tuple[str, ...], str] = {(): "self"}

    def write(self, feed_checks: bool, refuse_nan: bool) -> str:
        feeds = [node for node in self._graph.nodes if node.op == "placeholder"]
        self._name_layers()
        if feed_checks:
            for node in feeds:
                self._check_feed(node)
        if refuse_nan:
            for node in feeds:
                self._refuse_nan(node)
        self.write_operations(self._graph)
        outputs = [self.value(x) for x in self._graph.output_node().args[0]]  # type: ignore[union-attr]
        self.emit(f"return {outputs[0]}" if len(outputs) == 1 else f"return ({', '.join(outputs)})")
        signature = ", ".join(["self", *(self.name(node) for node in feeds)])
        return "\n".join([f"def forward({signature}):", *self.lines, ""])

    def write_operations(self, graph: fx.Graph) -> None:
        """A line for each operation of a graph or region."""
        for node in graph.nodes:
            self.write_operation(node)

    def write_operation(self, node: fx.Node) -> None:
        """The line of a node that computes something."""
        if node.op == "call_function":
            self._call_function(node)
        elif node.op == "call_method":
            self._call_method(node)

    def emit(self, line: str) -> None:
        """Add a line to the block."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self) -> Iterator[None]:
        """What is written within it belongs to the line before."""
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, node: fx.Node) -> str:
        """The text of a node's value."""
        if node not in self.names:
            self.names[node] = self.new_name(_name(node))
        return self.names[node]

    def new_name(self, name: str) -> str:
        """A name that nothing else in the function has."""
        while name in self._used:
            name = f"{name}_"
        self._used.add(name)
        return name

    def _check_feed(self, node: fx.Node) -> None:
        rank, dtype = len(node.meta["shape"]), node.meta["dtype"]
        wanted = f"{str(dtype).rsplit('.', 1)[-1]} of {rank} dimensions"
        message = f"FXT301 feed '{node.target}' must be {wanted}. See docs/errors.md#fxt301"
        self.emit(f"assert {self.name(node)}.dim() == {rank} and {self.name(node)}.dtype == {dtype}, {message!r}")

    def _refuse_nan(self, node: fx.Node) -> None:
        if node.meta["dtype"] is torch.float32:
            x = self.name(node)
            message = (
                f"FXT301 feed '{node.target}' holds not-a-number, which oneDNN's relu in an archive for target 'cpu' "
                "would make 0. Look where it comes from, or save with target='portable', which hands it on. See "
                "docs/errors.md#fxt301"
            )
            # The sum is quick, and not-a-number also where infinities meet.
            self.emit(f"assert not bool(torch.isnan({x}.sum())) or not bool(torch.isnan({x}).any()), {message!r}")

    def _call_function(self, node: fx.Node) -> None:
        target, args = node.target, node.args
        if target is regions.cond:
            write_cond(self, node)
        elif target is regions.while_loop:
            write_while_loop(self, node)
        elif target is check_guard:
            self.emit(f"assert {self.value(args[0])}, {args[1]!r}")
        elif target is operator.setitem:
            self.emit(f"{self._subscript(args[0], args[1])} = {self.value(args[2])}")  # type: ignore[arg-type]
        elif target is with_items:
            self._assign(node, f"{self.value(args[0])}.clone()")
            items: Any = args[1]
            for index, value in items:
                self.emit(f"{self._subscript(node, index)} = {self.value(value)}")
        else:
            self._assign(node, self._function(node, target, args))

    def _function(self, node: fx.Node, target: Any, args: tuple[Any, ...]) -> str:
        if target is operator.getitem:
            text = self._subscript(args[0], args[1])
            if getattr(args[0], "target", None) is torch.nn.functional.multi_head_attention_forward and args[1] == 1:
                # TorchScript has it as weights or None, and here are weights.
                return f"torch.jit._unwrap_optional({text})"
            # TorchScript reads no index of nothing, x[()].
            return text.replace("[...]", f".view_as({self.value(args[0])})") if text.endswith("[...]") else text
        if target is getattr:
            return f"{self.value(args[0])}.{args[1]}"
        if target is round:
            return f"int(round({self.value(args[0])}))"
        if target is add_into:
            into, other = self.value(args[0]), self.value(args[1])
            return f"{into}.add_({other}) if {into}.size() == {other}.size() else {into} + {other}"
        if target is linear_with_addition:
            x, other, weight, bias = map(self.value, args)
            linear = "torch.ops.mkldnn._linear_pointwise"
            one = f'{linear}({x}, {other}, {weight}, {bias}, "add")'
            two = f'{linear}({x}, {weight}, {bias}, "none", [], "") + {other}'
            return f"{one} if {x}.size()[:-1] == {other}.size()[:-1] else {two}"
        if target is operator.floordiv and not _is_tensor(args[0]) and _is_tensor(args[1]):
            divisor = self.value(args[1])
            return f"torch.floor_divide(torch.zeros_like({divisor}) + {self._operand(args[0])}, {divisor})"
        if target in _INFIX:
            left, right = self._flag(args[0], args[1]), self._flag(args[1], args[0])
            text = f"{self._operand(left)} {_INFIX[target]} {self._operand(right)}"
            # TorchScript's int ** int is a float.
            return f"int({text})" if target is operator.pow and node.meta.get("number") is int else text
        if target in _PREFIX:
            return f"{_PREFIX[target]}{self._operand(args[0])}"
        scriptable_args, kwargs = self._scriptable(node)
        canonical = canonical_call(target, scriptable_args, kwargs, self.value)
        if canonical:
            return canonical
        name = _NAMED.get(target) or _qualified_name(target)
        return f"{name}({self._arguments(scriptable_args, kwargs)})"

    def _call_method(self, node: fx.Node) -> None:
        owner = self.value(node.args[0])
        if node.target == "item":
            # TorchScript's item() has no definite type.
            self._assign(node, f"{node.meta['number'].__name__}({owner})")
        elif node.target in ("mT",):
            self._assign(node, f"{owner}.{node.target}")
        elif node.target == "view" and any(isinstance(x, torch.dtype) for x in (*node.args, *node.kwargs.values())):
            self._assign(node, self._view_as_dtype(node, owner))
        else:
            args, kwargs = self._scriptable(node)
            self._assign(node, f"{owner}.{node.target}({self._arguments(args[1:], kwargs)})")

    def _view_as_dtype(self, node: fx.Node, owner: str) -> str:
        """x.view(dtype): TorchScript takes the dtype for a size and has only the copy; they differ under writes."""
        if any(other.meta.get("effect") == "write" for other in regions.all_nodes(self._graph)):
            raise LoweringError(
                "FXT105 TorchScript has no view(dtype) that shares memory, and the graph writes in place. Write into "
                "new tensors instead. See docs/errors.md#fxt105"
            )
        dtype = node.kwargs.get("dtype", node.args[-1])
        return f"torch.view_copy({owner}, dtype={dtype})"

    def _assign(self, node: fx.Node, text: str) -> None:
        self.emit(f"{self.name(node)} = {text}")
        hidden_write = node.meta.get("effect") == "write" and not name_of(node).endswith("_")
        if (node.meta.get("draws") or hidden_write) and not node.users and "shape" in node.meta:
            # TorchScript drops a draw that nobody uses, and the next one would get its random numbers; and a batch norm
            # that nobody uses, with its statistics.
            self.emit(f"assert {self.name(node)}.dim() >= 0")

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        return ", ".join([self.value(x) for x in args] + [f"{k}={self.value(v)}" for k, v in kwargs.items()])

    def _subscript(self, owner: fx.Node, index: Any) -> str:
        """owner[index]: slices as a:b:c, lists of numbers as tensors on the owner's device."""
        items = list(index) if isinstance(index, tuple) else [index]
        text = self.value(owner)
        dim = whole = 0
        for at, item in enumerate(items):
            if item is Ellipsis:
                dim = len(owner.meta["shape"]) - sum(map(_consumed, items[at + 1 :]))
                whole = dim - sum(map(_consumed, items[:at]))
            elif _is_one_bool(item):
                # TorchScript's indexing does not know them: along an axis of its own it keeps the one slice or none.
                one = f"torch.full([1], {item}, dtype=torch.bool, device={text}.device)"
                items[at] = Text(f"{self.value(item)}.reshape([1])" if isinstance(item, fx.Node) else one)
                text = f"torch.unsqueeze({text}, {dim})"
                dim += 1
            else:
                dim += _consumed(item)
        # TorchScript knows no tensors after an ellipsis, which stands for a known number of axes here.
        entries: list[str] = []
        for item in items:
            entries += [":"] * whole if item is Ellipsis else [self._index_item(item, owner)]
        return f"{text}[{', '.join(entries) or '...'}]"

    def _index_item(self, item: Any, owner: Any) -> str:
        if isinstance(item, slice):
            start, stop = ("" if x is None else self.value(x) for x in (item.start, item.stop))
            return f"{start}:{stop}" + (f":{self.value(item.step)}" if item.step is not None else "")
        if isinstance(item, list):
            return f"torch.tensor({self.value(item)}, device={self.value(owner)}.device)"
        return self.value(item)

    def _scriptable(self, node: fx.Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = scriptable(node, self.value)
        if len(args) == 2 and name_of(node).rstrip("_") in _PROMOTING:
            args = (self._flag(args[0], args[1]), self._flag(args[1], args[0]))
        if name_of(node) == "where":
            args = tuple(self._flag(x, args[0]) for x in args)
        return args, kwargs

    def _flag(self, value: Any, other: Any) -> Any:
        """TorchScript takes a bool beside a tensor for an int: it becomes a tensor, which promotes as a bool does."""
        if isinstance(value, bool) and _is_tensor(other):
            return Text(f"torch.tensor({value}, device={self.value(other)}.device)")
        return value

    def _name_layers(self) -> None:
        """A line for each sublayer that holds a tensor of the graph: to be reached once, and not at each use.

        TorchScript's executor looks at every step of a path in its first calls.
        """
        for node in regions.all_nodes(self._graph):
            if node.op == "get_attr":
                parts = self._parts(node)[:-1]
                for depth in range(1, len(parts) + 1):
                    layer = parts[:depth]
                    if layer not in self._layers:
                        name = self.new_name(f"layer{len(self._layers)}")
                        self.emit(f"{name} = {_member(self._layers[layer[:-1]], layer[-1])}")
                        self._layers[layer] = name

    def _parts(self, node: fx.Node) -> tuple[str, ...]:
        path = str(node.target)
        return _parts_of(self._places.get(path, path))

    def _state(self, node: fx.Node) -> str:
        *layer, name = self._parts(node)
        return _member(self._layers[tuple(layer)], name)

    def _operand(self, value: Any) -> str:
        text = self.value(value)
        return f"({text})" if text.startswith("-") else text

    def value(self, value: Any) -> str:
        """The text of an argument."""
        if isinstance(value, Text):
            return value
        if isinstance(value, fx.Node):
            return self._state(value) if value.op == "get_attr" else self.name(value)
        if isinstance(value, list | tuple):
            if not value:
                return "torch.jit.annotate(List[int], [])"
            # None beside tensors is an index of nothing.
            numbers = any(isinstance(x, int | float) or (isinstance(x, fx.Node) and "number" in x.meta) for x in value)
            return f"[{', '.join(self._number(x) if numbers else self.value(x) for x in value)}]"
        if isinstance(value, float) and not math.isfinite(value):
            return f'float("{value}")'
        if isinstance(value, complex):
            if not cmath.isfinite(value):
                raise LoweringError(
                    f"FXT105 the complex constant {value} cannot be written in TorchScript. Keep it in a buffer "
                    "(register_buffer). See docs/errors.md#fxt105"
                )
            return f"complex({value.real!r}, {value.imag!r})"
        if isinstance(value, torch.device):
            return f'torch.device("{value}")'
        return repr(value)

    def _number(self, value: Any) -> str:
        """The text of an entry among numbers: torch takes a tensor of one element there, and TorchScript does not."""
        if not _is_tensor(value):
            return self.value(value)
        return f"{'float' if value.meta['dtype'].is_floating_point else 'int'}({self.value(value)})"


def _is_tensor(value: Any) -> bool:
    return isinstance(value, fx.Node) and "shape" in value.meta


def _is_one_bool(item: Any) -> bool:
    return isinstance(item, bool) or (isinstance(item, fx.Node) and _mask_dims(item) == 0)


def _consumed(item: Any) -> int:
    """How many axes of the owner an entry of an index uses up."""
    if item is None or _is_one_bool(item):
        return 0
    return (_mask_dims(item) or 1) if isinstance(item, fx.Node) else 1


def _mask_dims(node: fx.Node) -> int | None:
    """The number of axes of a mask; None for anything else."""
    return len(node.meta["shape"]) if node.meta.get("dtype") is torch.bool else None


def _name(node: fx.Node) -> str:
    name = node.name
    return f"{name}_" if name in _RESERVED or keyword.iskeyword(name) else name


def attribute_name(part: str) -> str:
    """The name of a sublayer or tensor in the scripted module.

    TorchScript writes files that it cannot read where a name is a Python keyword, and refuses what is not ASCII. A part
    is empty where a layer's name has dots of its own ("block.0.").
    """
    if not part:
        return "__empty"
    if keyword.iskeyword(part):
        return f"{part}__keyword"
    return "".join(c if c.isascii() else f"_u{ord(c):x}" for c in part)


def state_path(path: str) -> str:
    """The expression for a tensor of the module."""
    return functools.reduce(_member, _parts_of(path), "self")


def _parts_of(path: str) -> tuple[str, ...]:
    return tuple(map(attribute_name, path.split(".")))


def _member(owner: str, name: str) -> str:
    return f"{owner}.{name}" if name.isidentifier() else f'getattr({owner}, "{name}")'


def _qualified_name(target: Any) -> str:
    if isinstance(target, torch._ops.OpOverload):
        # TorchScript finds the overload itself, and takes no name of one.
        return f"torch.ops.{target._schema.name.replace('::', '.')}"
    name = getattr(target, "__name__", None)
    if name is None:
        raise LoweringError(
            f"FXT105 {target!r} has no name that TorchScript knows. Compute it with public torch functions. "
            "See docs/errors.md#fxt105"
        )
    for module, prefix in (
        (loops, "loops"),
        (torch.nn.functional, "torch.nn.functional"),
        (torch, "torch"),
        (torch._C._nn, "torch._C._nn"),
        (torch.special, "torch.special"),
        (torch.linalg, "torch.linalg"),
        (torch.fft, "torch.fft"),
    ):
        if getattr(module, name, None) is target:
            return f"{prefix}.{name}"
    qualified = fx.graph._get_qualified_name(target)
    if not qualified.startswith("torch."):
        raise LoweringError(
            f"FXT105 {qualified} is no torch function: TorchScript cannot call it. Compute it with public torch "
            "functions. See docs/errors.md#fxt105"
        )
    return qualified
