"""Predictor: runs an archive for requests, from handles or from tensors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch

from fxtraced.framework.errors import ArchiveError
from fxtraced.inference.config import Config
from fxtraced.inference.handle import Handle
from fxtraced.inference.served import Served
from fxtraced.static.program import unknown_fetch
from fxtraced.static.variable import Variable
from fxtraced.tensor.tensor import Tensor

_WARM_UP_CALLS = 3


class _Cell:
    """The model that a predictor and its clones serve now. A request takes it once and keeps it to its end."""

    def __init__(self, served: Served):
        self.served = served


class Predictor:
    """Runs an archive (paddle.inference.Predictor); made by create_predictor.

    run([tensors]) may be called by many threads at once. Handles belong to one thread: a clone for each has its own,
    and shares the weights.
    """

    def __init__(self, config: Config, cell: _Cell | None = None):
        if config.cpu_math_library_num_threads():
            torch.set_num_threads(config.cpu_math_library_num_threads())
        self._config = config
        self._cell = cell or _Cell(Served(config))
        self._lock = threading.Lock()
        self._inputs = {variable.name: Handle(variable) for variable in self._cell.served.feeds}
        self._outputs = {variable.name: Handle(variable) for variable in self._cell.served.program.fetches}

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

    def variables(self) -> list[Variable]:
        """The inputs and then the outputs with their dtypes and shapes; a size of -1 is free."""
        served = self._cell.served
        return [*served.feeds, *served.program.fetches]

    def run(self, inputs: Sequence[torch.Tensor] | None = None) -> list[Tensor] | None:
        """Run on the input handles and fill the output handles, or on tensors and return tensors.

        inputs: a tensor for each input in order, on the predictor's device; the outputs stay there. On a GPU the work
        is queued on the calling thread's current stream, and nothing waits for it but the reading of output handles.
        Tensors in pinned memory are taken, too, and must not change before the results are there.
        Raises FeedError, FeedTypeError, GuardError, ExecutionError and OutOfMemoryError.
        """
        served = self._cell.served
        if inputs is not None:
            return served.run(list(inputs))
        with self._lock:
            given = {name: handle.value for name, handle in self._inputs.items() if handle.value is not None}
            for handle, value in zip(self._outputs.values(), served.run_named(given), strict=True):
                handle.value = value
        return None

    def clone(self) -> Predictor:
        """A predictor with handles of its own for another thread; it shares the weights, and reload serves both."""
        return Predictor(self._config, self._cell)

    def sample(self) -> list[torch.Tensor] | None:
        """The inputs of the sample in the archive, on the predictor's device; None when it has none."""
        return self._cell.served.sample()

    def device(self) -> torch.device:
        """Where the model is."""
        return self._cell.served.device

    def manifest(self) -> dict[str, Any]:
        """What the archive says of itself; docs/archives.md lists it."""
        return self._cell.served.program.manifest

    def warm_up(self, shapes: Sequence[Sequence[int]] | None = None) -> None:
        """Make the slow first calls now, for inputs of these shapes (one for each) or those of the archive's sample.

        On a CPU calls of these shapes are compiled where that pays, for up to 16 choices of shapes; a model of reload
        is compiled for them, too. Inputs repeat the values of the sample; without one they are zeros.
        Raises ValueError without shapes when the archive has no sample.
        """
        served = self._cell.served
        if shapes is None:
            sample = served.sample()
            if sample is None:
                raise ValueError(f"warm_up: {served.path} has no sample: give a shape for each input")
            shapes = [x.shape for x in sample]
        if len(shapes) != len(served.feeds):
            raise ValueError(f"warm_up: {len(served.feeds)} shapes are wanted, but received {len(shapes)}")
        served.warm_up(shapes, _WARM_UP_CALLS)

    def enable_cuda_graph(self, max_shapes: int = 16) -> None:
        """Run each shape of the inputs as a CUDA graph, captured when it is first seen and replayed from then on.

        max_shapes: how many shapes are captured; further ones run as without. Clones and later models of reload follow.
        Inputs are copied into fixed memory and outputs out of it. A warning says why where a model cannot be captured,
        as on the CPU; it runs as without then. Raises ValueError for a max_shapes below 1.
        """
        self._config.enable_cuda_graph(max_shapes)
        self._cell.served.enable_cuda_graph(max_shapes)

    def cuda_graph_shapes(self) -> list[list[list[int]]]:
        """What runs as a CUDA graph: for each captured call the shapes of its inputs."""
        return self._cell.served.cuda_graph_shapes()

    def self_test(self, tolerance: float | None = None) -> dict[str, float] | None:
        """Run the sample in the archive: for each output the largest difference from what was saved with it.

        Differences are relative to the output's largest magnitude. tolerance: by default 1e-4, 2e-2 in half and 1e-1
        in bfloat16 precision, that of the archive or of the config, and at least 2e-2 on a GPU, which may multiply in
        TF32. None when the archive has no sample (it draws
        random numbers, or none was wanted).
        Raises SelfTestError when a difference is too large.
        """
        return self._cell.served.self_test(tolerance)

    def reload(self, dirname: str | None = None) -> None:
        """Serve another archive, or the same path read anew, from the next request on.

        The new model is loaded and has tested itself before it takes over; requests that run meanwhile finish with
        the old one, and clones follow. Raises ArchiveError for other inputs or outputs than before, SelfTestError,
        and what loading raises: the old model stays then.
        """
        config = Config(self._config)
        config.set_model(dirname if dirname is not None else self._cell.served.path)
        served = Served(config)
        _check_same_interface(self._cell.served, served)
        served.self_test()
        served.compile_like(self._cell.served)
        self._cell.served = served

    def clear_intermediate_tensor(self) -> None:
        """Nothing to do (Paddle's): torch frees every value as soon as it is used."""

    def try_shrink_memory(self) -> int:
        """Give the GPU memory that torch holds in reserve back to the driver; returns 0."""
        if self._cell.served.device.type == "cuda":
            torch.cuda.empty_cache()
        return 0


class PredictorPool:
    """A number of predictors that share one model (paddle.inference.PredictorPool)."""

    def __init__(self, config: Config, size: int = 1):
        if size < 1:
            raise ValueError(f"PredictorPool: size must be at least 1, but received {size}")
        first = create_predictor(config)
        self._predictors = [first, *(first.clone() for _ in range(size - 1))]

    def retrieve(self, index: int) -> Predictor:
        """The predictor of this index. Raises IndexError when there is none."""
        if not 0 <= index < len(self._predictors):
            raise IndexError(f"PredictorPool has {len(self._predictors)} predictors, but received index {index}")
        return self._predictors[index]

    # Paddle's own spelling.
    retrive = retrieve

    def __len__(self) -> int:
        return len(self._predictors)


def create_predictor(config: Config) -> Predictor:
    """A predictor (paddle.inference.create_predictor). Raises ArchiveError for a missing or damaged archive."""
    if not isinstance(config, Config):
        raise TypeError(f"create_predictor: config must be a Config, but received {type(config)}")
    return Predictor(Config(config))


def _handle(handles: dict[str, Handle], name: str) -> Handle:
    if name not in handles:
        raise unknown_fetch(name, list(handles))
    return handles[name]


def _check_same_interface(old: Served, new: Served) -> None:
    for kind, before, now in (("inputs", old.feeds, new.feeds), ("outputs", old.program.fetches, new.program.fetches)):
        if _form(before) != _form(now):
            raise ArchiveError(
                f"FXT401 {new.path} has the {kind} {_form(now)}, and the model that is served has {_form(before)}: "
                "make another predictor for it. See docs/errors.md#fxt401"
            )


def _form(variables: list[Variable]) -> list[str]:
    return [f"{v.name}: {str(v.dtype).removeprefix('torch.')}, rank {len(v.shape)}" for v in variables]
