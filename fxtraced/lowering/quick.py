"""Quick: a whole call of a scripted graph in one step of the native module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from fxtraced.framework.native import native

# Takes a list or tuple of feeds; None where another way has to answer.
Quick = Callable[[Any], tuple[torch.Tensor, ...] | None]


def quick_call(
    forward: Any,
    weights: Sequence[torch.Tensor],
    feeds: Sequence[torch.Tensor],
    checks: Sequence[Callable[[], bool]] = (),
    places: Sequence[tuple[dict[str, Any], str, Any]] = (),
    exact: bool = False,
    finite: bool = False,
) -> Quick | None:
    """Calls a scripted forward that writes nothing, on feeds of these dtypes and ranks on the CPU, and weights.

    checks: must all give True before a call. places: things that must be where they are, each in a dict by its key.
    exact: the feeds have these sizes and strides, too; TorchScript's optimising executor runs the graph, with the
    number of threads of now and without mixed precision, and its last result is left away, a number that must be
    finite. finite: the feeds must be. What does not fit, hold or succeed gives None. Returns None without the native
    module, and for a forward that is no method or function of TorchScript.
    """
    module = native()
    if module is None or not isinstance(forward, torch._C.ScriptMethod | torch._C.ScriptFunction):
        return None
    examples = [x.detach() for x in feeds]
    if any(x.layout is not torch.strided or not x.is_cpu for x in examples):
        return None
    there = [module.Watch(*([x[i] for x in places] for i in range(3)), 0).holds] if places else []
    quick: Quick = module.Call(forward, list(weights), examples, [*there, *checks], exact, finite)
    return quick
