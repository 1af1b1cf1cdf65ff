"""Weights from the key's own seed, the same ones in every world."""

import math
import zlib

import numpy as np


def filled(key, shape, dtype="float32"):
    """The array of a state-dict entry, scaled such that the activations of a deep network stay near one."""
    state = np.random.RandomState(zlib.crc32(key.encode()))
    if key.endswith("_variance"):
        array = state.uniform(0.5, 1.5, shape)
    elif key.endswith(("_mean", "bias")):
        array = state.uniform(-0.2, 0.2, shape)
    elif len(shape) == 1:
        array = state.uniform(0.3, 0.9, shape)
    else:
        fan_in = shape[0] if len(shape) == 2 else math.prod(shape[1:])
        array = state.standard_normal(shape) * math.sqrt(2.0 / fan_in)
    return array.astype(dtype)


def nudged(key, array):
    """A fresh model's array moved off its zeros and ones, so that every entry matters to the result."""
    if array.dtype.kind != "f":
        return array
    state = np.random.RandomState(zlib.crc32(key.encode()))
    return array + state.uniform(-0.1, 0.1, array.shape).astype(array.dtype)
