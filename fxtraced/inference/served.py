"""Served: one archive, loaded and ready for requests from any number of threads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fxtraced.framework.errors import SelfTestError, TargetError
from fxtraced.inference.config import Config
from fxtraced.inference.cuda_graph import CudaGraphs, Run, captured_on
from fxtraced.inference.types import PrecisionType
from fxtraced.static.executor import Executor
from fxtraced.static.feeding import Feeds
from fxtraced.static.fetching import Fetches, tensors
from fxtraced.static.io import InferenceProgram, load_inference_model
from fxtraced.tensor.tensor import Tensor

_AUTOCAST = {PrecisionType.Half: torch.float16, PrecisionType.Bfloat16: torch.bfloat16}
# How far a self-test may be from the sample, relative to the output's largest magnitude.
TOLERANCE = {PrecisionType.Float32: 1e-4, PrecisionType.Half: 2e-2, PrecisionType.Bfloat16: 1e-1}
# A GPU multiplies float32 in TF32 where torch lets it, as it does by default in convolutions: with float16's mantissa.
_ON_A_GPU = 2e-2


class Served:
    """A loaded model as a config wants it. What it calculates does not change after it was made."""

    def __init__(self, config: Config):
        self.path = config.model_dir()
        executor = Executor(config.place())
        self.program: InferenceProgram = load_inference_model(self.path, executor)[0]
        self.device = executor.device
        self._on_a_gpu = self.device.type == "cuda"
        self.feeds = self.program.feeds
        self.fetch_names = self.program.fetch_names
        self._named_feeds = Feeds(self.feeds, self.program.written_feeds())
        self._fetches = Fetches(self.program.may_alias(tuple(self.fetch_names)))
        self._dtypes = [variable.dtype for variable in self.program.fetches]
        self._precision = config.precision()
        if self.program.target() == "cpu" and self._precision is not PrecisionType.Float32:
            raise TargetError(
                f"FXT405 {self.path} was saved for target 'cpu', whose weights are float32, and the config asks for "
                "another precision. Leave the precision away, or save the static graph with target='portable'. See "
                "docs/errors.md#fxt405"
            )
        self._autocast = _AUTOCAST.get(self._precision)
        # What was laid out for float32 would stay in float32: float16 is left to mixed precision.
        if config.ir_optim() and not config.use_gpu() and self._precision is not PrecisionType.Half:
            in_bfloat16 = self._precision is PrecisionType.Bfloat16
            self._autocast = None
            with self._own_precision():
                self.program.optimise_for_cpu(self._tolerance() if in_bfloat16 else None)
        self._run: Run = self.program.runnable(tuple(self.fetch_names))
        if config.cuda_graph_shapes():
            self.enable_cuda_graph(config.cuda_graph_shapes())

    def enable_cuda_graph(self, max_shapes: int) -> None:
        """Run as CUDA graphs from now on; a warning says why where that cannot be."""
        if isinstance(self._run, CudaGraphs):
            return
        reason = None if self._on_a_gpu else f"the model is on {self.device}"
        reason = reason or self.program.no_cuda_graph_because()
        if reason:
            warnings.warn(f"enable_cuda_graph changes nothing for {self.path}: {reason}", stacklevel=3)
            return
        self._run = CudaGraphs(self._run, captured_on(self.device), max_shapes, self._tolerance())

    def cuda_graph_shapes(self) -> list[list[list[int]]]:
        """The shapes of the inputs that run as CUDA graphs."""
        return self._run.shapes if isinstance(self._run, CudaGraphs) else []

    def run(self, inputs: list[Any]) -> list[Tensor]:
        """The outputs on tensors in the order of the feeds, on the model's device and without gradients.

        Tensors in pinned memory may go to a model on a GPU.
        Raises FeedError, FeedTypeError, GuardError, ExecutionError and OutOfMemoryError.
        """
        with torch._C.DisableTorchFunctionSubclass():
            return tensors(self._checked_run(inputs))

    def run_named(self, feed: dict[str, Any]) -> list[np.ndarray] | list[torch.Tensor]:
        """The outputs for feeds by name, as NumPy arrays, or on a GPU as tensors of their own. Raises what run does."""
        with torch._C.DisableTorchFunctionSubclass():
            results = self._checked_run(self._named_feeds.in_order(feed, self.device))
            # On a GPU nothing waits here: whoever reads an output does.
            return self._fetches.own(results) if self._on_a_gpu else self._fetches.arrays(results)

    def _checked_run(self, inputs: list[Any]) -> list[torch.Tensor]:
        quick = getattr(self._run, "quick", None)
        results = None
        if quick is not None and not self._autocast and not torch._C._is_any_autocast_enabled():
            results = quick(inputs)
        results = (
            self._run_otherwise(inputs) if results is None else [x.detach() if x.requires_grad else x for x in results]
        )
        return [x if x.dtype is dtype else x.to(dtype) for x, dtype in zip(results, self._dtypes, strict=True)]

    def _run_otherwise(self, inputs: list[Any]) -> Sequence[torch.Tensor]:
        if not self._named_feeds.fit(inputs, self.device):
            if self._on_a_gpu and len(inputs) == len(self.feeds):
                inputs = self._named_feeds.unpinned(inputs, self.device)
            self._named_feeds.check(inputs, self.device)
        # An output may be an input: it has no gradient.
        feeds = [x.detach() if x.requires_grad else x for x in inputs]
        if self._autocast or torch._C._is_any_autocast_enabled():
            with self._own_precision():
                return self._run(*feeds)
        return self._run(*feeds)

    def self_test(self, tolerance: float | None = None) -> dict[str, float] | None:
        """For each output the largest difference from the sample in the archive, relative to its largest magnitude.

        None when the archive has no sample. Raises SelfTestError when a difference is above tolerance.
        """
        with self._own_precision():
            differences = self.program.self_test()
        if differences is None:
            return None
        allowed = self._tolerance() if tolerance is None else tolerance
        found = dict(zip(self.fetch_names, differences, strict=True))
        wrong = {name: value for name, value in found.items() if not value <= allowed}
        if wrong:
            listed = ", ".join(f"{name!r} by {value:.3g}" for name, value in wrong.items())
            raise SelfTestError(
                f"FXT403 {self.path} does not give on {self.device} what it gave when it was saved: {listed} of the "
                f"output's scale, and {allowed:g} is allowed\n"
                "  Another device, library or precision calculates differently: compare on the machine that saved it, "
                "or give self_test the tolerance that you accept. See docs/errors.md#fxt403"
            )
        return found

    def sample(self) -> list[torch.Tensor] | None:
        """The inputs of the sample in the archive, on the model's device; None when it has none."""
        feeds = self.program.sample()
        return None if feeds is None else [x.to(self.device) for x in feeds]

    def warm_up(self, shapes: Sequence[Sequence[int]], calls: int) -> None:
        """Compile for these shapes, and make some calls, on values of the sample."""
        feeds = [x.to(self.device) for x in self.program.feeds_of(shapes)]
        with self._own_precision():
            self.program.compile_for(shapes)
        for _ in range(calls):
            self.run([x.clone() for x in feeds])

    def compile_like(self, other: Served) -> None:
        """Compile for the shapes for which another model of the same feeds is compiled."""
        with self._own_precision():
            self.program.compile_like(other.program)

    def _tolerance(self) -> float:
        """How far an output may be from the same calculation elsewhere, relative to its largest magnitude."""
        on_a_gpu = _ON_A_GPU if self._on_a_gpu else 0.0
        return max(self.program.tolerance(), TOLERANCE[self._precision], on_a_gpu)

    def _own_precision(self) -> Any:
        """The config's mixed precision, or none, whatever the caller's is."""
        return torch.autocast(self.device.type, self._autocast, enabled=self._autocast is not None)
