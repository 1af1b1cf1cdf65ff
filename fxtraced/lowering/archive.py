"""Scripted modules as files."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import fx

from fxtraced.framework.errors import ArchiveError
from fxtraced.lowering.script import call_scripted, quiet, script
from fxtraced.tensor.tensor import plain

MANIFEST = "fxtraced_manifest.json"


def write_archive(
    file: Any,
    graph: fx.Graph,
    tensors: dict[str, tuple[torch.Tensor, bool]],
    attributes: dict[str, tuple[Any, Any]],
    manifest: dict[str, Any],
) -> None:
    """Write graph and tensors to an open binary file as TorchScript, on the CPU.

    attributes: of the top module, each with its type and value; manifest: JSON beside the code.
    """
    on_cpu = {path: (plain(tensor).cpu(), kind) for path, (tensor, kind) in tensors.items()}
    as_saved = {
        path: (torch.nn.Parameter(tensor, requires_grad=False) if is_parameter else tensor, is_parameter)
        for path, (tensor, is_parameter) in on_cpu.items()
    }
    module = script(graph, as_saved, attributes, feed_checks=True)
    module.eval()
    with quiet():
        torch.jit.save(module, file, _extra_files={MANIFEST: json.dumps(manifest, indent=1)})


class LoadedModule:
    """A scripted module from a file with its manifest."""

    def __init__(self, path: str, device: torch.device):
        extra = {MANIFEST: ""}
        try:
            with quiet():
                self._module = torch.jit.load(path, map_location=device, _extra_files=extra)
        except (RuntimeError, ValueError) as error:
            raise ArchiveError(
                f"FXT401 {path} is no TorchScript file, or a damaged one: {_reason(error)}. Save the model again. "
                "See docs/errors.md#fxt401"
            ) from error
        if not extra[MANIFEST]:
            raise ArchiveError(
                f"FXT401 {path} is a TorchScript file without a manifest: it was not written by save_inference_model. "
                "torch.jit.load reads it. See docs/errors.md#fxt401"
            )
        self.manifest: dict[str, Any] = json.loads(extra[MANIFEST])
        self._module.eval()
        self._forward = self._module._c._get_method("forward")

    def __call__(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return call_scripted(self._forward, feeds)

    def to(self, device: torch.device) -> None:
        """Move every tensor of the module."""
        self._module.to(device)

    def code(self) -> str:
        """The module's forward as text."""
        return str(self._module.code)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
