"""Random networks of what the passes for a CPU look for, in orders and with neighbours that they do not expect."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

import fxtraced as paddle
import fxtraced.nn.functional as F
from fxtraced.passes import (
    convolution,
    convolve_linears,
    fastest_linear,
    fold_batch_norm,
    linear,
    multiply_linears,
    multiply_pointwise,
    pack_linears,
    pool_images,
)

nn = paddle.nn
_ACTIVATIONS = (F.relu, F.relu6, F.silu, F.hardswish, F.hardsigmoid, F.sigmoid, F.tanh, F.gelu, F.leaky_relu, F.mish)
# Sizes of the input, of which the first is traced.
_SIZES = ((2, 8, 16, 16), (1, 8, 9, 12), (3, 8, 16, 16), (1, 8, 1, 1))


class Network(nn.Layer):
    """Layers drawn from a seed; `steps` says what forward does, a name and its sublayer or setting each."""

    def __init__(self, seed: int):
        super().__init__()
        self.random = random.Random(seed)
        self.channels = 8
        self.parts = nn.LayerList()
        self.steps: list[tuple[str, Any]] = []
        for _ in range(self.random.randint(2, 9)):
            getattr(self, f"_add_{self.random.choice(_KINDS)}")()
        self.tail = self.random.choice(("map", "vector", "sequence", "attention"))
        if self.tail == "vector":
            self._part("linear", nn.Linear(self.channels, 24, bias_attr=self._maybe()))
        elif self.tail == "sequence":
            direction = self.random.choice(("forward", "bidirectional"))
            self._part("lstm", nn.LSTM(self.channels, 12, num_layers=self.random.randint(1, 2), direction=direction))
        elif self.tail == "attention":
            self._part("attention", nn.Linear(self.channels, 3 * self.channels))

    def _part(self, name: str, layer: Any) -> None:
        self.steps.append((name, len(self.parts)))
        self.parts.append(layer)

    def _maybe(self) -> Any:
        return self.random.choice((None, False))

    def _add_pointwise(self) -> None:
        self._convolution(1)

    def _add_convolution(self) -> None:
        self._convolution(3, stride=self.random.choice((1, 1, 2)), groups=self.random.choice((1, 1, 2)))

    def _add_depthwise(self) -> None:
        self._part("depthwise", nn.Conv2D(self.channels, self.channels, 3, padding=1, groups=self.channels))

    def _add_transposed(self) -> None:
        out = self.random.choice((8, 16))
        self._part("transposed", nn.Conv2DTranspose(self.channels, out, 2, stride=2, bias_attr=self._maybe()))
        self.channels = out

    def _convolution(self, kernel: int, stride: int = 1, groups: int = 1) -> None:
        out = self.random.choice((8, 16, 24))
        padding = kernel // 2
        layer = nn.Conv2D(self.channels, out, kernel, stride, padding, 1, groups, bias_attr=self._maybe())
        self._part("convolution", layer)
        self.channels = out

    def _add_norm(self) -> None:
        norm = nn.BatchNorm2D(self.channels)
        values = np.random.RandomState(self.random.randint(0, 999))
        norm._mean.set_value(values.uniform(-0.5, 0.5, self.channels).astype("float32"))
        norm._variance.set_value(values.uniform(0.5, 1.5, self.channels).astype("float32"))
        self._part("norm", norm)

    def _add_activation(self) -> None:
        self.steps.append(("activation", self.random.randrange(len(_ACTIVATIONS))))

    def _add_residual(self) -> None:
        layer = nn.Conv2D(self.channels, self.channels, self.random.choice((1, 3)), padding="same")
        self._part(self.random.choice(("residual", "residual first", "squared")), layer)

    def _add_squeeze(self) -> None:
        self._part("squeeze", nn.Conv2D(self.channels, self.channels, 1))

    def _add_concat(self) -> None:
        self._part("concat", nn.Conv2D(self.channels, 8, 1))
        self.channels += 8

    def forward(self, x: Any) -> Any:
        kept = []
        for name, what in self.steps:
            if name == "activation":
                x = _ACTIVATIONS[what](x)
                continue
            part = self.parts[what]
            if name in ("residual", "residual first"):
                x = part(x) + x if name == "residual" else x + part(x)
            elif name == "squared":
                y = part(x)
                x = F.relu(y + y * x)
            elif name == "squeeze":
                x = x * F.hardsigmoid(part(F.adaptive_avg_pool2d(x, 1)))
            elif name == "concat":
                x = paddle.concat([x, part(x)], axis=1)
            elif name == "linear":
                return F.gelu(part(x.mean(axis=[2, 3]))), x
            elif name == "lstm":
                outputs, (hidden, cell) = part(x.flatten(2).transpose([0, 2, 1]))
                return outputs, hidden, cell
            elif name == "attention":
                q, k, v = part(x.flatten(2).transpose([0, 2, 1])).chunk(3, axis=-1)
                weights = F.softmax(paddle.matmul(q, k, transpose_y=True) * 0.3, axis=-1)
                return paddle.matmul(weights, v)
            else:
                x = part(x)
            kept.append(x)
        return (x, kept[0]) if kept and self.tail == "map" else x


_KINDS = tuple(name[5:] for name in dir(Network) if name.startswith("_add_"))


@contextmanager
def every_pass(seed: int) -> Iterator[None]:
    """Passes act at any size, and where they measure, a seed decides."""
    at_random = random.Random(seed)

    def choose(sites: Any, state: Any, changes: Any, gain: float = 1.0) -> list[str]:
        return [at_random.choice(list(changes)) for _ in sites]

    with (
        mock.patch.object(convolution, "_WORTHWHILE", 0),
        mock.patch.object(fold_batch_norm, "_WORTHWHILE", 0),
        mock.patch.object(linear, "WORTHWHILE", 0),
        mock.patch.object(multiply_linears, "choose", choose),
        mock.patch.object(fastest_linear, "choose", choose),
        mock.patch.object(convolve_linears, "choose", choose),
        mock.patch.object(pack_linears, "choose", choose),
        mock.patch.object(multiply_pointwise, "choose", choose),
        mock.patch.object(pool_images, "choose", choose),
    ):
        yield


def largest_difference(seed: int) -> tuple[float, dict[str, int]]:
    """Of a network's static graph and of its archives for CPUs and GPUs from the layer, in parts of an output's scale.

    Each at several sizes; also what each pass changed. A size that the layer itself refuses is left out.
    """
    paddle.seed(seed)
    layer = Network(seed)
    layer.eval()
    found = 0.0
    with every_pass(seed), tempfile.TemporaryDirectory() as folder:
        traced = paddle.jit.TracedLayer.trace(layer, [_input(0, _SIZES[0])], verify=False)[1]
        runs = [traced, *archives_of(traced, folder)]
        for number, size in enumerate(_SIZES):
            x = _input(number, size)
            try:
                with paddle.no_grad():
                    wanted = layer(x)
            except (RuntimeError, ValueError):
                continue
            arrays = [y.numpy() for y in (wanted if isinstance(wanted, tuple) else [wanted])]
            for run in runs:
                found = max(found, *(_apart(a, b) for a, b in zip(arrays, run([x]), strict=True)))
        return found, traced.program.pass_report


def archives_of(traced: Any, folder: str) -> list[Callable[[list[Any]], list[np.ndarray]]]:
    """What runs a model of one input from its archive for each target, here on the CPU."""
    runs = []
    for target in ("cpu", "cuda"):
        traced.save_inference_model(os.path.join(folder, target), target=target)
        program, *_ = paddle.static.load_inference_model(os.path.join(folder, target))
        runs.append(lambda inputs, program=program: paddle.static.Executor().run(program, feed={"x": inputs[0]}))
    return runs


def _input(seed: int, size: tuple[int, ...]) -> Any:
    return paddle.to_tensor(np.random.RandomState(seed).uniform(-1, 1, size).astype("float32"))


def _apart(wanted: np.ndarray, got: np.ndarray) -> float:
    if wanted.shape != got.shape:
        return float("inf")
    return float(np.abs(wanted - got).max() / max(float(np.abs(wanted).max()), 1e-3))
