"""Saving and loading inference models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype, dtype_name
from fxtraced.framework.errors import ArchiveError, FetchError
from fxtraced.framework.files import name_of_open, write_atomically
from fxtraced.framework.memory import raise_if_out_of_memory
from fxtraced.framework.place import CPUPlace
from fxtraced.lowering.archive import LoadedModule, read_manifest, write_archive
from fxtraced.lowering.self_test import no_sample_because
from fxtraced.passes.hoist_selections import hoist_selections
from fxtraced.passes.prune import prune
from fxtraced.passes.remove_dead_code import remove_dead_code
from fxtraced.passes.remove_no_ops import remove_no_ops
from fxtraced.static.executor import Executor
from fxtraced.static.manifest import attributes_of, check_manifest, manifest_of
from fxtraced.static.precision import TOLERANCE, Precision
from fxtraced.static.program import Program, Runnable
from fxtraced.static.target import check_target, for_archive
from fxtraced.static.traced_program import TracedProgram
from fxtraced.static.variable import Variable
from fxtraced.tensor.tensor import plain

FILE_NAME = "model.pt"
# How often a file that changes while it is loaded is loaded again, or, where an open file has no name, is replaced.
_LOADS = 8


class InferenceProgram(Program):
    """A program read from an archive; its parameters are its own."""

    def __init__(self, module: LoadedModule, device: torch.device = CPUPlace.device):
        self._module = module
        self.manifest = module.manifest
        self._forms = {kind: [_form(entry) for entry in self.manifest[kind]] for kind in ("feeds", "fetches")}
        self._device = device

    # A Variable holds its program. The program holds none, so that a model that was replaced frees its memory with the
    # last request, not when the garbage collector comes by.
    @property
    def feeds(self) -> list[Variable]:  # type: ignore[override]
        return [Variable(*form, self) for form in self._forms["feeds"]]

    @property
    def fetches(self) -> list[Variable]:  # type: ignore[override]
        return [Variable(*form, self) for form in self._forms["fetches"]]

    def runnable(self, fetches: tuple[str, ...], build_strategy: Any = None) -> Runnable:
        if fetches == tuple(self.fetch_names):
            return self._module
        places = [self.fetch_names.index(name) for name in fetches]
        module = self._module

        def run(*feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
            results = module(*feeds)
            return tuple(results[place] for place in places)

        return run

    def may_alias(self, fetches: tuple[str, ...]) -> list[bool]:
        known = {entry["name"]: entry["may_alias"] for entry in self.manifest["fetches"]}
        return [known[name] or fetches.count(name) > 1 for name in fetches]

    def written_feeds(self) -> list[str]:
        return [entry["name"] for entry in self.manifest["feeds"] if entry.get("written")]

    def move_to(self, device: torch.device) -> bool:
        try:
            self._module.to(device)
        except RuntimeError as error:
            # What was moved already goes back: the program is whole on one device.
            self._module.to(self._device)
            raise_if_out_of_memory(error, f"the model on {device}")
            raise
        self._device = device
        return True

    def device(self) -> torch.device | None:
        return self._device

    def self_test(self) -> list[float] | None:
        """For each fetch the largest difference from the sample in the archive, relative to the fetch's scale.

        None when the archive has no sample.
        """
        return self._module.self_test()

    def target(self) -> str:
        """The kind of device that the archive is for: "cpu" loads on no other one, "cuda" is right on all."""
        return self._module.target

    def tolerance(self) -> float:
        """The difference that the self-test allows for the precision of the archive."""
        return self._module.tolerance

    def sample(self) -> list[torch.Tensor] | None:
        """The feeds of the sample in the archive; None when it has none."""
        return self._module.sample()

    def operations(self) -> list[tuple[str, str, list[str]]]:
        """The graph's tensors in order: name, operation (or "feed", "state", "fetch"), and the names that it uses."""
        return self._module.operations(self.feed_names, self.fetch_names)

    def no_cuda_graph_because(self) -> str | None:
        """Why calls of this program cannot be replayed as a CUDA graph; None where nothing is known against it."""
        if not self.manifest.get("repeatable"):
            return "it draws random numbers or writes into its own state, or an earlier version wrote the archive"
        if self.written_feeds():
            return f"it writes into its inputs {self.written_feeds()}"
        reads = self._module.host_reads()
        return f"it reads data while it runs: {', '.join(reads)}" if reads else None

    def optimise_for_cpu(self, bfloat16_within: float | None = None) -> None:
        """Freeze the graph and lay the weights out for the CPU: faster, and no longer to be moved or printed.

        bfloat16_within: calculate in bfloat16; its results may differ by so much of their largest magnitude.
        """
        self._module.optimise_for_cpu(bfloat16_within)

    def compile_for(self, shapes: Sequence[Sequence[int]]) -> None:
        """Compile what pays on the CPU for feeds of these shapes, too, after optimise_for_cpu."""
        self._module.compile_for(shapes)

    def compile_like(self, other: InferenceProgram) -> None:
        """Compile for the shapes for which another program of the same feeds is compiled."""
        for shapes in other._module.compiled_shapes():
            self.compile_for(shapes)

    def feeds_of(self, shapes: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Feeds of these shapes that repeat the values of the sample; zeros without one."""
        return self._module.feeds_of(shapes)

    def __str__(self) -> str:
        names = [f"  feed   {v}" for v in self.feeds] + [f"  fetch  {v}" for v in self.fetches]
        return "\n".join(["InferenceProgram", *names, self._module.code()])

    __repr__ = __str__


def save_program(
    dirname: str,
    program: TracedProgram,
    feeds: list[str],
    fetches: list[str],
    sample: bool = True,
    precision: Precision | None = None,
    target: str = "portable",
) -> str:
    """Write the chosen part of a traced program to dirname/model.pt and return that path.

    sample: keep the inputs of the trace and what the model makes of them in the file, for its self-test. precision:
    float32 by default. target: "portable", or "cpu" or "cuda" for a graph that is lowered for this kind of device.
    Raises ValueError for an empty dirname, PruneError for missing inputs, PrecisionError when the precision changes an
    output too much, OSError when the file cannot be written; an existing model stays as it was then.
    """
    precision = precision or Precision()
    check_target(target, precision)
    if not dirname:
        raise ValueError("save_inference_model: dirname must not be empty: name the directory to write the model to")
    graph = prune(program.trace.graph, feeds, {name: program.node(name) for name in fetches})
    remove_no_ops(graph)
    hoist_selections(graph)
    remove_dead_code(graph)
    tensors = {}
    for node in graph.nodes:
        path = str(node.target)
        if node.op == "get_attr" and path in program.trace.state:
            ref = program.trace.state[path]
            tensors[path] = (ref.get(), ref.kind == "parameter")
        elif node.op == "get_attr":
            tensors[path] = (program.trace.constants[path].tensor, False)
    no_sample = no_sample_because(graph) if sample else "none was wanted"
    parameters = sum(plain(tensor).numel() for tensor, is_parameter in tensors.values() if is_parameter)
    manifest = manifest_of(program, feeds, fetches, graph, parameters, no_sample or "the inputs of the trace")
    examples = dict(zip(program.trace.feed_names, program.trace.inputs.leaves, strict=True))
    example_feeds = [plain(examples[name]) for name in feeds]
    made = for_archive(graph, tensors, example_feeds, fetches, precision, target)
    manifest.update(
        target=target,
        passes=made.changes or {},
        precision=dtype_name(precision.dtype),
        precision_difference=made.differences or {},
    )
    sample_feeds = None if no_sample else example_feeds
    attributes = attributes_of(manifest, TOLERANCE[precision.dtype])
    os.makedirs(dirname, exist_ok=True)
    path = os.path.join(dirname, FILE_NAME)
    write_atomically(
        path,
        lambda file: write_archive(file, made.graph, made.tensors, attributes, manifest, sample_feeds, made.lowered),
    )
    return path


def save_inference_model(
    path_prefix: str, feed_vars: Any, fetch_vars: Any, executor: Executor | None = None, **kwargs: Any
) -> None:
    """Save part of a traced program (paddle.static.save_inference_model).

    path_prefix: the directory of the model. feed_vars, fetch_vars: a Variable or a list of Variables of one traced
    program.
    executor is Paddle's and changes nothing; program=... names the program when no Variable does; dtype, tolerance and
    target are those of TracedLayer.save_inference_model.
    Raises TypeError for what is no Variable of a traced program, PruneError for missing inputs.
    """
    feeds, fetches = (list(v) if isinstance(v, list | tuple) else [v] for v in (feed_vars, fetch_vars))
    for variable in feeds + fetches:
        if not isinstance(variable, Variable):
            raise TypeError(
                f"save_inference_model: feed_vars and fetch_vars must be Variables, but received {type(variable)}"
            )
    program = kwargs.get("program") or fetches[0].program
    if not isinstance(program, TracedProgram):
        raise TypeError(f"save_inference_model: program must be a traced program, but received {type(program)}")
    unknown = [v.name for v in feeds if v.name not in program.feed_names]
    if unknown:
        raise FetchError(
            f"FXT303 {unknown} are no feeds of the program; it has {program.feed_names}. See docs/errors.md#fxt303"
        )
    precision = Precision.of(kwargs.get("dtype"), kwargs.get("tolerance"))
    names = [v.name for v in feeds], [v.name for v in fetches]
    save_program(path_prefix, program, *names, precision=precision, target=kwargs.get("target", "portable"))


def load_inference_model(path_prefix: str, executor: Executor | None = None, **kwargs: Any) -> list[Any]:
    """Load a model (paddle.static.load_inference_model): [program, feed_names, fetch_vars].

    path_prefix: the directory that save_inference_model wrote, or its model.pt. The program's parameters are its
    own, on the executor's place (the CPU without one).
    Raises ArchiveError for a missing, damaged or foreign file, TargetError for one of another target than the place,
    PlaceError for a GPU that torch does not see, OutOfMemoryError where the device cannot hold the model.
    """
    place = getattr(executor, "_device", None) or CPUPlace.device
    program = InferenceProgram(_loaded(path_prefix, place), place)
    return [program, program.feed_names, program.fetches]


def archive_path(path_prefix: str) -> str:
    """The model.pt in a directory, or the path itself. Raises ArchiveError where there is no file."""
    path = os.path.join(path_prefix, FILE_NAME) if os.path.isdir(path_prefix) else path_prefix
    if not os.path.isfile(path):
        raise ArchiveError(
            f"FXT401 there is no model at {path}: {_what_is_there(path_prefix)} See docs/errors.md#fxt401"
        )
    return path


def read_archive_manifest(path_prefix: str) -> dict[str, Any]:
    """The manifest of an archive without loading the model; the file is checked against its content hash.

    Raises ArchiveError for a missing, damaged or foreign file and for one of a newer format.
    """
    path = archive_path(path_prefix)
    manifest = read_manifest(path)
    check_manifest(path, manifest)
    return manifest


def _loaded(path_prefix: str, device: torch.device) -> LoadedModule:
    """A module with its manifest, both of one file, also where savers replace it meanwhile."""
    for _ in range(_LOADS):
        path = archive_path(path_prefix)
        # As long as it is open, no other file can have its identity.
        with open(path, "rb") as file:
            source = name_of_open(file)
            before = _identity(source)
            try:
                manifest = read_manifest(path, source)
                check_manifest(path, manifest)
                module = LoadedModule(path, device, manifest, source)
                if before is not None and before == _identity(source):
                    return module
            except ArchiveError:
                if before == _identity(source):
                    raise
    raise ArchiveError(
        f"FXT401 {path} was replaced while it was loaded, {_LOADS} times. Load it when nobody saves. See "
        "docs/errors.md#fxt401"
    )


def _identity(path: str) -> tuple[int, ...] | None:
    """What tells the file of this name from another one, and from itself after a write; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _form(entry: dict[str, Any]) -> tuple[str, tuple[int, ...], torch.dtype]:
    """Name, shape and dtype of an entry of the manifest."""
    return entry["name"], tuple(entry["shape"]), convert_dtype(entry["dtype"])


def _what_is_there(path_prefix: str) -> str:
    """What to do with a path that holds no archive."""
    inside = os.listdir(path_prefix) if os.path.isdir(path_prefix) else []
    if os.path.isfile(f"{path_prefix}.pdmodel") or any(x.endswith(".pdmodel") or x == "__model__" for x in inside):
        return (
            "this is a program that Paddle saved, and only Paddle runs it. Build the layer from its code, load the "
            "weights with layer.set_state_dict(paddle.load('x.pdparams')), and save it with TracedLayer."
        )
    return f"save_inference_model writes DIRNAME/{FILE_NAME}."
