"""The files in recorded/: what scripts/record_models.py writes and the tests read. Needs NumPy alone."""

from pathlib import Path

import numpy as np

from tests import models
from tests.models.weights import filled

FOLDER = Path(__file__).parent / "recorded"
PLACES = 63


def flat(result):
    """The tensors of a model's result in order."""
    if isinstance(result, dict):
        result = list(result.values())
    return list(result) if isinstance(result, list | tuple) else [result]


def condensed(array):
    """A large array as its size (root of the mean square), and the values at evenly spread places."""
    if array.size <= PLACES:
        return array
    places = np.linspace(0, array.size - 1, PLACES).astype(int)
    size = np.sqrt(np.mean(np.square(array, dtype="float64")))
    return np.concatenate([[size], array.ravel()[places]]).astype(array.dtype)


def key_lines(state):
    """Keys and shapes of a state dict, as they are recorded."""
    return np.array([f"{key}:{','.join(map(str, value.shape))}" for key, value in state.items()])


class Record:
    """`shapes` by key, `weights` by key, `outputs`, and all `entries` of a model's file."""

    def __init__(self, name):
        with np.load(FOLDER / f"{name}.npz") as file:
            self.entries = {key: file[key] for key in file.files}
        self.condensed = name not in models.WRITTEN
        self.shapes = {}
        for line in self.entries["keys"]:
            key, _, dims = str(line).rpartition(":")
            self.shapes[key] = [int(d) for d in dims.split(",") if d]
        self.outputs = [value for key, value in self.entries.items() if key.startswith("output/")]

    @property
    def weights(self):
        if self.condensed:
            return {key: filled(key, shape) for key, shape in self.shapes.items()}
        return {key: self.entries[f"weight/{key}"] for key in self.shapes}

    def differences(self, outputs):
        """For each output, given as an array: the largest difference to Paddle's, as a part of the largest value.

        Raises AssertionError where a dtype, a shape or the number of outputs differs.
        """
        assert len(outputs) == len(self.outputs)
        shapes = [[int(d) for d in line.split(",") if d] for line in self.entries["output_shapes"]]
        assert [list(output.shape) for output in outputs] == shapes
        found = []
        for output, wanted in zip(outputs, self.outputs, strict=True):
            got = condensed(output) if self.condensed else output
            assert got.dtype == wanted.dtype
            scale = np.abs(wanted.astype("float64")).max()
            found.append(float(np.abs(got.astype("float64") - wanted).max() / scale))
        return found
