"""Scripted modules as files: TorchScript with a manifest, a sample to test itself with, and a content hash."""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import fx

from fxtraced.framework.dtype import convert_dtype
from fxtraced.framework.errors import ArchiveError, ExecutionError, GuardError, LoweringError, TargetError
from fxtraced.framework.memory import out_of_memory
from fxtraced.framework.place import check_visible
from fxtraced.framework.seal import broken_seal, seal, written_hash
from fxtraced.lowering.freezing import ArchiveSource
from fxtraced.lowering.host_reads import host_reads
from fxtraced.lowering.packing import split_derived
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.lowering.partitions import Run
from fxtraced.lowering.quick import Quick, quick_call
from fxtraced.lowering.script import call_scripted, compute_constants, frozen_forward, function_of, quiet, script
from fxtraced.lowering.scripted_kernels import calculate_by_kernels
from fxtraced.lowering.scripted_precision import LowerPrecision
from fxtraced.lowering.self_test import (
    FETCHES,
    METHOD,
    SAMPLE,
    record_sample,
    sample_attributes,
    sample_differences,
    self_test_source,
)
from fxtraced.lowering.writing import write_scripted
from fxtraced.passes.onednn import calculates_bfloat16, hides_nan
from fxtraced.passes.partitioning import WORTHWHILE
from fxtraced.passes.pipeline import copy_graph
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.compare import ROUNDING, is_finite

MANIFEST = "fxtraced_manifest.json"
# What the self-test allows in an archive that does not say: float32's rounding, of the output's scale.
_TOLERANCE = 1e-4


def write_archive(
    file: Any,
    graph: fx.Graph,
    tensors: dict[str, tuple[torch.Tensor, bool]],
    attributes: dict[str, tuple[Any, Any]],
    manifest: dict[str, Any],
    sample: list[torch.Tensor] | None,
    lowered: fx.Graph | None = None,
) -> None:
    """Write graph and tensors to an open binary file as TorchScript, on the CPU.

    attributes: of the top module, each with its type and value; manifest: JSON beside the code. sample: feeds for the
    self-test, None for an archive without one. lowered: the graph for the file where it is another one, with derived
    calls; `graph` then gives the sample's results, and what was written is loaded and compared with them.
    Raises LoweringError when TorchScript does not take the graph, or when the lowered one gives something else.
    """
    as_saved = {path: _saved(tensor, is_parameter) for path, (tensor, is_parameter) in tensors.items()}
    own, methods = attributes, ""
    if sample is not None:
        own = {**attributes, **sample_attributes(sample)}
        methods = self_test_source(graph, sample)
    module = script(graph, as_saved, own, feed_checks=True, methods=methods)
    failed = record_sample(module, sample) if sample is not None else None
    if failed:
        without = {**manifest, "sample": f"the model fails on values that repeat: {failed}"}
        write_archive(file, graph, tensors, attributes, without, None, lowered)
        return
    if lowered is not None:
        expected = getattr(module, FETCHES) if sample is not None else None
        module = _lowered_module(copy_graph(lowered), as_saved, own, sample)
        if expected is not None:
            setattr(module, FETCHES, expected)
    module.eval()
    with quiet():
        write_scripted(module, file, {MANIFEST: json.dumps(manifest, indent=1)})
    if lowered is not None and sample is not None:
        del module
        _check_lowered(file, attributes["fxtraced_tolerance"][1], manifest["target"])
    seal(file)


def _saved(tensor: torch.Tensor, is_parameter: bool) -> tuple[torch.Tensor, bool]:
    on_cpu = plain(tensor).detach().cpu()
    return torch.nn.Parameter(on_cpu, requires_grad=False) if is_parameter else on_cpu, is_parameter


def _lowered_module(
    graph: fx.Graph,
    tensors: dict[str, tuple[torch.Tensor, bool]],
    attributes: dict[str, tuple[Any, Any]],
    sample: list[torch.Tensor] | None,
) -> torch.jit.ScriptModule:
    with torch.no_grad():
        graph, own, packing = split_derived(graph, tensors)
    methods = "" if sample is None else self_test_source(graph, sample)
    hides = any(map(hides_nan, graph.nodes))
    return script(graph, own, attributes, feed_checks=True, methods=methods, packing=packing, refuse_nan=hides)


def _check_lowered(file: Any, tolerance: float, target: str) -> None:
    file.seek(0)
    with quiet():
        loaded = torch.jit.load(file, map_location="cpu")
    with torch.no_grad():
        largest = max(getattr(loaded, METHOD)(), default=0.0)
    if not largest <= tolerance:
        raise LoweringError(
            f"FXT105 the graph lowered for target {target!r} differs from the traced one by {largest:.3g} of an "
            f"output's scale on the inputs of the trace, where {tolerance:g} is rounding; nothing was written. Save "
            "it with target='portable', and please report it. See docs/errors.md#fxt105"
        )
    file.seek(0, os.SEEK_END)


def read_manifest(path: str, source: str | None = None) -> dict[str, Any]:
    """The manifest of an archive with its content hash, read without loading the model; every bit is checked first.

    source: another name of the file, which is read.
    Raises ArchiveError for a damaged file and for one that save_inference_model did not write.
    """
    with open(source or path, "rb") as file:
        broken = broken_seal(file)
        content_hash = "" if broken else written_hash(file)
        try:
            with zipfile.ZipFile(file) as archive:
                name = next((x for x in archive.namelist() if x.endswith(f"/extra/{MANIFEST}")), None)
                text = archive.read(name) if name and not broken else b"{}"
        except Exception as error:
            if broken is None:
                raise
            raise ArchiveError(
                f"FXT401 {path} is no archive, or a damaged one: {broken}, and {error}. Save the model again. See "
                "docs/errors.md#fxt401"
            ) from error
    if name is None:
        raise ArchiveError(
            f"FXT401 {path} is an archive without a manifest: save_inference_model did not write it. If it is a "
            "TorchScript file, torch.jit.load reads it. See docs/errors.md#fxt401"
        )
    if broken:
        raise ArchiveError(
            f"FXT401 {path} is damaged: {broken}. Copy it anew, or save the model again. See docs/errors.md#fxt401"
        )
    try:
        manifest = json.loads(text)
        wrong = "" if isinstance(manifest, dict) else f"a {type(manifest).__name__}"
    except ValueError as error:
        wrong = f"no JSON: {error}"
    if wrong:
        raise ArchiveError(
            f"FXT401 {path} has a broken description: its manifest is {wrong}. Save the model again. See "
            "docs/errors.md#fxt401"
        )
    return {**manifest, "content_hash": content_hash}


class LoadedModule:
    """A scripted module from a file with its manifest. source: another name of the file, which is read."""

    def __init__(self, path: str, device: torch.device, manifest: dict[str, Any], source: str | None = None):
        self._path, self.manifest = path, manifest
        self._check_device(device)
        try:
            with quiet():
                self._module = torch.jit.load(source or path, map_location=device)
        except (RuntimeError, ValueError) as error:
            raise out_of_memory(error, f"the model of {path} on {device}") or ArchiveError(
                f"FXT401 torch {torch.__version__} cannot load {path}, which torch {manifest.get('torch')} wrote: "
                f"{_reason(error)}. See docs/errors.md#fxt401"
            ) from error
        for kind, attribute in (("feeds", "fxtraced_feed_names"), ("fetches", "fxtraced_fetch_names")):
            described, own = [x["name"] for x in manifest[kind]], list(getattr(self._module, attribute))
            if described != own:
                raise ArchiveError(
                    f"FXT401 {path} has a broken description: its manifest names the {kind} {described}, and its "
                    f"module {own}. Save the model again. See docs/errors.md#fxt401"
                )
        self._on_cpu = device.type == "cpu"
        self._run: Run
        self._module.eval()
        self._use(self._module, None)
        self.tolerance: float = getattr(self._module, "fxtraced_tolerance", _TOLERANCE)

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self._run(*feeds)

    def to(self, device: torch.device) -> None:
        """Move every tensor of the module. Raises TargetError for an archive of another target."""
        self._check_device(device)
        self._module.to(device)
        self._on_cpu = device.type == "cpu"
        self._use(self._module, self._sample)

    def self_test(self) -> list[float] | None:
        """For each fetch the largest relative difference from the sample in the file; None without a sample."""
        if self._sample is None:
            return self._of_the_sample(METHOD)
        feeds, fetches = self._sample
        return sample_differences(self(*(x.clone() for x in feeds)), fetches)

    def sample(self) -> list[torch.Tensor] | None:
        """The sample's feeds; None without a sample."""
        if self._sample is None:
            return self._of_the_sample(SAMPLE)
        return [x.clone() for x in self._sample[0]]

    def optimise_for_cpu(self, bfloat16_within: float | None = None) -> None:
        """Run what is frozen and laid out for the CPU: for the sample's sizes in compiled partitions, where they pay.

        The module stays as it was loaded, and answers where that changes what it gives, and for feeds that are not
        finite: oneDNN's relu makes 0 of not-a-number. An archive for the target "cpu" is laid out already.
        bfloat16_within: calculate products in bfloat16, and what lies between them, as archives in bfloat16 do anyway,
        where the sample's results differ by no more than this, as a part of their largest magnitude; with torch's
        automatic mixed precision otherwise.
        """
        if self.target == "cpu":
            return
        module, run, sample = self._module, self._run, self._kept_sample()
        self._sample = sample
        within = bfloat16_within
        if within is None and self.manifest.get("precision") == "bfloat16":
            within = self.tolerance
        dtypes = [convert_dtype(x["dtype"]) for x in self.manifest["fetches"]]
        otherwise = run if bfloat16_within is None else partial(_with_autocast, run, dtypes)
        laid_out: Callable[[], Run]
        if within is not None and sample is not None and calculates_bfloat16():
            laid_out = cache(partial(_in_bfloat16, module, otherwise, sample, within))
        elif bfloat16_within is None:
            within, laid_out = None, cache(partial(_laid_out, module, run, sample, self.tolerance))
        else:
            self._run = otherwise
            return
        # Without a sample it writes or draws random numbers, or nobody wanted one.
        if sample is None or self.manifest.get("multiplications", 0) < WORTHWHILE:
            self._run = laid_out()
            return
        ranks = [len(x["shape"]) if x["dtype"] == "float32" else None for x in self.manifest["feeds"]]
        source = ArchiveSource(module, ranks, in_bfloat16=within is not None)
        partitioned = PartitionedExecutable(source, laid_out, partial(_same, run), within or ROUNDING)
        with torch.random.fork_rng(devices=[]):
            partitioned(*sample[0])
        self._run = partitioned if partitioned.count else laid_out()

    @property
    def quick(self) -> Quick | None:
        """What makes calls in one step, with the native module: for the sample's sizes where it runs in partitions."""
        return getattr(self._run, "quick", None)

    def compile_for(self, shapes: Sequence[Sequence[int]]) -> None:
        """Compile partitions for feeds of these shapes, where there are some for the sample's."""
        if isinstance(self._run, PartitionedExecutable):
            self._run.make_for(self.feeds_of(shapes))

    def compiled_shapes(self) -> list[list[torch.Size]]:
        """The shapes of the feeds that there are partitions for."""
        return self._run.sizes if isinstance(self._run, PartitionedExecutable) else []

    def feeds_of(self, shapes: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Feeds of these shapes that repeat the values of the sample; zeros without one."""
        sample = self.sample() or [torch.zeros(0, dtype=convert_dtype(x["dtype"])) for x in self.manifest["feeds"]]
        return [_repeated(x, shape) for x, shape in zip(sample, shapes, strict=True)]

    def operations(self, feeds: list[str], fetches: list[str]) -> list[tuple[str, str, list[str]]]:
        """The tensors of forward in order: name, operation (or "feed", "state", "fetch"), the tensors that it uses."""
        graph = self._module.inlined_graph
        found: list[tuple[str, str, list[str]]] = [(name, "feed", []) for name in feeds]
        # What stands behind a value: itself if it is a tensor, else the tensors that it was calculated from.
        behind = {x.debugName(): [name] for x, name in zip(list(graph.inputs())[1:], feeds, strict=True)}
        for node in graph.nodes():
            used = list(dict.fromkeys(name for x in node.inputs() for name in behind.get(x.debugName(), [])))
            for output in node.outputs():
                name = output.debugName()
                is_tensor = output.type().kind() == "TensorType" and node.kind() != "prim::Constant"
                behind[name] = [name] if is_tensor else used
                if is_tensor:
                    state = node.kind() == "prim::GetAttr"
                    found.append((name, "state" if state else node.kind().rpartition("::")[2], used))
        results = [x for output in graph.outputs() for x in behind.get(output.debugName(), [])]
        return [*found, *((name, "fetch", [x]) for name, x in zip(fetches, results, strict=False))]

    @property
    def target(self) -> str:
        """The kind of device that the archive is for: "cpu" loads on no other one, "cuda" is right on all."""
        return str(self.manifest.get("target", "portable"))

    def _check_device(self, device: torch.device) -> None:
        if self.target == "cpu" and device.type != "cpu":
            raise TargetError(
                f"FXT405 {self._path} was saved for target 'cpu' and is wanted on {device}. Use it on a CPU, or save "
                "the static graph with target='portable'. See docs/errors.md#fxt405"
            )
        check_visible(device)

    def host_reads(self) -> list[str]:
        """The operations of forward that need a tensor's data on the host before the next one can start."""
        return host_reads(self._module.inlined_graph)

    def _use(self, module: Any, sample: tuple[list[torch.Tensor], list[torch.Tensor]] | None) -> None:
        """Run this module. sample: feeds and kept fetches of a frozen one: its methods for them would be frozen, too.

        Freezing calculates what depends on constants only, and a method that runs the sample in the file does.
        """
        self._module = module
        self._sample = sample
        forward = module._c._get_method("forward")
        compute_constants(forward)
        feeds = self.manifest["feeds"]
        # What failed half-way could not be answered in another way.
        is_pure = self.manifest.get("repeatable") and not any(x.get("written") for x in feeds)
        examples = [torch.empty([0] * len(x["shape"]), dtype=convert_dtype(x["dtype"])) for x in feeds]
        self._run = _Scripted(forward, self._on_cpu, examples if is_pure else None)

    def _kept_sample(self) -> tuple[list[torch.Tensor], list[torch.Tensor]] | None:
        feeds = self.sample()
        return None if feeds is None else (feeds, list(getattr(self._module, FETCHES)))

    def _of_the_sample(self, method: str) -> Any:
        return self._with_gradients_off(getattr(self._module, method)) if hasattr(self._module, method) else None

    @staticmethod
    def _with_gradients_off(method: Any) -> list[Any]:
        with torch.no_grad(), torch.jit.optimized_execution(False):
            return list(method())

    def code(self) -> str:
        """The module's forward as text."""
        return str(self._module.code)


class _Scripted:
    """Runs a scripted forward, without TorchScript's optimising executor where as_it_is says so.

    quick: makes calls in one step, with the native module; for one that is run as it is, writes nothing, and is fed
    like these examples. finite: not where a feed is not finite.
    """

    def __init__(
        self, forward: Any, as_it_is: bool, examples: Sequence[torch.Tensor] | None = None, finite: bool = False
    ):
        self._forward, self._as_it_is = forward, as_it_is
        self.quick: Quick | None = None
        if examples is not None and as_it_is:
            self.quick = quick_call(forward, (), examples, finite=finite)

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return call_scripted(self._forward, feeds, as_it_is=self._as_it_is)


def _laid_out(module: Any, run: Run, sample: Any, tolerance: float) -> Run:
    """What runs the frozen module with its weights laid out; run itself where that gives another result."""
    with quiet():
        frozen = torch.jit.freeze(module)
        if sample is not None:
            calculate_by_kernels(frozen._c._get_method("forward").graph, sample[0])
        frozen = torch.jit.optimize_for_inference(frozen)
    forward = frozen._c._get_method("forward")
    compute_constants(forward)
    is_plain = not any("mkldnn" in node.kind().lower() for node in forward.graph.nodes())
    # With a sample, it neither writes nor draws random numbers.
    laid_out = _Scripted(forward, True, None if sample is None else sample[0], finite=not is_plain)
    if sample is not None:
        feeds, fetches = sample
        if not max(sample_differences(laid_out(*(x.clone() for x in feeds)), fetches), default=0.0) <= tolerance:
            return run
    return laid_out if is_plain else _Finite(laid_out, run)


def _in_bfloat16(module: Any, otherwise: Run, sample: Any, tolerance: float) -> Run:
    """What runs the frozen module with its products in bfloat16; `otherwise` where that is too far from the sample."""
    feeds, fetches = sample
    graph = frozen_forward(module).graph.copy()
    try:
        if not LowerPrecision(graph, feeds).count:
            return otherwise
        calculate_by_kernels(graph, feeds, in_bfloat16=True)
        lowered = _Scripted(function_of(graph), True)
        differences = sample_differences(lowered(*(x.clone() for x in feeds)), fetches)
    except (ExecutionError, GuardError):
        return otherwise
    return lowered if max(differences, default=0.0) <= tolerance else otherwise


def _with_autocast(run: Run, dtypes: Sequence[torch.dtype], *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
    with torch.autocast("cpu", torch.bfloat16):
        results = run(*feeds)
    return tuple(x.to(dtype) for x, dtype in zip(results, dtypes, strict=True))


class _Finite:
    """Runs one or, where a feed is not finite, the other. quick: of the one, which asks that, too."""

    def __init__(self, laid_out: _Scripted, otherwise: Run):
        self._laid_out, self._otherwise, self.quick = laid_out, otherwise, laid_out.quick

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results: tuple[torch.Tensor, ...] = (self._laid_out if all(map(is_finite, feeds)) else self._otherwise)(*feeds)
        return results


def _repeated(values: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    if not values.numel():
        return torch.zeros(list(shape), dtype=values.dtype, device=values.device)
    size = math.prod(shape)
    return values.flatten().repeat(-(-size // values.numel()))[:size].reshape(list(shape))


def _same(run: Any) -> Any:
    return run


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
