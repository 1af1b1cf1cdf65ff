"""Predictor: an archive with handles for its inputs and outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import FeedError, FetchError
from fxtraced.inference.config import Config
from fxtraced.static.executor import Executor, numpy_arrays
from fxtraced.static.feeding import check_tensors, tensors_of, wrong_count
from fxtraced.static.io import InferenceProgram, load_inference_model
from fxtraced.static.program import unknown_fetch
from fxtraced.tensor.tensor import as_tensor


class Handle:
    """One input or output of a predictor (paddle.inference.Tensor)."""

    def __init__(self, name: str):
        self.name = name
        self._shape: list[int] | None = None
        self._value: Any = None

    def reshape(self, shape: list[int]) -> None:
        """Say the shape of what copy_from_cpu will bring; checked there."""
        self._shape = list(shape)

    def shape(self) -> list[int]:
        """The shape of the value, or the one said by reshape."""
        return list(self._value.shape) if self._value is not None else list(self._shape or [])

    def copy_from_cpu(self, data: np.ndarray) -> None:
        """Set an input from a NumPy array; it is copied.

        Raises TypeError for what is no array, FeedError when reshape said another shape.
        """
        if not isinstance(data, np.ndarray):
            raise TypeError(f"copy_from_cpu: {self.name!r} takes a NumPy array, but received {type(data)}")
        if self._shape is not None and list(data.shape) != self._shape:
            raise FeedError(
                f"FXT301 input {self.name!r} was reshaped to {self._shape}, but received {list(data.shape)}. "
                "See docs/errors.md#fxt301"
            )
        self._value = np.array(data)

    def copy_to_cpu(self) -> np.ndarray:
        """The value of an output as a NumPy array. Raises FetchError before the first run."""
        if self._value is None:
            raise FetchError(f"FXT303 {self.name!r} has no value yet: call run() first. See docs/errors.md#fxt303")
        return self._value


class Predictor:
    """Runs an archive (paddle.inference.Predictor); made by create_predictor. It serves one thread at a time."""

    def __init__(self, config: Config):
        executor = Executor(config.place())
        self._program: InferenceProgram = load_inference_model(config.model_dir(), executor)[0]
        self._device = executor.device
        self._inputs = {name: Handle(name) for name in self._program.feed_names}
        self._outputs = {name: Handle(name) for name in self._program.fetch_names}
        self._run = self._program.runnable(tuple(self._program.fetch_names))

    def get_input_names(self) -> list[str]:
        """The names of the inputs in order."""
        return list(self._inputs)

    def get_output_names(self) -> list[str]:
        """The names of the outputs in order."""
        return list(self._outputs)

    def get_input_handle(self, name: str) -> Handle:
        """The input of this name. Raises FetchError when there is none."""
        return _handle(self._inputs, name)

    def get_output_handle(self, name: str) -> Handle:
        """The output of this name. Raises FetchError when there is none."""
        return _handle(self._outputs, name)

    def run(self, inputs: list[torch.Tensor] | None = None) -> Any:
        """Run on the input handles and fill the output handles (returns True), or on tensors and return tensors.

        Raises FeedError, FeedTypeError and GuardError.
        """
        feeds = self._program.feeds
        if inputs is not None:
            if len(inputs) != len(feeds):
                raise wrong_count(feeds, len(inputs))
            check_tensors(feeds, list(inputs), self._device)
            return [as_tensor(x) for x in self._run(*inputs)]
        given = {name: handle._value for name, handle in self._inputs.items() if handle._value is not None}
        tensors = tensors_of(feeds, given, self._device, self._program.written_feeds())
        check_tensors(feeds, tensors, None)
        results = numpy_arrays(self._run(*tensors), self._program.may_alias(tuple(self._outputs)))
        for handle, value in zip(self._outputs.values(), results, strict=True):
            handle._value = value
        return True


def create_predictor(config: Config) -> Predictor:
    """A predictor (paddle.inference.create_predictor). Raises ArchiveError for a missing or damaged archive."""
    if not isinstance(config, Config):
        raise TypeError(f"create_predictor: config must be a Config, but received {type(config)}")
    return Predictor(config)


def _handle(handles: dict[str, Handle], name: str) -> Handle:
    if name not in handles:
        raise unknown_fetch(name, list(handles))
    return handles[name]
