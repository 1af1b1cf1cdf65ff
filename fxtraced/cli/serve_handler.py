"""TorchServe's handler of an archive; `fxtraced torchserve` packs this file, which needs torch and TorchServe only.

A request is a JSON object: for each input of the archive its name and nested lists. The answer is one of the outputs.
TorchServe allows one class in this file.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from ts.torch_handler.base_handler import BaseHandler

# TorchServe lets torch multiply in TF32 where the GPU can.
_ALLOWED_DIFFERENCE = 1e-2
_WARM_UP_CALLS = 3


class ArchiveHandler(BaseHandler):
    """Loads an archive, has it test itself, and answers requests; several at once run as one batch where they can."""

    def initialize(self, context: Any) -> None:
        """Load the model onto the worker's device. Raises RuntimeError when it fails its own sample there."""
        super().initialize(context)
        dtypes = [getattr(torch, name) for name in self.model.fxtraced_feed_dtypes]
        self._feeds = dict(zip(self.model.fxtraced_feed_names, dtypes))  # noqa: B905  TorchServe runs on Python 3.8
        if not hasattr(self.model, "fxtraced_self_test"):
            return
        # One call would test; the first ones are slow, and no request should wait for them.
        for _ in range(_WARM_UP_CALLS):
            differences = self.model.fxtraced_self_test()
        allowed = max(_ALLOWED_DIFFERENCE, getattr(self.model, "fxtraced_tolerance", 0.0))
        wrong = [x for x in differences if not x <= allowed]
        if wrong:
            raise RuntimeError(
                f"FXT403 {self.model_pt_path} does not give on {self.device} what it gave when it was saved: it "
                f"differs by {wrong} of the outputs' scale, and {allowed} is allowed. See "
                "docs/errors.md#fxt403"
            )

    def handle(self, data: list[Any], context: Any) -> list[Any]:
        """An answer for each request: the outputs by name, or `error` with status 400."""
        # What went wrong is a text among the answers until it has its status.
        answers: dict[int, Any] = {}
        requests: dict[int, list[torch.Tensor]] = {}
        for i, row in enumerate(data):
            try:
                requests[i] = self._read(row)
            except (TypeError, ValueError, RuntimeError) as error:
                answers[i] = str(error)
        answers.update(self._run(requests))
        for i, answer in answers.items():
            if isinstance(answer, str):
                context.set_response_status(400, "Bad Request", i)
                answers[i] = {"error": answer}
        return [answers[i] for i in range(len(data))]

    def _read(self, row: Any) -> list[torch.Tensor]:
        """The inputs in order. Raises ValueError, TypeError and RuntimeError for what is none."""
        body = row.get("body", row.get("data"))
        given = json.loads(body) if isinstance(body, (str, bytes, bytearray)) else body
        if not isinstance(given, dict) or set(given) != set(self._feeds):
            raise ValueError(f"a request is a JSON object of the inputs {list(self._feeds)}")
        return [self._tensor(name, given[name], dtype) for name, dtype in self._feeds.items()]

    def _tensor(self, name: str, value: Any, dtype: torch.dtype) -> torch.Tensor:
        if dtype.is_floating_point:
            return torch.tensor(value, dtype=dtype, device=self.device)
        found = torch.tensor(value)
        tensor = found.to(dtype)
        # Making integers of what is none would round or wrap silently.
        if found.numel() and (found.is_floating_point() or not torch.equal(tensor.to(found.dtype), found)):
            raise ValueError(f"input {name!r} must be {str(dtype)[6:]}, and these numbers are not")
        return tensor.to(self.device)

    def _run(self, requests: dict[int, list[torch.Tensor]]) -> dict[int, Any]:
        """Outputs by name for each request, or the text of its error. One that fails does not spoil the others."""
        if len(requests) > 1 and self._fit_together(list(requests.values())):
            try:
                return self._run_together(requests)
            except Exception:  # found out and told below, for the request that it is
                pass
        answers: dict[int, Any] = {}
        for i, tensors in requests.items():
            try:
                answers[i] = self._named([x.tolist() for x in self._outputs(tensors)])
            except Exception as error:
                # TorchScript's text ends with the error, after the code around it.
                answers[i] = str(error).rsplit("Error: ", 1)[-1].strip()
        return answers

    def _fit_together(self, requests: list[list[torch.Tensor]]) -> bool:
        """Whether every input has rows, as many in a request, and the requests differ in nothing else."""
        free = all(shape and shape[0] == -1 for shape in self.model.fxtraced_feed_shapes)
        return (
            free
            and all(x.ndim and x.shape[0] == tensors[0].shape[0] for tensors in requests for x in tensors)
            and len({tuple(x.shape[1:] for x in tensors) for tensors in requests}) == 1
        )

    def _run_together(self, requests: dict[int, list[torch.Tensor]]) -> dict[int, Any]:
        rows = [tensors[0].shape[0] for tensors in requests.values()]
        outputs = self._outputs([torch.cat(x) for x in zip(*requests.values())])  # noqa: B905
        if any(not x.ndim or x.shape[0] != sum(rows) for x in outputs):
            raise ValueError("an output has no row for each row of the inputs")
        parts = [[part.tolist() for part in torch.split(x, rows)] for x in outputs]
        return {i: self._named([part[n] for part in parts]) for n, i in enumerate(requests)}

    def _outputs(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        with torch.no_grad():
            outputs = self.model(*tensors)
        return [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)

    def _named(self, values: list[Any]) -> dict[str, Any]:
        return dict(zip(self.model.fxtraced_fetch_names, values))  # noqa: B905
