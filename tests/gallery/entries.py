"""What a gallery entry is, and how the files of this folder write one down.

    G = Gallery("sizes")

    @G.right(f32(3, 4), f32(5, 4), setup=linear)        # traced on the first inputs, probed on all of them
    def scaled_by_its_rows(self, x):
        return self.fc(x) * x.shape[0]

A function becomes the forward of a layer: of a paddle.nn.Layer, whose tensors have Paddle's methods, and of a
torch.nn.Module, whose tensors have torch's (style="paddle" or style="torch" for one of them only). A class is the
layer itself.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import fxtraced as paddle

ENTRIES: list[Entry] = []


@dataclass(frozen=True)
class Sample:
    """A tensor to be made: its shape, its dtype, the range of its values."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    low: float
    high: float

    def tensor(self, rng: np.random.RandomState) -> torch.Tensor:
        if self.dtype.is_floating_point or self.dtype.is_complex:
            return torch.tensor(rng.uniform(self.low, self.high, self.shape)).to(self.dtype)
        return torch.tensor(rng.randint(int(self.low), int(self.high) + 1, self.shape)).to(self.dtype)


def f32(*shape: int, low: float = -1, high: float = 1) -> Sample:
    """A float32 tensor, uniform from low to high."""
    return Sample(shape, torch.float32, low, high)


def of(dtype: torch.dtype, *shape: int, low: float = -1, high: float = 1) -> Sample:
    """A tensor of any dtype, uniform from low to high."""
    return Sample(shape, dtype, low, high)


def i64(*shape: int, low: int = 0, high: int = 4) -> Sample:
    """An int64 tensor from low to high."""
    return Sample(shape, torch.int64, low, high)


def mask(*shape: int) -> Sample:
    """A bool tensor."""
    return Sample(shape, torch.bool, 0, 1)


@dataclass(frozen=True)
class Entry:
    """One small model with its verdict.

    probes: sets of inputs; the model is traced on the first and compared with eager calls on all. Each is a Sample, a
    list of Samples (nested as forward takes them), or a function of a NumPy generator that returns such a list, with
    torch tensors in it.
    verdict: "right" (the graph gives what the layer gives, on every probe), "guarded" (that, or GuardError, which at
    least one probe meets), or the code of the error that refuses the trace.
    training: traced in training mode. archive: "same", or the code of the error that saving meets.
    """

    theme: str
    name: str
    style: str
    verdict: str
    make: Callable[[], torch.nn.Module]
    probes: tuple[Any, ...]
    training: bool = False
    archive: str = "same"
    copies: bool = True
    peers: bool = True
    open_bug: str = ""

    @property
    def key(self) -> str:
        return f"{self.theme}: {self.name} ({self.style})".replace("_", " ")

    def layer(self) -> torch.nn.Module:
        """The model, the same in every call."""
        seed_everything(7)
        layer = self.make()
        return layer.train() if self.training else layer.eval()

    def inputs(self, probe: int, seed: int = 0) -> list[Any]:
        """The inputs of a probe, the same in every call; another seed gives other values."""
        rng = np.random.RandomState(1000 * seed + probe + 1)
        value = self.probes[probe]
        value = value(rng) if callable(value) else value
        wrapped: dict[int, torch.Tensor] = {}

        def made(leaf: Any) -> Any:
            if isinstance(leaf, Sample):
                leaf = leaf.tensor(rng)
            if isinstance(leaf, torch.Tensor):
                kind = torch.Tensor if self.style == "torch" else paddle.Tensor
                return wrapped.setdefault(id(leaf), leaf.as_subclass(kind))
            if isinstance(leaf, dict):
                return {k: made(v) for k, v in leaf.items()}
            if hasattr(leaf, "_fields"):
                return type(leaf)(*map(made, leaf))
            return type(leaf)(map(made, leaf)) if isinstance(leaf, list | tuple) else leaf

        return made(list(value) if isinstance(value, list | tuple) else [value])


class Gallery:
    """The entries of one theme; its methods are decorators."""

    def __init__(self, theme: str, style: str = "both"):
        self.theme = theme
        self.style = style

    def right(self, *probes: Any, **options: Any) -> Callable[[Any], Any]:
        return self._entry("right", probes, options)

    def guarded(self, *probes: Any, **options: Any) -> Callable[[Any], Any]:
        return self._entry("guarded", probes, options)

    def refused(self, code: str, *probes: Any, **options: Any) -> Callable[[Any], Any]:
        return self._entry(code, probes, options)

    def _entry(self, verdict: str, probes: tuple[Any, ...], options: dict[str, Any]) -> Callable[[Any], Any]:
        setup = options.pop("setup", None)
        style = options.pop("style", self.style)

        def add(model: Any) -> Any:
            if inspect.isclass(model):
                styles = ("paddle" if issubclass(model, paddle.nn.Layer) else "torch",)
            else:
                styles = ("paddle", "torch") if style == "both" else (style,)
            for kind in styles:
                make = model if inspect.isclass(model) else _layer_class(model, setup, kind)
                ENTRIES.append(Entry(self.theme, model.__name__, kind, verdict, make, probes, **options))
            return model

        return add


def _layer_class(forward: Callable[..., Any], setup: Callable[..., None] | None, style: str) -> Any:
    base, nn = (torch.nn.Module, torch.nn) if style == "torch" else (paddle.nn.Layer, paddle.nn)

    class Model(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            if setup is not None:
                setup(self, nn)

    Model.forward = forward  # type: ignore[attr-defined]
    Model.__name__ = Model.__qualname__ = forward.__name__
    return Model


def seed_everything(seed: int) -> None:
    """The same random numbers from here on: torch's, NumPy's and Python's."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def linear(self: Any, nn: Any) -> None:
    """A setup: self.fc is Linear(4, 4)."""
    self.fc = nn.Linear(4, 4)


def counting(self: Any, nn: Any) -> None:
    """A setup: self.fc, a buffer self.steps, and a Python number self.calls."""
    self.fc = nn.Linear(4, 4)
    self.register_buffer("steps", torch.zeros(1))
    self.calls = 0
