"""The native module's kernels in the scripted graph of a frozen forward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from fxtraced.framework.native import native
from fxtraced.lowering.script import readable_error


def calculate_by_kernels(graph: Any, feeds: Sequence[torch.Tensor], in_bfloat16: bool = False) -> int:
    """Let kernels calculate recurrent networks and soft-max where they are the fastest, in place.

    graph: not called yet. feeds: like those that it will be called with; their sizes may be others. in_bfloat16: LSTMs
    are left for it, which the kernels do not calculate in. Returns how many calls of kernels the graph has, none
    without the native module. Raises what call_scripted does where an operation of the graph fails on these feeds.
    """
    module = native()
    if module is None:
        return 0
    with _readable():
        return int(module.calculate(graph, list(feeds), in_bfloat16))


def calculate_images(graph: Any, feeds: Sequence[torch.Tensor]) -> int:
    """The same for squeeze-excite blocks and convolutions; returns how many.

    The graph has no assertions, and is called with the sizes of these feeds alone.
    """
    module = native()
    if module is None:
        return 0
    with _readable():
        return int(module.calculate_images(graph, list(feeds)))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise readable_error(str(error), {}) from error
