"""Handover: a request on a GPU, from the stream that asks to the stream that answers, and back."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Handover:
    """Made by the thread that asks, with the tensors that it gives away. On the CPU there is nothing to order.

    Nothing waits on the host: each stream is told to wait for the other's work.
    """

    def __init__(self, tensors: Sequence[torch.Tensor]):
        device = next((x.device for x in tensors if x.is_cuda), None)
        self._asking = torch.cuda.current_stream(device) if device is not None else None
        self._given = self._asking.record_event() if self._asking is not None else None

    def take(self, tensors: Sequence[torch.Tensor]) -> None:
        """Let the current stream, which is the answering one, work on the tensors when they are calculated."""
        if self._asking is None or self._given is None:
            return
        answering = torch.cuda.current_stream(self._asking.device)
        answering.wait_event(self._given)
        for x in tensors:
            if x.is_cuda:
                # The asking thread may drop it before this stream has read it.
                x.record_stream(answering)

    def give_back(self, results: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Copies of results that the answering stream calculates, ready for work on the asking one."""
        if self._asking is None:
            return [x.clone() for x in results]
        self._asking.wait_event(torch.cuda.current_stream(self._asking.device).record_event())
        with torch.cuda.stream(self._asking):
            copies = [x.clone() for x in results]
        for x in results:
            if x.is_cuda:
                x.record_stream(self._asking)
        return copies
