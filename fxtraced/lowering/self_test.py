"""The small sample in an archive, and the scripted methods with which the model tests itself where it lands.

`fxtraced_self_test()` runs forward on the sample and gives, for each fetch, the largest difference from what was
computed at the save, relative to the fetch's largest magnitude. `fxtraced_sample()` gives the sample's feeds. Both are
TorchScript: plain libtorch calls them, too.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import LoweringError
from fxtraced.lowering.codegen import state_path
from fxtraced.passes.matching import name_of
from fxtraced.tracing.compare import difference
from fxtraced.tracing.nodes import possible_bases
from fxtraced.tracing.regions import written_values

METHOD, SAMPLE = "fxtraced_self_test", "fxtraced_sample"
_FEEDS, FETCHES = "fxtraced_sample_feeds", "fxtraced_sample_fetches"
# A floating feed of more values than the first figure repeats as many as the second; of a fetch, at most the third
# figure's values at equal distances are kept.
_WHOLE, _REPEATED, _KEPT = 16384, 4096, 1024


def no_sample_because(graph: fx.Graph) -> str | None:
    """Why a graph cannot test itself: its results are not the same every time. None when they are."""
    for node in graph.nodes:
        if node.meta.get("draws"):
            return f"{node.name} draws random numbers"
        written = _written(node) if node.meta.get("effect") == "write" else []
        state = next((x for value in written for x in possible_bases(value) if x.op == "get_attr"), None)
        if state is not None:
            return f"{node.name} writes into {state.target}"
    return None


def _written(node: fx.Node) -> list[fx.Node]:
    """What a write may change: what its name says, or any input, as the statistics of a batch norm."""
    in_place = name_of(node).endswith("_") or name_of(node) in ("setitem", "add_into") or node.kwargs.get("inplace")
    first = [x for x in node.args[:1] if isinstance(x, fx.Node)]
    return written_values(node) or (first if in_place else node.all_input_nodes)


def sample_attributes(feeds: list[torch.Tensor]) -> dict[str, tuple[Any, Any]]:
    """The attributes that hold a sample, each with its type and value; record_sample fills in the fetches."""
    return {_FEEDS: (list[torch.Tensor], [_kept(x) for x in feeds]), FETCHES: (list[torch.Tensor], [])}


def self_test_source(graph: fx.Graph, feeds: list[torch.Tensor]) -> str:
    """The text of the methods for the sample of these feeds."""
    state = next((state_path(str(node.target)) for node in graph.nodes if node.op == "get_attr"), None)
    outputs: Any = graph.output_node().args[0]
    results = ["results"] if len(outputs) == 1 else [f"results[{i}]" for i in range(len(outputs))]
    # Known now, and not asked of each result: not every reader of TorchScript knows is_complex().
    results = [
        f"torch.view_as_real({text}.resolve_conj())" if node.meta["dtype"].is_complex else text
        for text, node in zip(results, outputs, strict=True)
    ]
    return f"""
def {SAMPLE}(self) -> List[Tensor]:
    return torch.jit.annotate(List[Tensor], [{", ".join(_feed(i, x, state) for i, x in enumerate(feeds))}])

def fxtraced_sample_results(self) -> List[Tensor]:
    feeds = self.{SAMPLE}()
    results = self.forward({", ".join(f"feeds[{i}]" for i in range(len(feeds)))})
    kept: List[Tensor] = []
    for result in [{", ".join(results)}]:
        values = result.detach().to("cpu").flatten()
        kept.append(values[:: max(1, (values.numel() + {_KEPT - 1}) // {_KEPT})].clone())
    return kept

def {METHOD}(self) -> List[float]:
    differences: List[float] = []
    for result, expected in zip(self.fxtraced_sample_results(), self.{FETCHES}):
        now, then = result.to(torch.float64), expected.to("cpu").to(torch.float64)
        if now.numel() != then.numel():
            differences.append(float("inf"))
        elif now.numel() == 0:
            differences.append(0.0)
        else:
            same = (now == then) | (torch.isnan(now) & torch.isnan(then))
            apart = torch.where(same, torch.zeros_like(now), torch.abs(now - then))
            sizes = torch.where(torch.isfinite(then), torch.abs(then), torch.zeros_like(then))
            largest = float(torch.nan_to_num(apart, nan=float("inf"), posinf=float("inf")).max())
            differences.append(largest / max(float(sizes.max()), {torch.finfo(torch.float32).tiny}))
    return differences
"""


def record_sample(module: torch.jit.ScriptModule, feeds: list[torch.Tensor]) -> str | None:
    """Run the module on the sample of these feeds and keep what it gives.

    Returns why it fails where repeated values are none that it takes. Raises LoweringError where it fails on the feeds
    themselves: the archive would be useless.
    """
    try:
        # One call is not worth TorchScript's optimising.
        with torch.no_grad(), torch.jit.optimized_execution(False):
            setattr(module, FETCHES, module.fxtraced_sample_results())
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        if all(_is_whole(x) for x in feeds):
            raise LoweringError(
                f"FXT105 TorchScript fails on the inputs of the trace, where the layer works: {reason}\n  See "
                "docs/errors.md#fxt105"
            ) from error
        return reason
    return None


def _is_whole(feed: torch.Tensor) -> bool:
    return _kept(feed).numel() == feed.numel()


def sample_differences(results: tuple[torch.Tensor, ...], fetches: list[torch.Tensor]) -> list[float]:
    """What METHOD gives, for results of a module that has it no more."""
    found = []
    for result, then in zip(results, fetches, strict=True):
        values = (torch.view_as_real(result.resolve_conj()) if result.is_complex() else result).cpu().flatten()
        kept = values[:: max(1, -(-values.numel() // _KEPT))]
        found.append(difference(then.cpu(), kept, 0.0, 0.0).relative)
    return found


def _kept(feed: torch.Tensor) -> torch.Tensor:
    values = feed.detach().cpu().flatten()
    repeats = values.numel() > _WHOLE and (values.is_floating_point() or values.is_complex())
    return values[: _REPEATED if repeats else None].clone()


def _feed(i: int, feed: torch.Tensor, state: str | None) -> str:
    """The i-th feed made from what is kept of it, on the device of the model's state."""
    kept = f"self.{_FEEDS}[{i}]" + (f".to({state}.device)" if state else ".clone()")
    shape = list(feed.shape) or "torch.jit.annotate(List[int], [])"
    if _is_whole(feed):
        return f"{kept}.reshape({shape})"
    return f"{kept}.repeat([{-(-feed.numel() // _REPEATED)}])[:{feed.numel()}].reshape({shape})"
