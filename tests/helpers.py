"""Small layers and inputs for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fxtraced as paddle


def layer_of(forward: Callable[..., Any], setup: Callable[[Any], None] | None = None) -> Any:
    """A Layer with this forward(self, *inputs); setup(self) adds sublayers and buffers."""

    class Made(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            if setup is not None:
                setup(self)

    Made.forward = forward
    return Made()


def floats(*shape: int, seed: int = 0) -> Any:
    """A float32 tensor, uniform in -1 to 1."""
    return paddle.to_tensor(np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32"))


def ints(*shape: int, high: int = 5, seed: int = 0) -> Any:
    """An int64 tensor from 0 to high - 1."""
    return paddle.to_tensor(np.random.RandomState(seed).randint(0, high, shape).astype("int64"))


def linear(self: Any) -> None:
    """A setup: self.fc is Linear(4, 4)."""
    self.fc = paddle.nn.Linear(4, 4)


def trace(layer: Any, *inputs: Any, **options: Any) -> Any:
    """The TracedLayer of layer on these inputs."""
    return paddle.jit.TracedLayer.trace(layer, list(inputs), **options)[1]


def same_as_layer(traced: Any, layer: Any, *inputs: Any) -> None:
    """Assert that the static graph gives what the layer gives without gradients: exactly, with the layer's own weights.

    With weights that passes derived from them, it gives that within rounding.
    """
    from torch.utils._pytree import tree_leaves

    with paddle.no_grad():
        expected = tree_leaves(layer(*inputs))
    results = traced(list(inputs))
    fetches = tuple(traced.program.fetch_names)
    plain = traced.program.plain_runnable(fetches)
    if traced.program.runnable(fetches) is not plain:
        for result, tensor in zip(results, expected, strict=True):
            np.testing.assert_allclose(result, tensor.numpy(), rtol=1e-4, atol=1e-5 * max(1, tensor.abs().max().item()))
        results = [result.numpy() for result in plain(*inputs)]
    assert len(results) == len(expected)
    for result, tensor in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, tensor.numpy())
