"""Traced numbers: Python numbers that come from sizes and are recorded as they are used.

They calculate like the int, float or bool they carry and stay symbolic in the graph. Where Python must have
the number itself (`if n > 3`, `range(n)`, `int(n / 2)`), the question and its answer become a guard.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import fx

from fxtraced.framework.errors import TraceError
from fxtraced.tracing.nodes import reads_state

if TYPE_CHECKING:
    from fxtraced.tensor.shape import Shape
    from fxtraced.tracing.tracer import ConcolicTracer

_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LONGEST_TEXT = 120


class TracedScalar:
    """A number with its value now (`value`) and its node in the graph (`node`)."""

    def __init__(self, tracer: ConcolicTracer, value: Any, text: str, node: fx.Node | Callable[[], fx.Node]):
        self.tracer = tracer
        self.value = value
        self.text = text
        self._node = node

    @property
    def node(self) -> fx.Node:
        """The node; a size gets one when it is used for the first time."""
        if not isinstance(self._node, fx.Node):
            self._node = self._node()
        return self._node

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # type: ignore[override]
        """isinstance(d, int) holds, as it does for the number itself."""
        return type(self.value)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Makes torch's argument parser take a traced number; during a trace the tracer's mode comes first."""
        raise TraceError(
            f"FXT100 a traced size is used in {func.__name__}() outside of the trace that made it: forward kept it in "
            "a global, a closure or another object. See docs/errors.md#fxt100"
        )

    # Looks: Python needs the number. Each leaves a guard.

    def __bool__(self) -> bool:
        if isinstance(self.value, bool):
            self.tracer.guard_truth(self)
            return self.value
        return bool(self != 0)

    def _specialise(self) -> Any:
        if self.value != self.value:
            # Not-a-number equals nothing, itself included.
            self.tracer.guard_truth(self.tracer.scalar_call(math.isnan, (self,), f"isnan({self.text})"))
        else:
            self.tracer.guard_truth(self == self.value)
        return self.value

    def __int__(self) -> int:
        if not reads_state(self.node):
            self.tracer.number_calls.note("int", sys._getframe(1))
        return int((self if isinstance(self.value, int) else self.__trunc__())._specialise())

    def __float__(self) -> float:
        return float(self._specialise())

    def __index__(self) -> int:
        if not isinstance(self.value, int):
            raise TypeError(f"{type(self.value).__name__!r} object cannot be interpreted as an integer")
        # torch's argument parser asks for the index of a size that it then records as a whole: provisional.
        self.tracer.guard_index(self, sys._getframe(1))
        return self.value

    def __hash__(self) -> int:
        return hash(self._specialise())

    def __str__(self) -> str:
        return str(self._specialise())

    def __repr__(self) -> str:
        # str(x.shape) may be a key: a look like any other. After the trace it is only a debugger's.
        return repr(self.value if self.tracer.finished else self._specialise())

    def __format__(self, spec: str) -> str:
        return format(self._specialise(), spec)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        calculation = _UFUNCS.get(ufunc.__name__)
        plain = method == "__call__" and not kwargs and not any(isinstance(x, np.ndarray) for x in inputs)
        if plain and calculation is not None:
            return calculation(*(x.item() if isinstance(x, np.generic) else x for x in inputs))
        numbers = (x._specialise() if issubclass(type(x), TracedScalar) else x for x in inputs)
        return getattr(ufunc, method)(*numbers, **kwargs)

    def __complex__(self) -> complex:
        return complex(self._specialise())

    # Roundings give a traced int again.

    def __trunc__(self) -> Any:
        return self.tracer.scalar_call(int, (self,), f"int({self.text})")

    def __floor__(self) -> Any:
        return self.tracer.scalar_call(math.floor, (self,), f"floor({self.text})")

    def __ceil__(self) -> Any:
        return self.tracer.scalar_call(math.ceil, (self,), f"ceil({self.text})")

    def __round__(self, digits: int | None = None) -> Any:
        if digits is not None:
            return round(self._specialise(), digits)
        return self.tracer.scalar_call(round, (self,), f"round({self.text})")

    def __neg__(self) -> Any:
        return self.tracer.scalar_call(operator.neg, (self,), f"-{self.text}")

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.tracer.scalar_call(abs, (self,), f"abs({self.text})")

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __invert__(self) -> Any:
        return -self - 1

    def is_integer(self) -> Any:
        """As float.is_integer."""
        return self == self.__floor__()

    def __getattr__(self, name: str) -> Any:
        # What else a number has: bit_length, numerator, real.
        if name.startswith("__") or not hasattr(type(self.value), name):
            raise AttributeError(f"{type(self.value).__name__!r} object has no attribute {name!r}")
        return getattr(self._specialise(), name)


class TracedSize(TracedScalar):
    """Paddle's `x.size`, which torch code may also call as `x.size(dim)`."""

    def __init__(self, tracer: ConcolicTracer, value: int, text: str, node: Any, shape: Shape):
        super().__init__(tracer, value, text, node)
        self._shape = shape

    def __call__(self, dim: int | None = None) -> Any:
        return self._shape if dim is None else self._shape[dim]


def negated(scalar: TracedScalar) -> tuple[str, Any]:
    """The text of `not scalar` for a traced bool, and the comparison operator that says it (None: use `not`)."""
    node = scalar.node
    symbol = _SYMBOLS.get(node.target) if node.op == "call_function" else None  # type: ignore[arg-type]
    if symbol in _NEGATED:
        opposite = _NEGATED[symbol]
        return scalar.text.replace(f" {symbol} ", f" {opposite} ", 1), _OPERATORS[opposite]
    return f"not ({scalar.text})", None


def _text(value: Any, symbol: str) -> str:
    if not isinstance(value, TracedScalar):
        return repr(value)
    text = value.text if len(value.text) <= _LONGEST_TEXT else value.text[:_LONGEST_TEXT] + "..."
    return f"({text})" if " " in text and symbol not in _NEGATED else text


def _binary(symbol: str, function: Callable[[Any, Any], Any], reflected: bool) -> Callable[[Any, Any], Any]:
    def method(self: TracedScalar, other: Any) -> Any:
        if isinstance(other, np.generic):
            other = other.item()
        if isinstance(other, torch.Tensor) or not isinstance(other, int | float | complex):
            return NotImplemented
        if issubclass(type(other), TracedScalar) and other.tracer is not self.tracer:
            # A cache of forward's holds sizes of an earlier trace: they equal nothing of this one.
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        text = f"{_text(left, symbol)} {symbol} {_text(right, symbol)}"
        return self.tracer.scalar_call(function, (left, right), text)

    return method


_ARITHMETIC = {
    "add": ("+", operator.add),
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "truediv": ("/", operator.truediv),
    "floordiv": ("//", operator.floordiv),
    "mod": ("%", operator.mod),
    "pow": ("**", operator.pow),
    "lshift": ("<<", operator.lshift),
    "rshift": (">>", operator.rshift),
    "and": ("&", operator.and_),
    "or": ("|", operator.or_),
    "xor": ("^", operator.xor),
}
_COMPARISONS = {
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
}
# NumPy's names of the calculations that stay traced: np.float32(2) * n.
_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "power": operator.pow,
}
_SYMBOLS = {function: symbol for symbol, function in _COMPARISONS.values()}
_OPERATORS = dict(_COMPARISONS.values())

for _name, (_symbol, _function) in _ARITHMETIC.items():
    setattr(TracedScalar, f"__{_name}__", _binary(_symbol, _function, reflected=False))
    setattr(TracedScalar, f"__r{_name}__", _binary(_symbol, _function, reflected=True))
for _name, (_symbol, _function) in _COMPARISONS.items():
    setattr(TracedScalar, f"__{_name}__", _binary(_symbol, _function, reflected=False))
