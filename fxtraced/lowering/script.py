"""Scripting: source text and the tensors it names, as one scripted module.

Every use of torch.jit is in this room; its deprecation is silenced here and nowhere else.
"""

from __future__ import annotations

import itertools
import math  # noqa: F401 - generated source may use it
import re
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, List, Optional, Tuple  # noqa: F401, UP035 - generated source may use them

import torch
from torch import fx

from fxtraced.framework.errors import ExecutionError, FeedError, GuardError, LoweringError, SourceLine
from fxtraced.framework.memory import out_of_memory
from fxtraced.lowering.codegen import attribute_name, forward_source
from fxtraced.lowering.packing import MODULE, Packing
from fxtraced.tensor import loops  # noqa: F401 - generated source may use it
from fxtraced.tensor.tensor import plain
from fxtraced.tracing.factories import ONE_AT_A_TIME

_numbers = itertools.count()


class _Holder(torch.nn.Module):
    """A bare module; the number keeps TorchScript from sharing its type with another graph's."""

    __constants__ = ["fxtraced_number"]

    def __init__(self) -> None:
        super().__init__()
        self.fxtraced_number = next(_numbers)


class _Sublayer(torch.nn.Module):
    """A module below: those that hold the same names share a type, which keeps files small and scripting short."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silences torch.jit's deprecation warnings; one thread at a time, as warning filters and scripting are global."""
    with ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*torch\.jit\..*deprecated.*")
        warnings.filterwarnings("ignore", message=r".*TorchScript.*")
        yield


@contextmanager
def _own_types() -> Iterator[None]:
    """Lets TorchScript keep what it compiles with the module that it is for.

    Otherwise types and methods go into one compilation unit of the process, which never gives them back: half a
    megabyte for each save. One thread at a time, within quiet(): scripting in another one meanwhile, which torch itself
    does not guard either, may lose what it has compiled.
    """
    own = {
        (torch.jit._state, "_python_cu"): torch._C.CompilationUnit(),
        # Where in the unit the functions are that were compiled before, and the types of modules.
        (torch.jit._state, "_jit_caching_layer"): weakref.WeakKeyDictionary(),
        (torch.jit._state, "_jit_function_overload_caching"): weakref.WeakKeyDictionary(),
        (torch.jit._recursive, "concrete_type_store"): torch.jit._recursive.ConcreteTypeStore(),
        # Overloads are forgotten when they are compiled.
        (torch._jit_internal, "_overloaded_fns"): dict(torch._jit_internal._overloaded_fns),
    }
    of_the_process = {place: getattr(*place) for place in own}
    for place, value in own.items():
        setattr(*place, value)
    try:
        yield
    finally:
        for place, value in of_the_process.items():
            setattr(*place, value)


def script(
    graph: fx.Graph,
    tensors: dict[str, tuple[torch.Tensor, bool]],
    attributes: dict[str, tuple[Any, Any]] | None = None,
    feed_checks: bool = False,
    methods: str = "",
    places: dict[str, str] | None = None,
    packing: Packing | None = None,
    refuse_nan: bool = False,
) -> torch.jit.ScriptModule:
    """A scripted module whose forward computes graph.

    tensors: for each get_attr path of the graph the tensor (shared, not copied) and whether it is a parameter.
    attributes: further attributes of the top module, each with its type and value. methods: the text of further
    methods, which may call forward. places: other paths for the tensors in the module. packing: of the weights that
    are laid out when the module is loaded from a file, before which forward cannot run. refuse_nan: check that no
    float32 feed has not-a-number.
    Raises LoweringError with TorchScript's own message when it does not take the graph.
    """
    root = _Holder()
    for path, (tensor, is_parameter) in tensors.items():
        _place(root, (places or {}).get(path, path), tensor, is_parameter)
    for name, (kind, value) in (attributes or {}).items():
        setattr(root, name, torch.jit.Attribute(value, kind))
    if packing:
        root.add_module(MODULE, _packed_module(packing))
    source = forward_source(graph, feed_checks, places, refuse_nan) + methods
    with quiet():
        try:
            with _own_types():
                return _compiled(root, source, packing)
        except (RuntimeError, TypeError):
            # A function with overloads that somebody has scripted before is known in the process's unit alone.
            pass
        try:
            return _compiled(root, source, packing)
        except RuntimeError as error:
            raise LoweringError(
                f"FXT105 TorchScript does not take the graph: {str(error).strip()}\n  See docs/errors.md#fxt105"
            ) from error


def _compiled(root: torch.nn.Module, source: str, packing: Packing | None) -> torch.jit.ScriptModule:
    module = torch.jit.script(root)
    if packing:
        getattr(module, MODULE).define(packing.methods)
    module.define(source)
    return module


def _packed_module(packing: Packing) -> _Holder:
    module = _Holder()
    setattr(module, "plain", torch.jit.Attribute(packing.plain, list[torch.Tensor]))  # noqa: B010 - no tensor
    for name in packing.names:
        module.register_buffer(name, torch.empty(0))
    return module


def frozen_forward(module: torch.jit.ScriptModule) -> Any:
    """The forward of a scripted module with its tensors as constants: not copied, and no longer to be replaced.

    Batch norms after convolutions are folded into them.
    """
    with quiet():
        return torch.jit.freeze(module.eval())._c._get_method("forward")


def function_of(graph: Any) -> Any:
    """A function that computes a frozen forward's graph; its weights are shared.

    TorchScript's executor compiles a function for the sizes of one call. The graph has no use for its module.
    """
    copy = graph.copy()
    copy.eraseInput(0)
    return torch._C._create_function_from_graph("forward", copy)


def compute_constants(forward: Any) -> None:
    """Compute what is constant in a scripted method, in place, such as lists of numbers.

    Without it, a call as_it_is would make them anew each time.
    """
    torch._C._jit_pass_constant_propagation(forward.graph)


def call_scripted(
    forward: Any,
    feeds: tuple[torch.Tensor, ...],
    sources: dict[str, SourceLine | None] | None = None,
    as_it_is: bool = False,
) -> tuple[torch.Tensor, ...]:
    """The outputs of a scripted forward, always a tuple, without gradients.

    sources: the user's line of each value, for errors. as_it_is: run the graph without TorchScript's optimising
    executor, which watches the first call and compiles in the second, slowly, and fuses nothing on a CPU.
    Raises GuardError for a failed guard, OutOfMemoryError, and ExecutionError for an operation that fails.
    """
    # The switches are this thread's own. torch.no_grad() costs as much as ten of them.
    had_gradients = torch._C.is_grad_enabled()
    had_optimisation = as_it_is and torch._C._get_graph_executor_optimize()
    if had_gradients:
        torch._C._set_grad_enabled(False)
    if had_optimisation:
        torch._C._set_graph_executor_optimize(False)
    try:
        result = forward(*feeds)
    except (torch.jit.Error, RuntimeError) as error:
        raise readable_error(str(error), sources or {}) from error
    finally:
        if had_gradients:
            torch._C._set_grad_enabled(True)
        if had_optimisation:
            torch._C._set_graph_executor_optimize(True)
    return result if type(result) is tuple else (result,)


def outputs_of(
    graph: fx.Graph, tensors: dict[str, tuple[torch.Tensor, bool]], feeds: list[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    """What graph gives on the CPU, on copies of tensors and feeds and with a random state of its own."""
    copies = {path: (plain(tensor).detach().cpu().clone(), False) for path, (tensor, _) in tensors.items()}
    module = script(graph, copies)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return call_scripted(module._c._get_method("forward"), tuple(x.cpu().clone() for x in feeds))


def readable_error(text: str, sources: dict[str, SourceLine | None]) -> Exception:
    """TorchScript's traceback as an error of ours: which operation of which line, and what it said."""
    # The indented lines of the traceback quote code, in which any guard's text may stand; the message comes after them.
    quoted, here, _ = text.partition("<--- HERE")
    message = re.split(r"\n(?=\S)", text.rpartition("<--- HERE")[2], maxsplit=1)[-1] if here else text
    guard = re.search(r"FXT(?:201|301) [^\n]*", message)
    if guard:
        return (GuardError if guard.group(0).startswith("FXT201") else FeedError)(guard.group(0))
    lines = [line.strip() for line in quoted.splitlines() if " = " in line or " <" in line]
    operation = lines[-1] if lines else ""
    source = sources.get(operation.partition(" = ")[0])
    where = (f" in `{operation}`" if operation else "") + (f", from {source}" if source else "")
    reason = re.split(r"^\w*Error: ", message, flags=re.MULTILINE)[-1]
    return out_of_memory(reason, f"an operation of the static graph{where}") or ExecutionError(
        f"FXT306 an operation of the static graph failed{where}: {reason.strip()}\n"
        "  The inputs fit the feeds and every guard, and not this operation: check their sizes against each other. See "
        "docs/errors.md#fxt306"
    )


def _place(root: torch.nn.Module, path: str, tensor: torch.Tensor, is_parameter: bool) -> None:
    *parents, name = map(attribute_name, path.split("."))
    module = root
    for parent in parents:
        if parent not in module._modules:
            module.add_module(parent, _Sublayer())
        module = module._modules[parent]  # type: ignore[assignment]
    if is_parameter:
        module.register_parameter(name, tensor)  # type: ignore[arg-type]
    else:
        module.register_buffer(name, tensor)
